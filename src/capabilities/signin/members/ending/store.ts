import { sql } from 'kysely';
import type { OrgId } from '../../../../kernel/principal.ts';
import type { Db } from '../../../../platform/db/types.ts';
import { bumpRevision, tables } from '../store.ts';

/** Everybody may be a member of several; who is one of none is forgotten with all that is theirs. */
export async function deleteMember(db: Db, org: OrgId, userId: string): Promise<boolean> {
  const gone = await tables(db)
    .deleteFrom('signin_members')
    .where('org', '=', org)
    .where('user_id', '=', userId)
    .executeTakeFirst();
  await deleteGrants(db, org, userId);
  await tables(db).deleteFrom('signin_identities').where('org', '=', org).where('user_id', '=', userId).execute();
  await forgetStrangers(db, [userId]);
  await bumpRevision(db);
  return gone.numDeletedRows === 1n;
}

async function forgetStrangers(db: Db, userIds: readonly string[]): Promise<void> {
  if (userIds.length === 0) return;
  await tables(db)
    .deleteFrom('signin_users')
    .where('id', 'in', [...userIds])
    .where('id', 'not in', tables(db).selectFrom('signin_members').select('user_id'))
    .execute();
}

/** What programs were allowed for this person in this organisation, tokens with it. */
async function deleteGrants(db: Db, org: OrgId, userId: string): Promise<void> {
  for (const table of ['signin_refresh_tokens', 'signin_consents'] as const) {
    await tables(db)
      .deleteFrom(table)
      .where('userId', '=', userId)
      .where((eb) => eb.or([eb('referenceId', '=', org), eb('referenceId', 'is', null)]))
      .execute();
  }
}

/** Ends all that the person is signed in with in this organisation: sessions, programs, and tokens given out so far. */
export async function revokeMember(db: Db, org: OrgId, userId: string, atMs: number): Promise<boolean> {
  const found = await tables(db)
    .updateTable('signin_members')
    .set({ revoked_before: atMs, generation: sql`generation + 1` })
    .where('org', '=', org)
    .where('user_id', '=', userId)
    .executeTakeFirst();
  if (found.numUpdatedRows === 0n) return false;
  await deleteGrants(db, org, userId);
  await tables(db).deleteFrom('signin_sessions').where('userId', '=', userId).execute();
  await bumpRevision(db);
  return true;
}

/** For the purge of an organisation. */
export async function deleteMembers(db: Db, org: OrgId): Promise<void> {
  const rows = await tables(db).selectFrom('signin_members').select('user_id').where('org', '=', org).execute();
  const services = tables(db).selectFrom('signin_services').select('client_id').where('org', '=', org);
  await tables(db).deleteFrom('signin_invitations').where('org', '=', org).execute();
  await tables(db).deleteFrom('signin_clients').where('clientId', 'in', services).execute();
  await tables(db).deleteFrom('signin_members').where('org', '=', org).execute();
  for (const table of ['signin_refresh_tokens', 'signin_consents'] as const)
    await tables(db).deleteFrom(table).where('referenceId', '=', org).execute();
  for (const table of ['signin_identities', 'signin_sso_sessions'] as const)
    await tables(db).deleteFrom(table).where('org', '=', org).execute();
  await forgetStrangers(
    db,
    rows.map((row) => row.user_id),
  );
  await bumpRevision(db);
}
