import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';

/** `bigint` comes out of the driver as text. */
type Ms = number | string;

type InvitationTables = {
  signin_invitations: {
    org: string;
    id: string;
    kind: 'join' | 'reset';
    email: string;
    role: string;
    teams: string[];
    token_hash: string;
    created_by: string;
    created_at: Ms;
    expires_at: Ms;
    accepted_at: Ms | null;
    user_id: string | null;
    everywhere: boolean;
  };
};

const tables = (db: Db) => db.withTables<InvitationTables>();

export interface Invitation {
  org: OrgId;
  id: string;
  /** To become a member, or to choose a new password. */
  kind: 'join' | 'reset';
  email: string;
  role: string;
  teams: string[];
  createdBy: string;
  createdAt: number;
  expiresAt: number;
  /** Whose account it was when the link was made, where there was one. */
  userId?: string;
  /** Of a reset: whether it may open other organisations, too. */
  everywhere?: boolean;
}

export async function insertInvitation(
  db: Db,
  org: OrgId,
  { id, kind, email, role, teams, createdBy, createdAt, expiresAt, userId, everywhere }: Omit<Invitation, 'org'>,
  tokenHash: string,
): Promise<void> {
  // The newest one counts: an older link, wherever it went, ends with it.
  await tables(db)
    .deleteFrom('signin_invitations')
    .where('org', '=', org)
    .where('email', '=', email)
    .where('accepted_at', 'is', null)
    .execute();
  await tables(db)
    .insertInto('signin_invitations')
    .values({
      org,
      id,
      kind,
      email,
      role,
      teams,
      token_hash: tokenHash,
      created_by: createdBy,
      created_at: createdAt,
      expires_at: expiresAt,
      accepted_at: null,
      user_id: userId ?? null,
      everywhere: everywhere ?? false,
    })
    .execute();
}

const openInvitations = (db: Db, atMs: number) =>
  tables(db)
    .selectFrom('signin_invitations')
    .selectAll()
    .where('accepted_at', 'is', null)
    .where('expires_at', '>', atMs)
    .orderBy('created_at');

export async function listInvitations(db: Db, org: OrgId, atMs: number): Promise<Invitation[]> {
  return (await openInvitations(db, atMs).where('org', '=', org).execute()).map(toInvitation);
}

/** By the hashes of its secret, whichever organisation it is of. */
export async function findInvitation(
  db: Db,
  tokenHashes: readonly string[],
  atMs: number,
): Promise<Invitation | undefined> {
  const row = await openInvitations(db, atMs).where('token_hash', 'in', tokenHashes).executeTakeFirst();
  return row && toInvitation(row);
}

/** False when somebody was faster. */
export async function useInvitation(db: Db, org: OrgId, id: string, atMs: number): Promise<boolean> {
  const used = await tables(db)
    .updateTable('signin_invitations')
    .set({ accepted_at: atMs })
    .where('org', '=', org)
    .where('id', '=', id)
    .where('accepted_at', 'is', null)
    .executeTakeFirst();
  return used.numUpdatedRows === 1n;
}

export async function deleteInvitation(db: Db, org: OrgId, id: string): Promise<boolean> {
  const gone = await tables(db)
    .deleteFrom('signin_invitations')
    .where('org', '=', org)
    .where('id', '=', id)
    .where('accepted_at', 'is', null)
    .executeTakeFirst();
  return gone.numDeletedRows === 1n;
}

/** Whether a statement failed because the organisation that it names does not exist (SQLSTATE 23503). */
export function namesUnknownOrg(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '23503';
}

const toInvitation = (row: InvitationTables['signin_invitations']): Invitation => ({
  org: row.org,
  id: row.id,
  kind: row.kind,
  email: row.email,
  role: row.role,
  teams: row.teams,
  createdBy: row.created_by,
  createdAt: Number(row.created_at),
  expiresAt: Number(row.expires_at),
  ...(row.user_id === null ? {} : { userId: row.user_id }),
  ...(row.everywhere ? { everywhere: true } : {}),
});
