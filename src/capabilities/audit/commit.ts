import type { OrgId } from '../../kernel/principal.ts';
import type { Db } from '../../platform/db/index.ts';
import type { Chain } from './chain.ts';
import type { Entry } from './lines.ts';
import { NoAnswer, within } from './patience.ts';

interface Waiting {
  entry: Entry;
  /** On the clock of `performance`. */
  since: number;
  resolve: () => void;
  reject: (error: unknown) => void;
}

export interface Committer {
  /** Resolves when the database has the entry; rejects when it refuses, or has not taken it `waitMs` after the call. */
  commit(entry: Entry): Promise<void>;
}

export interface CommitterOptions {
  db: Db;
  chain: Chain;
  /** Counted from when an entry comes, whoever else waits. */
  waitMs: number;
  /** Organisations that commit at the same time: each holds a connection of the pool. */
  concurrency: number;
}

const groupSize = 200;

/** Commits concurrent entries together, one transaction at a time for each organisation. */
export function createCommitter({ db, chain, waitMs, concurrency }: CommitterOptions): Committer {
  const queues = new Map<OrgId, Waiting[]>();
  const busy = new Set<OrgId>();

  const pump = () => {
    for (const [org, queue] of queues) {
      if (busy.size >= concurrency) return;
      if (busy.has(org)) continue;
      const group = queue.splice(0, groupSize);
      if (queue.length === 0) queues.delete(org);
      busy.add(org);
      void commitGroup(org, group);
    }
  };

  const commitGroup = async (org: OrgId, group: Waiting[]) => {
    try {
      const entries = group.map(({ entry }) => entry);
      const waitedMs = performance.now() - (group[0]?.since ?? 0);
      if (waitedMs >= waitMs) throw new NoAnswer(`the database was busy with others for ${waitMs} ms`);
      await within(chain.append(db, org, entries), waitMs - waitedMs);
      for (const { resolve } of group) resolve();
    } catch (error) {
      // Whoever waits behind them would wait in vain as well, group after group.
      const behind = error instanceof NoAnswer ? takeAll() : take(org);
      for (const { reject } of [...group, ...behind]) reject(error);
    } finally {
      busy.delete(org);
      pump();
    }
  };

  const take = (org: OrgId): Waiting[] => {
    const queue = queues.get(org) ?? [];
    queues.delete(org);
    return queue;
  };

  const takeAll = (): Waiting[] => [...queues.keys()].flatMap(take);

  return {
    commit(entry) {
      return new Promise<void>((resolve, reject) => {
        const queue = queues.get(entry.org);
        const waiting = { entry, since: performance.now(), resolve, reject };
        if (queue) queue.push(waiting);
        else queues.set(entry.org, [waiting]);
        pump();
      });
    },
  };
}
