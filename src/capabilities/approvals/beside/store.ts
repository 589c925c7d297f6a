import type { MadeBackup } from '../../../kernel/call.ts';
import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/index.ts';
import { tables } from '../row.ts';

/** @param sealed what was shown, or why not */
export async function keepPreview(db: Db, org: OrgId, id: string, sealed: string): Promise<void> {
  await tables(db)
    .updateTable('approvals')
    .set({ preview: sealed })
    .where('org', '=', org)
    .where('id', '=', id)
    .execute();
}

/** Keeps what was saved before the call that holds the claim. False where it holds it no more. */
export async function keepBackup(db: Db, org: OrgId, id: string, callId: string, backup: MadeBackup): Promise<boolean> {
  const { numUpdatedRows } = await tables(db)
    .updateTable('approvals')
    .set({ backup: JSON.stringify(backup) })
    .where('org', '=', org)
    .where('id', '=', id)
    .where('state', '=', 'claimed')
    .where('run_call_id', '=', callId)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}
