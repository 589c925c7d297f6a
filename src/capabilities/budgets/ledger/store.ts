import { sql } from 'kysely';
import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';

/** One account in one period. */
export interface AccountKey {
  key: string;
  /** When the period began, milliseconds since the epoch. */
  period: number;
}

/** What a call asks of an account, in whole numbers as the ledger has them. */
export interface Demand extends AccountKey {
  /** When the period ends. */
  ends: number;
  limit: number;
  amount: number;
}

/** How an account stands. */
export interface Balance {
  spent: number;
  held: number;
  /** The highest share, in percent, that was told of in this period. */
  told: number;
}

export interface Ending extends AccountKey {
  id: string;
  /** What the call has cost of this account. */
  amount: number;
}

export interface Asking {
  /** Of the hold; never used before. */
  id: string;
  call: string;
  demands: readonly Demand[];
}

export interface Granting {
  granted: boolean;
  balances: (Balance & { hasRoom: boolean })[];
}

export interface Applied {
  /** In the order of the endings; undefined for one that had come before. */
  ended: (Balance | undefined)[];
  /** In the order of the askings. */
  granted: Granting[];
}

export interface AccountRow extends AccountKey, Balance {
  ends: number;
}

/** A hold of a replica that is gone. */
export interface LostHold extends AccountKey {
  id: string;
  call: string;
}

type Tables = {
  budget_accounts: {
    org: string;
    key: string;
    period: string | number;
    ends: string | number;
    spent: string | number;
    held: string | number;
    told: number;
  };
  budget_holds: {
    org: string;
    id: string;
    key: string;
    period: string | number;
    call: string;
    made_at: Date;
    lost: boolean;
  };
};

const tables = (db: Db) => db.withTables<Tables>();

/** Endings first, then askings, one after the other: each from all of its accounts or from none. One statement. */
export async function applyToLedger(
  db: Db,
  org: OrgId,
  replica: string,
  endings: readonly Ending[],
  askings: readonly Asking[],
): Promise<Applied> {
  const demands = askings.flatMap((asking) => asking.demands);
  const { rows } = await sql<{ one: string[] | null }>`
    select one from budgets_apply(${org}, ${replica},
      ${endings.map(({ id }) => id)}::text[], ${endings.map(({ key }) => key)}::text[],
      ${endings.map(({ period }) => period)}::bigint[], ${endings.map(({ amount }) => amount)}::bigint[],
      ${askings.map(({ id }) => id)}::text[], ${askings.map(({ call }) => call)}::text[],
      ${askings.map((asking) => asking.demands.length)}::integer[],
      ${demands.map(({ key }) => key)}::text[], ${demands.map(({ period }) => period)}::bigint[],
      ${demands.map(({ ends }) => ends)}::bigint[], ${demands.map(({ limit }) => limit)}::bigint[],
      ${demands.map(({ amount }) => amount)}::bigint[]) as one`.execute(db);
  const all = rows.map(({ one }) => one?.map(Number));
  return {
    ended: all.slice(0, endings.length).map((one) => (one ? balanceOf(one) : undefined)),
    granted: all.slice(endings.length).map((one = []) => ({
      granted: one[0] === 1,
      balances: Array.from({ length: (one.length - 1) / 4 }, (_, at) => {
        const [hasRoom, ...balance] = one.slice(1 + at * 4, 5 + at * 4);
        return { hasRoom: hasRoom === 1, ...balanceOf(balance) };
      }),
    })),
  };
}

function balanceOf([spent = 0, held = 0, told = 0]: readonly number[]): Balance {
  return { spent, held, told };
}

/**
 * Notes that a share was told of, and says which one was before; undefined when it was this one, or a higher one. Tell it in the
 * same transaction.
 */
export async function noteTold(
  trx: Db,
  org: OrgId,
  { key, period }: AccountKey,
  percent: number,
): Promise<number | undefined> {
  const { rows } = await sql<{ told: number }>`
    with before as (
      select told from budget_accounts where org = ${org} and key = ${key} and period = ${period} and told < ${percent}
      for update
    )
    update budget_accounts a set told = ${percent} from before
    where org = ${org} and key = ${key} and period = ${period} returning before.told`.execute(trx);
  return rows[0]?.told;
}

/** This replica is alive, and with it all that it holds. */
export async function noteAlive(db: Db, replica: string): Promise<void> {
  await sql`insert into budget_replicas (id, seen_at) values (${replica}, clock_timestamp())
    on conflict (id) do update set seen_at = excluded.seen_at`.execute(db);
}

/** Gives back what replicas hold that are gone; all others when `goneAfterMs` is negative. Says how many holds. */
export async function sweepHolds(db: Db, replica: string, goneAfterMs: number): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select budgets_sweep(${replica}, ${goneAfterMs}::double precision) as count`.execute(db);
  return rows[0]?.count ?? 0;
}

/** Of every organisation, the oldest first. */
export async function listLostHolds(db: Db, limit: number): Promise<(LostHold & { org: OrgId })[]> {
  const rows = await tables(db)
    .selectFrom('budget_holds')
    .select(['org', 'id', 'key', 'period', 'call'])
    .where('lost', '=', sql<boolean>`true`)
    .orderBy('made_at')
    .limit(limit)
    .execute();
  return rows.map(({ period, ...row }) => ({ ...row, period: Number(period) }));
}

/** What nobody will say any more: what a lost call has cost, and how accounts stood long ago. */
export async function forgetOld(db: Db, lostBeforeMs: number, endedBefore: number): Promise<void> {
  await sql`delete from budget_holds
    where lost and made_at < clock_timestamp() - make_interval(secs => ${lostBeforeMs / 1_000})`.execute(db);
  await sql`delete from budget_accounts where ends < ${endedBefore} and held = 0`.execute(db);
}

/** Accounts whose keys begin so, in periods that began then; the latest first, and those of which most was used. */
export async function listAccounts(
  db: Db,
  org: OrgId,
  beginning: string,
  period: { from: number } | { before: number },
  limit: number,
): Promise<AccountRow[]> {
  const rows = await tables(db)
    .selectFrom('budget_accounts')
    .select(['key', 'period', 'ends', 'spent', 'held', 'told'])
    .where('org', '=', org)
    .where(sql<boolean>`starts_with(key, ${beginning})`)
    .where(sql<boolean>`${'from' in period ? sql`period >= ${period.from}` : sql`period < ${period.before}`}`)
    .orderBy('period', 'desc')
    .orderBy(sql`spent + held`, 'desc')
    .orderBy('key')
    .limit(limit)
    .execute();
  return rows.map(({ key, period: start, ends, spent, held, told }) => ({
    key,
    ...{ period: Number(start), ends: Number(ends), spent: Number(spent), held: Number(held), told },
  }));
}

export async function purgeLedger(db: Db, org: OrgId): Promise<void> {
  for (const table of ['budget_accounts', 'budget_holds'] as const)
    await tables(db).deleteFrom(table).where('org', '=', org).execute();
}
