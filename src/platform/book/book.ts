import type { FairleadError } from '../../kernel/errors.ts';
import { newId } from '../../kernel/ids.ts';
import type { Json } from '../../kernel/json.ts';
import type { OrgId } from '../../kernel/principal.ts';
import { type Bus, createFollower } from '../bus/index.ts';
import type { Db } from '../db/types.ts';
import type { Log } from '../telemetry/index.ts';
import { listAll, put, type Row, remove } from './store.ts';

/** What somebody added at run time under a name. */
export interface Entry<S> {
  org: OrgId;
  name: string;
  settings: S;
  revision: string;
  /** Id of the principal, and milliseconds since the epoch. */
  changedBy: string;
  changedAt: number;
}

export interface BookDeps<S> {
  db: Db;
  bus: Bus;
  log: Log;
  /** With the columns org, name, settings (jsonb), revision, changed_by and changed_at. */
  table: string;
  topic: string;
  /** What they are, for the log: `the limits added at run time`. */
  what: string;
  /** Settings as they are used, from what may have been kept by an older version. Throws where that cannot be read. */
  read(row: Row): S;
  /** After something came, changed or went, here or on another replica. */
  changed?(): void;
  maxPerOrg: number;
  /** Why there can be no more. */
  full(limit: number): FairleadError;
  pollMs?: number;
}

/** Settings that are added while the server runs: kept in a table, held in memory, followed by every replica. */
export interface Book<S> {
  /** From memory, by organisation and name; the same objects as long as they have not changed. */
  all(): readonly Entry<S>[];
  find(org: OrgId, name: string): Entry<S> | undefined;
  /** Adds or replaces; in force here when it resolves. Throws what `full` makes. */
  put(org: OrgId, name: string, settings: { kept: Json; used: S }, by: string): Promise<Entry<S>>;
  /** False when there is none of that name. */
  remove(org: OrgId, name: string): Promise<boolean>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export function createBook<S>(deps: BookDeps<S>): Book<S> {
  const { db, bus, log, table, topic, what, read, changed, maxPerOrg, full, pollMs = 2_000 } = deps;
  let entries: ReadonlyMap<string, Entry<S>> = new Map();

  const follower = createFollower<void>({
    bus,
    topic,
    log,
    what,
    timing: { pollMs },
    async load() {
      const next = new Map<string, Entry<S>>();
      for (const row of await listAll(db, table)) {
        const key = keyOf(row.org, row.name);
        const before = entries.get(key);
        if (before?.revision === row.revision) next.set(key, before);
        else next.set(key, { ...row, settings: read(row) });
      }
      const isSame = next.size === entries.size && [...next].every(([key, one]) => entries.get(key) === one);
      entries = next;
      if (!isSame) changed?.();
    },
  });
  const refresh = async () => {
    follower.tell();
    await follower.refresh();
  };

  return {
    all: () => [...entries.values()],
    find: (org, name) => entries.get(keyOf(org, name)),
    async put(org, name, { kept, used }, by) {
      const row = { name, settings: kept, revision: newId('rev'), changedBy: by };
      if (!(await put(db, org, table, row, maxPerOrg))) throw full(maxPerOrg);
      await refresh();
      const now = entries.get(keyOf(org, name));
      return now?.revision === row.revision ? now : { ...row, org, settings: used, changedAt: Date.now() };
    },
    async remove(org, name) {
      if (!(await remove(db, org, table, name))) return false;
      await refresh();
      return true;
    },
    start: follower.start,
    stop: follower.stop,
  };
}

function keyOf(org: OrgId, name: string): string {
  return `${org} ${name}`; // neither can hold a space
}
