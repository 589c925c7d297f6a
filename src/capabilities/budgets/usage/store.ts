import { sql } from 'kysely';
import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';

/** What calls of one principal of one tool have cost on one day (UTC), in one currency. */
export interface DayUse {
  /** `2026-11-30` */
  day: string;
  principal: string;
  tool: string;
  /** Empty for those that cost no money. */
  currency: string;
  calls: number;
  units: number;
  tokens: number;
  amount: number;
}

export const groupings = ['day', 'tool', 'principal'] as const;
export type Grouping = (typeof groupings)[number];

export interface UseFilter {
  /** Days such as `2026-11-30`; the first inclusive, the second exclusive. */
  since: string;
  until: string;
  tool?: string;
  principal?: string;
}

/** What one day, tool or principal comes to. */
export interface Use {
  name: string;
  calls: number;
  units: number;
  tokens: number;
  /** By currency; `unknown` where none was named. */
  money: Record<string, number>;
}

/** Stands for whoever and whatever comes after the first of a day. */
const others = 'others';

/** The number of the last record that was added up; 0 when none was. */
export async function readPosition(db: Db, org: OrgId): Promise<number> {
  const { rows } = await sql<{ seq: string }>`select seq from usage_positions where org = ${org}`.execute(db);
  return Number(rows[0]?.seq ?? 0);
}

export async function readPositions(db: Db): Promise<Map<OrgId, number>> {
  const { rows } = await sql<{ org: string; seq: string }>`select org, seq from usage_positions`.execute(db);
  return new Map(rows.map(({ org, seq }) => [org, Number(seq)]));
}

/** Moves the position; false when it is not where it was read. Whoever moves it has the row until the end of the transaction. */
export async function movePosition(trx: Db, org: OrgId, from: number, to: number): Promise<boolean> {
  const { rows } = await sql`
    insert into usage_positions (org, seq) values (${org}, ${to})
    on conflict (org) do update set seq = excluded.seq where usage_positions.seq = ${from} returning seq`.execute(trx);
  return rows.length > 0;
}

/** Adds to the days; at most `mostRows` rows are kept of one, and what comes after them is added up in rows of its own. */
export async function addUse(trx: Db, org: OrgId, use: readonly DayUse[], mostRows: number): Promise<void> {
  if (use.length === 0) return;
  await sql`
    with given as (
      select * from unnest(
        ${use.map(({ day }) => day)}::date[], ${use.map(({ principal }) => principal)}::text[],
        ${use.map(({ tool }) => tool)}::text[], ${use.map(({ currency }) => currency)}::text[],
        ${use.map(({ calls }) => calls)}::bigint[], ${use.map(({ units }) => units)}::numeric[],
        ${use.map(({ tokens }) => tokens)}::bigint[], ${use.map(({ amount }) => amount)}::numeric[]
      ) as one (day, principal, tool, currency, calls, units, tokens, amount)
    ), full_days as (
      select day from usage_days where org = ${org} and day in (select day from given)
      group by day having count(*) >= ${mostRows}
    ), fitted as (
      select g.*, g.day in (select day from full_days) and not exists (
        select 1 from usage_days u where u.org = ${org} and u.day = g.day and u.principal = g.principal and u.tool = g.tool
          and u.currency = g.currency
      ) as is_other from given g
    )
    insert into usage_days (org, day, principal, tool, currency, calls, units, tokens, amount)
    select ${org}, day, case when is_other then ${others} else principal end, case when is_other then ${others} else tool end,
      currency, sum(calls), sum(units), sum(tokens), sum(amount) from fitted group by 1, 2, 3, 4, 5 order by 2, 3, 4, 5
    on conflict (org, day, principal, tool, currency) do update set
      calls = usage_days.calls + excluded.calls, units = usage_days.units + excluded.units,
      tokens = usage_days.tokens + excluded.tokens, amount = usage_days.amount + excluded.amount`.execute(trx);
}

/** Days in their order, tools and principals with those first that were called most. */
export async function sumUse(db: Db, org: OrgId, by: Grouping, filter: UseFilter, limit: number): Promise<Use[]> {
  const name = by === 'day' ? sql`to_char(day, 'YYYY-MM-DD')` : sql.ref(by);
  const { tool = null, principal = null } = filter;
  const { rows } = await sql<
    { name: string; money: Record<string, number> } & Record<'calls' | 'units' | 'tokens', string>
  >`
    with sums as (
      select ${name} as name, currency, sum(calls) as calls, sum(units) as units, sum(tokens) as tokens,
        sum(amount) as amount
      from usage_days
      where org = ${org} and day >= ${filter.since}::date and day < ${filter.until}::date
        and (${tool}::text is null or tool = ${tool}) and (${principal}::text is null or principal = ${principal})
      group by 1, 2
    )
    select name, sum(calls) as calls, sum(units) as units, sum(tokens) as tokens,
      coalesce(
        jsonb_object_agg(case when currency = '' then 'unknown' else currency end, amount) filter (where amount > 0), '{}'
      ) as money
    from sums group by name order by ${by === 'day' ? sql`name` : sql`sum(calls) desc, name`} limit ${limit}`.execute(
    db,
  );
  return rows.map(({ name: one, calls, units, tokens, money }) => ({
    name: one,
    ...{ calls: Number(calls), units: Number(units), tokens: Number(tokens) },
    money,
  }));
}

export async function deleteUseBefore(db: Db, day: string): Promise<number> {
  const { numAffectedRows } = await sql`delete from usage_days where day < ${day}::date`.execute(db);
  return Number(numAffectedRows ?? 0);
}

export async function purgeUse(db: Db, org: OrgId): Promise<void> {
  await sql`delete from usage_days where org = ${org}`.execute(db);
  await sql`delete from usage_positions where org = ${org}`.execute(db);
}
