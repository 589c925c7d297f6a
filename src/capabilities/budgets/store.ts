import type { BudgetChoice } from '../../config/schema.ts';
import type { OrgId } from '../../kernel/principal.ts';
import type { Db } from '../../platform/db/types.ts';

export interface RuleRow {
  org: OrgId;
  name: string;
  settings: BudgetChoice;
  revision: string;
  changedBy: string;
  changedAt: number;
}

type Tables = {
  budget_rules: {
    org: string;
    name: string;
    settings: unknown;
    revision: string;
    changed_by: string;
    changed_at: Date;
  };
};

const tables = (db: Db) => db.withTables<Tables>();

/** Of every organisation: each replica holds all of them. */
export async function listAllRules(db: Db): Promise<RuleRow[]> {
  const rows = await tables(db).selectFrom('budget_rules').selectAll().orderBy('org').orderBy('name').execute();
  return rows.map(({ org, name, settings, revision, changed_by, changed_at }) => ({
    org,
    name,
    settings: settings as BudgetChoice,
    revision,
    changedBy: changed_by,
    changedAt: changed_at.getTime(),
  }));
}

/** Adds or replaces. False when there are `limit` others already. */
export async function putRule(db: Db, row: Omit<RuleRow, 'changedAt'>, limit: number): Promise<boolean> {
  const { org, name, revision } = row;
  const values = {
    settings: JSON.stringify(row.settings),
    revision,
    changed_by: row.changedBy,
    changed_at: new Date(),
  };
  return await db.transaction().execute(async (trx) => {
    const others = await tables(trx)
      .selectFrom('budget_rules')
      .select(({ fn }) => fn.countAll<string>().as('count'))
      .where('org', '=', org)
      .where('name', '<>', name)
      .executeTakeFirstOrThrow();
    if (Number(others.count) >= limit) return false;
    await tables(trx)
      .insertInto('budget_rules')
      .values({ org, name, ...values })
      .onConflict((on) => on.columns(['org', 'name']).doUpdateSet(values))
      .execute();
    return true;
  });
}

/** False when there is none of that name. */
export async function deleteRule(db: Db, org: OrgId, name: string): Promise<boolean> {
  const { numDeletedRows } = await tables(db)
    .deleteFrom('budget_rules')
    .where('org', '=', org)
    .where('name', '=', name)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

export async function purgeRules(db: Db, org: OrgId): Promise<void> {
  await tables(db).deleteFrom('budget_rules').where('org', '=', org).execute();
}
