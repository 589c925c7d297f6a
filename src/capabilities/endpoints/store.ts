import type { OrgId } from '../../kernel/principal.ts';
import type { Db } from '../../platform/db/types.ts';

/** Removes everything of one organisation. */
export async function purgeEndpoints(db: Db, org: OrgId): Promise<void> {
  await db.withTables<{ endpoints: { org: string } }>().deleteFrom('endpoints').where('org', '=', org).execute();
}
