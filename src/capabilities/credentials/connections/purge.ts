import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';
import { deleteClients } from './clients/store.ts';
import { deletePending } from './pending/store.ts';
import { purgeConnections } from './store.ts';

/** Removes everything of one organisation. */
export async function purgeAllConnections(db: Db, org: OrgId): Promise<void> {
  await purgeConnections(db, org);
  await deletePending(db, org);
  await deleteClients(db, org);
}
