import { type SelectQueryBuilder, sql } from 'kysely';
import type { OrgId } from '../../kernel/principal.ts';
import type { Db } from '../../platform/db/index.ts';
import { rowsAsSql } from './rows/store.ts';
import type { Abandonment, Checkpoint, Head, IntentRow, Position, RecordRow } from './rows.ts';
import type { AuditFilter } from './types.ts';

type RecordColumns = Omit<RecordRow, 'seq' | 'at'> & { org: string; seq: string | number; at: Date };
type IntentColumns = {
  org: string;
  id: string;
  said_at: Date;
  life: string;
  home: string;
  body: string;
};

type AuditTables = {
  audit_heads: { org: string; seq: string | number; hash: string; signature: string; since: Date | null };
  audit_records: RecordColumns;
  audit_intents: IntentColumns;
  audit_checkpoints: { org: string; seq: string | number; hash: string; at: Date; signature: string };
  audit_lives: { life: string; replica: string; seen_at: Date };
  audit_purges: { org_digest: string; at: Date };
};

const tables = (db: Db) => db.withTables<AuditTables>();

const toRecord = ({ seq, at, ...row }: Omit<RecordColumns, 'org'>): RecordRow => ({
  ...row,
  seq: Number(seq),
  at: at.getTime(),
});

const recordColumns = [
  'seq',
  'at',
  'id',
  'kind',
  'principal',
  'tool',
  'outcome',
  'parent',
  'inferred',
  'cost',
  'body',
  'hash',
] as const;

/** The chain's head; `lock` keeps everybody else from adding to this chain until the transaction ends. */
export async function readHead(db: Db, org: OrgId, lock: boolean): Promise<Head | undefined> {
  const query = tables(db)
    .selectFrom('audit_heads')
    .select(['seq', 'hash', 'signature', 'since'])
    .where('org', '=', org);
  const row = await (lock ? query.forUpdate() : query).executeTakeFirst();
  if (!row) return undefined;
  const { seq, hash, signature, since } = row;
  return { seq: Number(seq), hash, signature, ...(since ? { since: since.getTime() } : {}) };
}

/** Begins a chain, unless somebody else just did. */
export async function insertHead(db: Db, org: OrgId, { hash, signature, since }: Omit<Head, 'seq'>): Promise<void> {
  await tables(db)
    .insertInto('audit_heads')
    .values({ org, seq: 0, hash, signature, since: since === undefined ? null : new Date(since) })
    .onConflict((on) => on.column('org').doNothing())
    .execute();
}

/** When an organisation, whose name has one of these digests, was last removed, milliseconds since the epoch. */
export async function readPurge(db: Db, orgDigests: readonly string[]): Promise<number | undefined> {
  const row = await tables(db)
    .selectFrom('audit_purges')
    .select('at')
    .where('org_digest', 'in', orgDigests)
    .orderBy('at', 'desc')
    .executeTakeFirst();
  return row?.at.getTime();
}

/** Which of these ids have a record, and whether all of its records were inferred. */
export async function findRecorded(db: Db, org: OrgId, ids: readonly string[]): Promise<Map<string, boolean>> {
  const rows = await tables(db)
    .selectFrom('audit_records')
    .select((eb) => ['id', eb.fn.agg<boolean>('bool_and', ['inferred']).as('inferred')])
    .where('org', '=', org)
    .where('id', 'in', ids)
    .groupBy('id')
    .execute();
  return new Map(rows.map((row) => [row.id, row.inferred]));
}

/**
 * Adds rows with the numbers after a head, moves it and closes their intents, in one statement; says whether it did. It does nothing
 * when the head is another one by now, nor, when the ids must be `new`, when one of them has a record.
 */
export async function appendRows(
  db: Db,
  org: OrgId,
  from: Head,
  rows: readonly RecordRow[],
  to: Head,
  ids: 'new' | 'known',
): Promise<boolean> {
  const { columns, from: lines, ids: named } = rowsAsSql(rows);
  const among = sql`id = any(${named})`;
  const unknown = sql`and not exists (select 1 from audit_records where org = ${org} and ${among})`;
  const { rows: moved } = await sql`
    with moved as (
      update audit_heads set seq = ${to.seq}, hash = ${to.hash}, signature = ${to.signature}
      where org = ${org} and seq = ${from.seq} and hash = ${from.hash} ${ids === 'new' ? unknown : sql``}
      returning org
    ), added as (
      insert into audit_records
        (org, seq, at, id, kind, principal, tool, outcome, parent, inferred, cost, body, hash)
      select ${org}, ${from.seq}::bigint + r.n, ${columns} from ${lines} where exists (select 1 from moved)
    ), closed as (
      delete from audit_intents where org = ${org} and ${among} and exists (select 1 from moved)
    )
    select 1 from moved`.execute(db);
  return moved.length > 0;
}

/**
 * Keeps intents, except of what is recorded already or of what was before a removal of the organisation; of two with
 * one id the one said later stays.
 */
export async function upsertIntents(
  db: Db,
  org: OrgId,
  orgDigests: readonly string[],
  intents: readonly IntentRow[],
): Promise<void> {
  const rows = intents.map(
    (intent) =>
      sql`(${org}, ${intent.id}, ${new Date(intent.saidAt)}::timestamptz, ${intent.life}, ${intent.home},
        ${intent.body})`,
  );
  await sql`insert into audit_intents (org, id, said_at, life, home, body)
    select * from (values ${sql.join(rows)}) as said (org, id, said_at, life, home, body)
    where not exists (select 1 from audit_records r where r.org = said.org and r.id = said.id)
      and not exists (select 1 from audit_purges p where p.org_digest = any(${orgDigests}::text[]) and p.at >= said.said_at)
    on conflict (org, id) do update set said_at = excluded.said_at, life = excluded.life, home = excluded.home,
      body = excluded.body
    where audit_intents.said_at <= excluded.said_at`.execute(db);
}

const isAbandoned = ({ life, home, goneAfterMs }: Abandonment) => sql<boolean>`life <> ${life}
  and (home = ${home} or not exists (
    select 1 from audit_lives l where l.life = audit_intents.life
      and l.seen_at > now() - ${goneAfterMs}::double precision * interval '1 millisecond'))`;

export async function findAbandoned(db: Db, when: Abandonment, limit: number): Promise<{ org: OrgId; id: string }[]> {
  return tables(db)
    .selectFrom('audit_intents')
    .select(['org', 'id'])
    .where(isAbandoned(when))
    .orderBy('org')
    .limit(limit)
    .execute();
}

/** Takes those of the intents that are still abandoned. */
export async function takeAbandoned(
  db: Db,
  org: OrgId,
  ids: readonly string[],
  when: Abandonment,
): Promise<IntentRow[]> {
  const rows = await tables(db)
    .deleteFrom('audit_intents')
    .where('org', '=', org)
    .where('id', 'in', [...ids])
    .where(isAbandoned(when))
    .returningAll()
    .execute();
  return rows.map(({ id, said_at, life, home, body }) => ({ id, saidAt: said_at.getTime(), life, home, body }));
}

export async function touchLife(db: Db, life: string, replica: string): Promise<void> {
  await sql`insert into audit_lives (life, replica, seen_at) values (${life}, ${replica}, now())
    on conflict (life) do update set seen_at = excluded.seen_at`.execute(db);
}

/** Forgets one life, and all that were not seen for a day. */
export async function endLife(db: Db, life?: string): Promise<void> {
  await sql`delete from audit_lives where life = ${life ?? ''} or seen_at < now() - interval '1 day'`.execute(db);
}

/** Records with numbers from `from` to `to`, both included. */
export async function pageBySeq(db: Db, org: OrgId, from: number, to: number, limit: number): Promise<RecordRow[]> {
  const rows = await tables(db)
    .selectFrom('audit_records')
    .select(recordColumns)
    .where('org', '=', org)
    .where('seq', '>=', from)
    .where('seq', '<=', to)
    .orderBy('seq')
    .orderBy('at')
    .limit(limit)
    .execute();
  return rows.map(toRecord);
}

export async function pageByTime(
  db: Db,
  org: OrgId,
  filter: AuditFilter,
  direction: 'asc' | 'desc',
  after: Position | undefined,
  limit: number,
): Promise<RecordRow[]> {
  let query = filtered(tables(db).selectFrom('audit_records').select(recordColumns), filter).where('org', '=', org);
  if (after) {
    const beyond = sql<boolean>`(at, seq) ${direction === 'asc' ? sql`>` : sql`<`} (${new Date(after.at)}, ${after.seq})`;
    query = query.where(beyond);
  }
  const rows = await query.orderBy('at', direction).orderBy('seq', direction).limit(limit).execute();
  return rows.map(toRecord);
}

function filtered<O>(query: SelectQueryBuilder<AuditTables, 'audit_records', O>, filter: AuditFilter) {
  let narrowed = query;
  if (filter.tool !== undefined) narrowed = narrowed.where('tool', '=', filter.tool);
  if (filter.principal !== undefined) narrowed = narrowed.where('principal', '=', filter.principal);
  if (filter.outcome !== undefined) narrowed = narrowed.where('outcome', '=', filter.outcome);
  // Repeats the condition of the partial indexes as a constant, since a prepared plan does not see the parameter.
  if (filter.outcome !== undefined && filter.outcome !== 'ok') narrowed = narrowed.where(sql<boolean>`outcome <> 'ok'`);
  if (filter.kind === 'act') narrowed = narrowed.where(sql<boolean>`kind = 'act'`);
  if (filter.kind === 'call') narrowed = narrowed.where('kind', '=', 'call');
  if (filter.parent !== undefined) narrowed = narrowed.where('parent', '=', filter.parent);
  if (filter.since !== undefined) narrowed = narrowed.where('at', '>=', new Date(filter.since));
  if (filter.until !== undefined) narrowed = narrowed.where('at', '<', new Date(filter.until));
  return narrowed;
}

/** The latest record under an id. */
export async function readRecord(db: Db, org: OrgId, id: string): Promise<RecordRow | undefined> {
  const row = await tables(db)
    .selectFrom('audit_records')
    .select(recordColumns)
    .where('org', '=', org)
    .where('id', '=', id)
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row && toRecord(row);
}

export async function listChains(db: Db): Promise<OrgId[]> {
  const rows = await tables(db).selectFrom('audit_heads').select('org').orderBy('org').execute();
  return rows.map(({ org }) => org);
}

export async function readCheckpoint(db: Db, org: OrgId): Promise<Checkpoint | undefined> {
  const row = await tables(db)
    .selectFrom('audit_checkpoints')
    .select(['seq', 'hash', 'at', 'signature'])
    .where('org', '=', org)
    .executeTakeFirst();
  return row && { ...row, seq: Number(row.seq), at: row.at.getTime() };
}

/** The first records of the chain that are all older than `before`: sequence number and hash of the last of them. */
export async function oldestUpTo(
  db: Db,
  org: OrgId,
  before: number,
  limit: number,
): Promise<{ seq: number; hash: string; count: number } | undefined> {
  const rows = await tables(db)
    .selectFrom('audit_records')
    .select(['seq', 'hash', 'at'])
    .where('org', '=', org)
    .orderBy('seq')
    .limit(limit)
    .execute();
  const young = rows.findIndex((row) => row.at.getTime() >= before);
  const old = young < 0 ? rows : rows.slice(0, young);
  const last = old.at(-1);
  return last && { seq: Number(last.seq), hash: last.hash, count: old.length };
}

/** Replaces the signature of a head that is still where it was. */
export async function signHeadAnew(db: Db, org: OrgId, head: Head, signature: string): Promise<void> {
  await tables(db)
    .updateTable('audit_heads')
    .set({ signature })
    .where('org', '=', org)
    .where('signature', '=', head.signature)
    .execute();
}

/** Replaces the signature of a checkpoint that is still where it was. */
export async function signCheckpointAnew(db: Db, org: OrgId, { signature }: Checkpoint, next: string): Promise<void> {
  await tables(db)
    .updateTable('audit_checkpoints')
    .set({ signature: next })
    .where('org', '=', org)
    .where('signature', '=', signature)
    .execute();
}

export async function deleteUpTo(db: Db, org: OrgId, checkpoint: Checkpoint): Promise<void> {
  const row = { ...checkpoint, at: new Date(checkpoint.at) };
  await tables(db)
    .insertInto('audit_checkpoints')
    .values({ org, ...row })
    .onConflict((on) => on.column('org').doUpdateSet(row))
    .execute();
  await tables(db).deleteFrom('audit_records').where('org', '=', org).where('seq', '<=', checkpoint.seq).execute();
}

/** Removes everything of an organisation; what is left is a keyed digest of its name with the time. */
export async function purgeOrg(db: Db, org: OrgId, orgDigest: string, at: number): Promise<void> {
  const t = tables(db);
  await t.deleteFrom('audit_heads').where('org', '=', org).execute();
  await t.deleteFrom('audit_records').where('org', '=', org).execute();
  await t.deleteFrom('audit_intents').where('org', '=', org).execute();
  await t.deleteFrom('audit_checkpoints').where('org', '=', org).execute();
  await t
    .insertInto('audit_purges')
    .values({ org_digest: orgDigest, at: new Date(at) })
    .onConflict((on) => on.column('org_digest').doUpdateSet({ at: new Date(at) }))
    .execute();
}
