import type { OrgId } from '../../kernel/principal.ts';
import type { Db } from '../../platform/db/types.ts';
import { purgeLedger } from './ledger/store.ts';
import { purgeRules } from './store.ts';
import { purgeUse } from './usage/store.ts';

/** Removes everything of one organisation. */
export async function purgeBudgets(db: Db, org: OrgId): Promise<void> {
  await purgeLedger(db, org);
  await purgeRules(db, org);
  await purgeUse(db, org);
}
