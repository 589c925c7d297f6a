import { sql } from 'kysely';
import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';
import { type ApiKey, bumpRevision, shown, tables, toKey } from '../store.ts';

/**
 * Puts a new secret in the place of the one that counts, which goes on counting until `previousUntil`; an older one ends.
 * Undefined for a key that is not there, or revoked.
 */
export async function replaceHash(
  db: Db,
  org: OrgId,
  id: string,
  { hash, previousUntil, atMs }: { hash: string; previousUntil: number | undefined; atMs: number },
): Promise<ApiKey | undefined> {
  const overlaps = previousUntil !== undefined;
  const row = await tables(db)
    .updateTable('access_keys')
    .set({
      hash,
      previous_hash: overlaps ? sql<string>`hash` : null, // the value from before this statement
      previous_until: overlaps ? previousUntil : null,
      previous_used_at: null,
      rotated_at: atMs,
    })
    .where('org', '=', org)
    .where('id', '=', id)
    .where('purpose', '=', 'key')
    .where('revoked_at', 'is', null)
    .returning(shown)
    .executeTakeFirst();
  return row && toKey(row);
}

/** Undefined for a key that is not there, or revoked. */
export async function changeKey(
  db: Db,
  org: OrgId,
  id: string,
  { name, owner, expiresAt }: { name?: string; owner?: string; expiresAt?: number | null },
): Promise<ApiKey | undefined> {
  const change = {
    ...(name === undefined ? {} : { name }),
    ...(owner === undefined ? {} : { owner }),
    ...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
  };
  const row = await tables(db)
    .updateTable('access_keys')
    .set(change)
    .where('org', '=', org)
    .where('id', '=', id)
    .where('purpose', '=', 'key')
    .where('revoked_at', 'is', null)
    .returning(shown)
    .executeTakeFirst();
  return row && toKey(row);
}

/** Ends every key of a member, within somebody else's transaction. Resolves to their ids. */
export async function revokeKeysOf(db: Db, org: OrgId, userId: string, atMs: number): Promise<string[]> {
  const rows = await tables(db)
    .updateTable('access_keys')
    .set({ revoked_at: atMs })
    .where('org', '=', org)
    .where('owner_user', '=', userId)
    .where('revoked_at', 'is', null)
    .returning('id')
    .execute();
  await bumpRevision(db);
  return rows.map(({ id }) => id);
}
