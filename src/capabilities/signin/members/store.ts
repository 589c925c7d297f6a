import { randomInt } from 'node:crypto';
import { sql } from 'kysely';
import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';

/** `bigint` comes out of the driver as text. */
type Ms = number | string;

type MemberTables = {
  signin_users: {
    id: string;
    name: string;
    email: string;
    emailVerified: boolean;
    createdAt: Date;
    updatedAt: Date;
  };
  signin_sessions: {
    id: string;
    userId: string;
    org: string | null;
    createdAt: Date;
    updatedAt: Date;
    expiresAt: Date;
    ipAddress: string | null;
    userAgent: string | null;
  };
  signin_refresh_tokens: {
    id: string;
    token: string;
    clientId: string;
    userId: string;
    sessionId: string | null;
    referenceId: string | null;
    rotatedAt: Date | null;
    revoked: Date | null;
    createdAt: Date;
    expiresAt: Date;
  };
  signin_consents: { clientId: string; userId: string | null; referenceId: string | null };
  signin_clients: {
    clientId: string;
    clientSecret: string | null;
    scopes: string[] | null;
    jwks: string | null;
    name: string | null;
    uri: string | null;
    redirectUris: string[];
    createdAt: Date | null;
    updatedAt: Date | null;
    disabled: boolean | null;
  };
  signin_members: {
    org: string;
    user_id: string;
    role: string;
    teams: string[];
    created_by: string;
    created_at: Ms;
    revoked_before: Ms;
    generation: number;
    follows: string | null;
    suspended_at: Ms | null;
  };
  signin_identities: { org: string; user_id: string };
  signin_sso_sessions: { org: string };
  signin_services: {
    org: string;
    client_id: string;
    name: string;
    roles: string[];
    created_by: string;
    created_at: Ms;
    disabled: boolean;
    rotated_at: Ms | null;
    previous_hash: string | null;
    previous_until: Ms | null;
  };
  signin_invitations: {
    org: string;
    id: string;
    email: string;
    role: string;
    teams: string[];
    token_hash: string;
    created_by: string;
    created_at: Ms;
    expires_at: Ms;
    accepted_at: Ms | null;
    kind: string;
    user_id: string | null;
  };
  signin_revision: { only_row: boolean; revision: Ms };
};

export const tables = (db: Db) => db.withTables<MemberTables>();

/** A person as a member of one organisation. Times are milliseconds since the epoch. */
export interface Member {
  org: OrgId;
  userId: string;
  email: string;
  name: string;
  role: string;
  teams: string[];
  createdBy: string;
  createdAt: number;
  revokedBefore: number;
  /** Stands in the person's tokens: those from before a revocation have another one. */
  generation: number;
  /** The provider whose groups say role and teams; somebody here says them where it is absent. */
  follows?: string;
  /** Since when that provider gives the person no rights. */
  suspendedAt?: number;
}

export async function readRevision(db: Db): Promise<number> {
  const row = await tables(db).selectFrom('signin_revision').select('revision').executeTakeFirstOrThrow();
  return Number(row.revision);
}

/** Comes last in a transaction: its row is locked until the commit. */
export async function bumpRevision(db: Db): Promise<void> {
  await tables(db).updateTable('signin_revision').set({ revision: sql`revision + 1` }).execute();
}

const memberships = (db: Db) =>
  tables(db)
    .selectFrom('signin_members as m')
    .innerJoin('signin_users as u', 'u.id', 'm.user_id')
    .select([
      'm.org',
      'm.user_id',
      'm.role',
      'm.teams',
      'm.created_by',
      'm.created_at',
      'm.revoked_before',
      'm.generation',
      'm.follows',
      'm.suspended_at',
      'u.email',
      'u.name',
    ])
    .orderBy('m.created_at')
    .orderBy('m.org');

/** All organisations together: the way from a token to a principal, for authentication only. Without who is suspended. */
export async function loadMembers(db: Db): Promise<Member[]> {
  return (await memberships(db).where('m.suspended_at', 'is', null).execute()).map(toMember);
}

export async function listMembers(db: Db, org: OrgId): Promise<Member[]> {
  return (await memberships(db).where('m.org', '=', org).execute()).map(toMember);
}

/** Of one person, in every organisation, also where suspended. The person's row is locked: nobody joins anything meanwhile. */
export async function lockMemberships(db: Db, userId: string): Promise<Member[]> {
  await tables(db).selectFrom('signin_users').select('id').where('id', '=', userId).forUpdate().execute();
  return (await memberships(db).where('m.user_id', '=', userId).execute()).map(toMember);
}

/** Links that were made for what the person was until now: resets by anybody, and invitations to this organisation. */
async function voidLinks(db: Db, org: OrgId, userId: string): Promise<void> {
  const address = tables(db).selectFrom('signin_users').select('email').where('id', '=', userId);
  await tables(db)
    .deleteFrom('signin_invitations')
    .where('accepted_at', 'is', null)
    .where((eb) =>
      eb.or([
        eb.and([eb('kind', '=', 'reset'), eb('user_id', '=', userId)]),
        eb.and([eb('kind', '=', 'join'), eb('org', '=', org), eb('email', 'in', address)]),
      ]),
    )
    .execute();
}

/** False where the person is a member already. Fails on an unknown organisation. */
export async function insertMember(
  db: Db,
  org: OrgId,
  member: Pick<Member, 'userId' | 'role' | 'teams' | 'createdBy' | 'createdAt' | 'follows'>,
): Promise<boolean> {
  const given = { role: member.role, teams: member.teams, follows: member.follows ?? null };
  const result = await tables(db)
    .insertInto('signin_members')
    .values({
      org,
      user_id: member.userId,
      ...given,
      created_by: member.createdBy,
      created_at: member.createdAt,
      revoked_before: 0,
      // Who comes back, even within the second, does not bring old tokens back to life.
      generation: randomInt(2 ** 30),
    })
    .onConflict((conflict) => conflict.columns(['org', 'user_id']).doUpdateSet({ ...given, suspended_at: null }))
    .executeTakeFirst();
  await voidLinks(db, org, member.userId);
  await bumpRevision(db);
  return result.numInsertedOrUpdatedRows === 1n;
}

export async function changeMember(
  db: Db,
  org: OrgId,
  userId: string,
  change: { role?: string; teams?: string[]; follows?: string | null },
): Promise<boolean> {
  const changed = await tables(db)
    .updateTable('signin_members')
    .set({ ...change, ...(change.follows === null ? { suspended_at: null } : {}) })
    .where('org', '=', org)
    .where('user_id', '=', userId)
    .executeTakeFirst();
  await voidLinks(db, org, userId);
  await bumpRevision(db);
  return changed.numUpdatedRows === 1n;
}

/** Without a password. False where the address is somebody's already. */
export async function insertUser(
  db: Db,
  { id, email, name, atMs }: { id: string; email: string; name: string; atMs: number },
): Promise<boolean> {
  const at = new Date(atMs);
  const made = await tables(db)
    .insertInto('signin_users')
    .values({ id, email: email.toLowerCase(), name, emailVerified: true, createdAt: at, updatedAt: at })
    .onConflict((conflict) => conflict.column('email').doNothing())
    .executeTakeFirst();
  return made.numInsertedOrUpdatedRows === 1n;
}

export async function findUserByEmail(db: Db, email: string): Promise<{ id: string; name: string } | undefined> {
  return tables(db)
    .selectFrom('signin_users')
    .select(['id', 'name'])
    .where('email', '=', email.toLowerCase())
    .executeTakeFirst();
}

/** In which organisation the browser is from now on. */
export async function chooseOrg(db: Db, org: OrgId, sessionId: string): Promise<void> {
  await tables(db).updateTable('signin_sessions').set({ org }).where('id', '=', sessionId).execute();
}

type MemberRow = Awaited<ReturnType<ReturnType<typeof memberships>['execute']>>[number];

const toMember = (row: MemberRow): Member => ({
  org: row.org,
  userId: row.user_id,
  email: row.email,
  name: row.name,
  role: row.role,
  teams: row.teams,
  createdBy: row.created_by,
  createdAt: Number(row.created_at),
  revokedBefore: Number(row.revoked_before),
  generation: row.generation,
  ...(row.follows === null ? {} : { follows: row.follows }),
  ...(row.suspended_at === null ? {} : { suspendedAt: Number(row.suspended_at) }),
});
