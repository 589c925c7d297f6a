import type { OrgId } from '../../kernel/principal.ts';
import type { Db } from '../../platform/db/types.ts';

type Tables = { budget_rules: { org: string } };

/** Removes what was set at run time in an organisation. */
export async function purgeRules(db: Db, org: OrgId): Promise<void> {
  await db.withTables<Tables>().deleteFrom('budget_rules').where('org', '=', org).execute();
}
