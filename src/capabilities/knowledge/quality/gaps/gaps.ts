import { hash } from 'node:crypto';
import type { Clock } from '../../../../kernel/clock.ts';
import { NotFound } from '../../../../kernel/errors.ts';
import type { OrgId } from '../../../../kernel/principal.ts';
import type { Db } from '../../../../platform/db/types.ts';
import type { Log } from '../../../../platform/telemetry/index.ts';
import { keptText } from '../text.ts';
import { addGaps, dismissGap, type Gap, listGaps, trimGaps } from './store.ts';

/** What was asked and found no answer. */
export interface Unanswered {
  query: string;
  collections: readonly string[];
  confidence: number;
}

export interface Gaps {
  /** Notes it in memory: it is written later, so that the question does not wait for it. */
  note(org: OrgId, unanswered: Unanswered): void;
  list(org: OrgId, options: { days: number; limit: number }): Promise<Gap[]>;
  /** Lists it no more, however often it is asked. @throws NotFound */
  dismiss(org: OrgId, id: string): Promise<void>;
  start(): void;
  stop(): Promise<void>;
}

const flushMs = 5_000;
/** What is asked no more is forgotten after so many days. */
export const gapDays = 90;
const mostOfOrg = 1_000;
/** Questions that wait to be written; what comes beyond them within some seconds is not noted. */
const mostWaiting = 1_000;
const mostText = 500;
const dayMs = 24 * 60 * 60_000;

type Waiting = Omit<Gap, 'id'> & { org: OrgId };

/** Questions without an answer, counted for whoever can write one. Who asked is not kept. */
export function createGaps({ db, clock, log }: { db: Db; clock: Clock; log: Log }): Gaps {
  let waiting = new Map<string, Waiting>();
  let timer: NodeJS.Timeout | undefined;
  let flushing: Promise<void> = Promise.resolve();

  const write = async () => {
    const noted = waiting;
    waiting = new Map();
    for (const [org, gaps] of byOrg(noted.values())) {
      await addGaps(db, org, gaps);
      await trimGaps(db, org, clock.now() - gapDays * dayMs, mostOfOrg);
    }
  };
  /** One after the other: whoever comes meanwhile waits for its own turn. */
  const flush = () => {
    flushing = flushing.then(async () => {
      if (waiting.size === 0) return;
      await write().catch((err: unknown) => log.warn({ err }, 'questions without an answer could not be noted'));
    });
    return flushing;
  };

  return {
    note(org, { query, collections, confidence }) {
      const key = JSON.stringify([org, query]);
      const now = clock.now();
      const before = waiting.get(key);
      if (!before && waiting.size >= mostWaiting) return;
      waiting.set(key, {
        ...{ org, query, collections: [...collections], count: (before?.count ?? 0) + 1 },
        ...{ confidence: Math.max(before?.confidence ?? 0, confidence), firstAt: before?.firstAt ?? now, lastAt: now },
      });
    },
    async list(org, { days, limit }) {
      await flush();
      return await listGaps(db, org, clock.now() - days * dayMs, limit);
    },
    async dismiss(org, id) {
      if (!(await dismissGap(db, org, id, clock.now()))) throw NotFound({ what: 'question', id: id.slice(0, 100) });
    },
    start() {
      timer ??= setInterval(() => void flush(), flushMs).unref();
    },
    async stop() {
      clearInterval(timer);
      timer = undefined;
      await flush();
    },
  };
}

/** Secrets go before the text is looked at in any other way: their digest would tell of them, too. */
function byOrg(waiting: Iterable<Waiting>): Map<OrgId, Gap[]> {
  const orgs = new Map<OrgId, Map<string, Gap>>();
  for (const { org, query: asked, ...more } of waiting) {
    const query = keptText(asked, mostText);
    const id = hash('sha256', plainQuery(query)).slice(0, 16);
    const gaps = orgs.get(org) ?? new Map<string, Gap>();
    orgs.set(org, gaps);
    const same = gaps.get(id);
    gaps.set(id, {
      ...{ id, query, collections: more.collections, count: more.count + (same?.count ?? 0) },
      confidence: Math.max(more.confidence, same?.confidence ?? 0),
      firstAt: Math.min(more.firstAt, same?.firstAt ?? more.firstAt),
      lastAt: Math.max(more.lastAt, same?.lastAt ?? more.lastAt),
    });
  }
  return new Map([...orgs].map(([org, gaps]) => [org, [...gaps.values()]]));
}

/** As it is compared with others: `How do we  roll back?` is `how do we roll back`. */
function plainQuery(query: string): string {
  return query
    .normalize('NFKC')
    .toLowerCase()
    .replace(/\s+/g, ' ')
    .replace(/^[\s\p{P}]+|[\s\p{P}]+$/gu, '');
}
