import type { ColumnType } from 'kysely';
import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';

/** What a run has come to so far, in documents. */
export interface RunCounts {
  seen: number;
  added: number;
  changed: number;
  unchanged: number;
  removed: number;
  skipped: number;
  failed: number;
  /** How many there were before, where all of them are looked at: by which it can be told how far a run is. */
  expected?: number;
}

export interface RunProblem {
  uri: string;
  reason: string;
}

export type RunState = 'running' | 'done' | 'failed' | 'stopped';

/** One pass over a source. */
export interface Run {
  id: string;
  collection: number;
  source: string;
  state: RunState;
  counts: RunCounts;
  /** The first of them; how many there are in all stands in the counts. */
  problems: RunProblem[];
  /** Milliseconds since the epoch. */
  startedAt: number;
  endedAt?: number;
  /** Why it failed. */
  reason?: string;
}

type RunTables = {
  knowledge_runs: {
    org: string;
    id: string;
    collection: number;
    source: string;
    state: string;
    cursor: string | null;
    counts: ColumnType<unknown, string, string>;
    problems: ColumnType<unknown, string, string>;
    replica: string;
    started_at: Date;
    seen_at: Date;
    ended_at: Date | null;
    reason: string | null;
  };
};

const tables = (db: Db) => db.withTables<RunTables>();

export interface NewRun {
  id: string;
  collection: number;
  source: string;
  replica: string;
}

/** Begins a run, unless one is under way. One whose replica has not been seen since `goneBefore` is not under way. */
export async function beginRun(db: Db, org: OrgId, run: NewRun, now: number, goneBefore: number): Promise<boolean> {
  const { collection, source } = run;
  await tables(db)
    .updateTable('knowledge_runs')
    .set({ state: 'failed', ended_at: new Date(now), reason: 'its server ended in the middle' })
    .where('org', '=', org)
    .where('collection', '=', collection)
    .where('source', '=', source)
    .where('state', '=', 'running')
    .where('seen_at', '<', new Date(goneBefore))
    .execute();
  const begun = await tables(db)
    .insertInto('knowledge_runs')
    .values({
      org,
      ...run,
      state: 'running',
      counts: '{}',
      problems: '[]',
      started_at: new Date(now),
      seen_at: new Date(now),
      cursor: null,
      ended_at: null,
      reason: null,
    })
    .onConflict((on) => on.doNothing())
    .executeTakeFirst();
  return (begun.numInsertedOrUpdatedRows ?? 0n) > 0n;
}

export type RunNews = Pick<Run, 'counts' | 'problems'> & {
  state?: Exclude<RunState, 'running'>;
  cursor?: string;
  reason?: string;
};

/** Tells how far it is, or how it ended. False when it was taken for gone in between. */
export async function tellRun(db: Db, org: OrgId, id: string, news: RunNews, now: number): Promise<boolean> {
  const { counts, problems, state, cursor, reason } = news;
  const told = await tables(db)
    .updateTable('knowledge_runs')
    .set({
      counts: JSON.stringify(counts),
      problems: JSON.stringify(problems),
      seen_at: new Date(now),
      ...(state ? { state, ended_at: new Date(now) } : {}),
      ...(cursor === undefined ? {} : { cursor }),
      ...(reason === undefined ? {} : { reason }),
    })
    .where('org', '=', org)
    .where('id', '=', id)
    .where('state', '=', 'running')
    .executeTakeFirst();
  return told.numUpdatedRows > 0n;
}

/** Where the last run that was done left off. */
export async function lastCursor(db: Db, org: OrgId, collection: number, source: string): Promise<string | undefined> {
  const row = await tables(db)
    .selectFrom('knowledge_runs')
    .select('cursor')
    .where('org', '=', org)
    .where('collection', '=', collection)
    .where('source', '=', source)
    .where('state', '=', 'done')
    .orderBy('started_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.cursor ?? undefined;
}

/** The latest run of each source of these collections. */
export async function latestRuns(db: Db, org: OrgId, collections: readonly number[]): Promise<Run[]> {
  if (collections.length === 0) return [];
  const rows = await tables(db)
    .selectFrom('knowledge_runs')
    .distinctOn(['collection', 'source'])
    .selectAll()
    .where('org', '=', org)
    .where('collection', 'in', collections)
    .orderBy('collection')
    .orderBy('source')
    .orderBy('started_at', 'desc')
    .execute();
  return rows.map((row) => ({
    id: row.id,
    collection: row.collection,
    source: row.source,
    state: row.state as RunState,
    counts: row.counts as RunCounts,
    problems: row.problems as RunProblem[],
    startedAt: row.started_at.getTime(),
    ...(row.ended_at ? { endedAt: row.ended_at.getTime() } : {}),
    ...(row.reason === null ? {} : { reason: row.reason }),
  }));
}

/** Keeps the latest runs of a source and the last one that was done, by which the next goes on; forgets the others. */
export async function forgetRuns(db: Db, org: OrgId, collection: number, source: string, keep: number): Promise<void> {
  const kept = (number: number, state?: RunState) =>
    tables(db)
      .selectFrom('knowledge_runs')
      .select('id')
      .where('org', '=', org)
      .where('collection', '=', collection)
      .where('source', '=', source)
      .$if(state !== undefined, (query) => query.where('state', '=', String(state)))
      .orderBy('started_at', 'desc')
      .limit(number);
  await tables(db)
    .deleteFrom('knowledge_runs')
    .where('org', '=', org)
    .where('collection', '=', collection)
    .where('source', '=', source)
    .where('id', 'not in', kept(keep))
    .where('id', 'not in', kept(1, 'done'))
    .execute();
}

export interface SourceSeen {
  collection: number;
  source: string;
  /** When the last run that was done began, or, where none was, the first that is known; ms since the epoch. */
  seenAt: number;
}

/** When each source was last seen whole. */
export async function sourcesSeen(db: Db, org: OrgId): Promise<SourceSeen[]> {
  const rows = await tables(db)
    .selectFrom('knowledge_runs')
    .where('org', '=', org)
    .groupBy(['collection', 'source'])
    .select(({ fn, eb }) => [
      'collection',
      'source',
      fn.min('started_at').as('first_at'),
      fn.max(eb.case().when('state', '=', 'done').then(eb.ref('started_at')).end()).as('done_at'),
    ])
    .execute();
  return rows.map(({ collection, source, first_at, done_at }) => ({
    collection,
    source,
    seenAt: (done_at ?? first_at).getTime(),
  }));
}

/** Forgets where sources left off that are not among these: when one comes back, it is read from its beginning. */
export async function forgetOtherRuns(
  db: Db,
  org: OrgId,
  collection: number,
  sources: readonly string[],
): Promise<void> {
  await tables(db)
    .deleteFrom('knowledge_runs')
    .where('org', '=', org)
    .where('collection', '=', collection)
    .where('source', 'not in', sources)
    .execute();
}

/** Removes everything of one organisation, or of one of its collections. */
export async function purgeRuns(db: Db, org: OrgId, collection?: number): Promise<void> {
  await tables(db)
    .deleteFrom('knowledge_runs')
    .where('org', '=', org)
    .$if(collection !== undefined, (query) => query.where('collection', '=', collection ?? 0))
    .execute();
}
