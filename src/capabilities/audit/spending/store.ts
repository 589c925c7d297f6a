import { sql } from 'kysely';
import type { Cost } from '../../../kernel/cost.ts';
import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/index.ts';
import type { Spending } from '../types.ts';

// What a record says of its cost was written by us, so that it can be read as JSON here; bodies could not.

type Row = { up_to: string; day: string | null; principal: string; tool: string; currency: string } & Record<
  'calls' | 'units' | 'tokens' | 'amount',
  string
>;

/** Of the records after one, at most so many: up to which these are, and what was spent by them. */
export async function sumAfter(
  db: Db,
  org: OrgId,
  seq: number,
  records: number,
): Promise<{ upTo: number; spending: Spending[] } | undefined> {
  const { rows } = await sql<Row>`
    with seen as materialized (
      select seq, at, principal, coalesce(tool, '') as tool, cost::jsonb as cost from audit_records
      where org = ${org} and seq > ${seq} order by seq limit ${records}
    ), sums as (
      select to_char(at at time zone 'UTC', 'YYYY-MM-DD') as day, principal, tool,
        coalesce(cost->>'currency', '') as currency, count(*) as calls, coalesce(sum((cost->>'units')::numeric), 0) as units,
        coalesce(sum((cost->>'tokens')::numeric), 0) as tokens, coalesce(sum((cost->>'amount')::numeric), 0) as amount
      from seen where cost is not null group by 1, 2, 3, 4
    )
    select last.up_to, sums.* from (select max(seq) as up_to from seen) as last left join sums on true
    where last.up_to is not null`.execute(db);
  const [first] = rows;
  if (!first) return undefined;
  return {
    upTo: Number(first.up_to),
    spending: rows.flatMap(({ day, principal, tool, currency, calls, units, tokens, amount }) =>
      day === null
        ? []
        : [
            {
              ...{ day, principal, tool, currency },
              ...{ calls: Number(calls), units: Number(units), tokens: Number(tokens), amount: Number(amount) },
            },
          ],
    ),
  };
}

/** By call, of those whose end was seen: what was only inferred tells no cost, and the true record may come yet. */
export async function readCosts(db: Db, org: OrgId, ids: readonly string[]): Promise<Map<string, Cost | null>> {
  const { rows } = await sql<{ id: string; cost: Cost | null }>`
    select distinct on (id) id, cost::jsonb as cost from audit_records
    where org = ${org} and id = any(${[...ids]}::text[]) and not inferred order by id, seq desc`.execute(db);
  return new Map(rows.map(({ id, cost }) => [id, cost]));
}

/** Where each chain ends. */
export async function readEnds(db: Db): Promise<Map<OrgId, number>> {
  const { rows } = await sql<{ org: string; seq: string }>`select org, seq from audit_heads`.execute(db);
  return new Map(rows.map(({ org, seq }) => [org, Number(seq)]));
}
