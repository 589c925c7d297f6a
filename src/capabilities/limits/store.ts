import { sql } from 'kysely';
import type { OrgId } from '../../kernel/principal.ts';
import type { Db } from '../../platform/db/types.ts';
import { type Debt, type Demand, type Lease, plainOf, type Taken, takenOf } from './counters/counters.ts';

type Tables = {
  limit_rules: { org: string };
  limit_counters: { org: string; key: string; expires_at: string };
  limit_leases: { org: string; key: string; call: string; expires_at: string };
  limit_replicas: { id: string; seen_at: Date };
  limit_installation: { id: string };
};

const tables = (db: Db) => db.withTables<Tables>();

/** Removes everything of one organisation. */
export async function purgeLimits(db: Db, org: OrgId): Promise<void> {
  for (const table of ['limit_rules', 'limit_counters', 'limit_leases'] as const)
    await tables(db).deleteFrom(table).where('org', '=', org).execute();
}

/** What one call asks for. */
export interface Asked {
  demands: readonly Demand[];
  call: string;
}

/**
 * Several calls one after the other, each from all of its counters or from none.
 *
 * @param nowUs instead of the time of the database; -1 for that
 */
export async function takeFrom(db: Db, org: OrgId, asked: readonly Asked[], nowUs: number): Promise<Taken[]> {
  const { keys, kinds, limits, a, b } = columnsOf(asked.flatMap(({ demands }) => demands));
  const calls = asked.map(({ call }) => call);
  const sizes = asked.map(({ demands }) => demands.length);
  const { rows } = await sql<{ taken: string[] }>`
    select taken from limits_take_many(${org}, ${nowUs}::bigint, ${calls}::text[], ${sizes}::integer[], ${keys}::text[],
      ${kinds}::text[], ${limits}::bigint[], ${a}::bigint[], ${b}::bigint[]) as taken`.execute(db);
  return rows.map(({ taken }) => takenOf(taken));
}

export async function giveBackTo(
  db: Db,
  org: OrgId,
  demands: readonly Demand[],
  call: string,
  nowUs: number,
): Promise<void> {
  const { keys, kinds, limits, a, b } = columnsOf(demands);
  await sql`
    select limits_give_back(${org}, ${call}, ${nowUs}::bigint, ${keys}::text[], ${kinds}::text[], ${limits}::bigint[],
      ${a}::bigint[], ${b}::bigint[])`.execute(db);
}

export async function settleDebts(db: Db, org: OrgId, debts: readonly Debt[], nowUs: number): Promise<void> {
  const { keys, kinds, a, b } = columnsOf(debts.map(({ demand }) => demand));
  const least = debts.map(({ atLeast }) => atLeast);
  const more = debts.map((debt) => debt.more);
  await sql`
    select limits_settle(${org}, ${nowUs}::bigint, ${keys}::text[], ${kinds}::text[], ${a}::bigint[], ${b}::bigint[],
      ${least}::bigint[], ${more}::bigint[])`.execute(db);
}

export async function renewLeases(db: Db, org: OrgId, leases: readonly Lease[], nowUs: number): Promise<void> {
  const keys = leases.map(({ demand }) => demand.key);
  const calls = leases.map(({ call }) => call);
  const lengths = leases.map(({ demand }) => demand.leaseUs);
  await sql`
    insert into limit_leases (org, key, call, expires_at)
    select ${org}, key, call, limits_now(${nowUs}::bigint) + length
    from unnest(${keys}::text[], ${calls}::text[], ${lengths}::bigint[]) as one (key, call, length)
    order by key, call
    on conflict (org, key, call) do update set expires_at = excluded.expires_at`.execute(db);
}

/** What counts no more. */
export async function sweepCounters(db: Db): Promise<void> {
  await sql`delete from limit_leases where expires_at < limits_now(-1)`.execute(db);
  // Not while somebody holds the row: it counts again then.
  await sql`
    delete from limit_counters where (org, key) in (
      select org, key from limit_counters where expires_at < limits_now(-1) - 60000000 for update skip locked
    )`.execute(db);
}

/** This replica is here; resolves with all that were seen lately, in a lasting order. */
export async function noteReplica(db: Db, id: string, goneAfterMs: number): Promise<string[]> {
  await sql`
    insert into limit_replicas (id, seen_at) values (${id}, clock_timestamp())
    on conflict (id) do update set seen_at = excluded.seen_at`.execute(db);
  const gone = sql<Date>`clock_timestamp() - make_interval(secs => ${goneAfterMs / 1_000})`;
  await tables(db).deleteFrom('limit_replicas').where('seen_at', '<', gone).execute();
  const rows = await tables(db).selectFrom('limit_replicas').select('id').orderBy('id').execute();
  return rows.map((row) => row.id);
}

export async function forgetReplica(db: Db, id: string): Promise<void> {
  await tables(db).deleteFrom('limit_replicas').where('id', '=', id).execute();
}

/** A word that all replicas of this database share and nobody else has. */
export async function installationOf(db: Db): Promise<string> {
  const { id } = await tables(db).selectFrom('limit_installation').select('id').executeTakeFirstOrThrow();
  return id;
}

function columnsOf(demands: readonly Demand[]) {
  const plain = demands.map(plainOf);
  return {
    keys: demands.map(({ key }) => key),
    kinds: plain.map(([kind]) => kind),
    limits: plain.map(([, limit]) => limit),
    a: plain.map(([, , a]) => a),
    b: plain.map(([, , , b]) => b),
  };
}
