import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';
import { bumpRevision, tables } from '../store.ts';

/** A sealed credential, or the access that one was exchanged for. Times are milliseconds since the epoch. */
export interface BreakGlassCredential {
  id: string;
  /** `sealed` waits in its envelope; `active` opens administration. */
  kind: 'sealed' | 'active';
  name: string;
  createdBy: string;
  createdAt: number;
  expiresAt?: number;
  lastUsedAt?: number;
  /** Of a sealed one: when it was used or destroyed. */
  endedAt?: number;
  /** Why it was used. */
  reason?: string;
}

/** Those that ended, too; newest first. */
export async function listBreakGlass(db: Db, org: OrgId): Promise<BreakGlassCredential[]> {
  const rows = await tables(db)
    .selectFrom('access_keys')
    .selectAll()
    .where('org', '=', org)
    .where('purpose', '!=', 'key')
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .execute();
  return rows.map((row) => ({
    id: row.id,
    kind: row.purpose === 'sealed' ? 'sealed' : 'active',
    name: row.name,
    createdBy: row.created_by,
    createdAt: Number(row.created_at),
    ...(row.expires_at === null ? {} : { expiresAt: Number(row.expires_at) }),
    ...(row.last_used_at === null ? {} : { lastUsedAt: Number(row.last_used_at) }),
    ...(row.revoked_at === null ? {} : { endedAt: Number(row.revoked_at) }),
    ...(row.reason === null ? {} : { reason: row.reason }),
  }));
}

/** Opens the envelope: false for one that was opened already, by somebody faster too. */
export async function unseal(db: Db, org: OrgId, id: string, reason: string, atMs: number): Promise<boolean> {
  const { numUpdatedRows } = await tables(db)
    .updateTable('access_keys')
    .set({ revoked_at: atMs, reason })
    .where('org', '=', org)
    .where('id', '=', id)
    .where('purpose', '=', 'sealed')
    .where('revoked_at', 'is', null)
    .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', atMs)]))
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** Whether the one with this hash was used, or ended otherwise; undefined where there never was one. */
export async function pastOfSealed(db: Db, hashes: readonly string[]): Promise<'used' | 'ended' | undefined> {
  const row = await tables(db)
    .selectFrom('access_keys')
    .select('reason')
    .where('hash', 'in', [...hashes])
    .where('purpose', '=', 'sealed')
    .executeTakeFirst();
  return row && (row.reason === null ? 'ended' : 'used');
}

/** Ends an access, or destroys a sealed credential. False where there is none, or it has ended. */
export async function endBreakGlass(db: Db, org: OrgId, id: string, atMs: number): Promise<boolean> {
  const { numUpdatedRows } = await tables(db)
    .updateTable('access_keys')
    .set({ revoked_at: atMs })
    .where('org', '=', org)
    .where('id', '=', id)
    .where('purpose', '!=', 'key')
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  await bumpRevision(db);
  return numUpdatedRows === 1n;
}
