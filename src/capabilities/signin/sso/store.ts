import { sql } from 'kysely';
import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';

/** `bigint` comes out of the driver as text. */
type Ms = number | string;

type SsoTables = {
  signin_identities: {
    org: string;
    issuer: string;
    subject: string;
    provider: string;
    user_id: string;
    email: string;
    created_at: Ms;
    signed_in_at: Ms;
  };
  signin_sso_sessions: {
    org: string;
    session_id: string;
    provider: string;
    issuer: string;
    subject: string;
    sid: string | null;
    id_token: string;
  };
  signin_sessions: { id: string; userId: string };
  signin_refresh_tokens: { token: string; userId: string; sessionId: string | null; referenceId: string | null };
  signin_accounts: { userId: string; providerId: string };
  signin_users: { id: string; name: string };
  signin_members: {
    org: string;
    user_id: string;
    revoked_before: Ms;
    generation: number;
    suspended_at: Ms | null;
  };
  signin_device_codes: {
    deviceCode: string;
    userCode: string;
    scope: string | null;
    org: string | null;
    session_id: string | null;
  };
};

const tables = (db: Db) => db.withTables<SsoTables>();

/** By what somebody is known at the provider of an organisation. */
export interface Identity {
  org: OrgId;
  issuer: string;
  subject: string;
  provider: string;
  userId: string;
  /** As the provider last said it. */
  email: string;
  createdAt: number;
  signedInAt: number;
}

/** All organisations together: for authentication only. `hasPassword` says whether the person has another way in. */
export async function loadIdentities(db: Db): Promise<(Identity & { hasPassword: boolean })[]> {
  const rows = await tables(db)
    .selectFrom('signin_identities as i')
    .leftJoin('signin_accounts as a', (join) =>
      join.onRef('a.userId', '=', 'i.user_id').on('a.providerId', '=', 'credential'),
    )
    .selectAll('i')
    .select('a.providerId')
    .execute();
  return rows.map((row) => ({ ...toIdentity(row), hasPassword: row.providerId !== null }));
}

export async function findIdentity(
  db: Db,
  org: OrgId,
  { issuer, subject }: { issuer: string; subject: string },
): Promise<Identity | undefined> {
  const row = await tables(db)
    .selectFrom('signin_identities')
    .selectAll()
    .where('org', '=', org)
    .where('issuer', '=', issuer)
    .where('subject', '=', subject)
    .executeTakeFirst();
  return row && toIdentity(row);
}

/** Keeps whose the identity was first: another person never gets it. */
export async function keepIdentity(db: Db, org: OrgId, identity: Omit<Identity, 'org'>): Promise<void> {
  const { issuer, subject, provider, userId, email, createdAt, signedInAt } = identity;
  await tables(db)
    .insertInto('signin_identities')
    .values({
      org,
      issuer,
      subject,
      provider,
      user_id: userId,
      email,
      created_at: createdAt,
      signed_in_at: signedInAt,
    })
    .onConflict((conflict) =>
      conflict.columns(['org', 'issuer', 'subject']).doUpdateSet({ provider, email, signed_in_at: signedInAt }),
    )
    .execute();
}

/** What the provider said of the person counts no more: they have to come by it again. */
export async function forgetVouching(db: Db, org: OrgId, userId: string): Promise<void> {
  await tables(db)
    .updateTable('signin_identities')
    .set({ signed_in_at: 0 })
    .where('org', '=', org)
    .where('user_id', '=', userId)
    .execute();
}

/** How members sign in: the providers of each, and whether there is a password. */
export async function waysIn(db: Db, org: OrgId): Promise<Map<string, { providers: string[]; hasPassword: boolean }>> {
  const members = await tables(db)
    .selectFrom('signin_members as m')
    .leftJoin('signin_accounts as a', (join) =>
      join.onRef('a.userId', '=', 'm.user_id').on('a.providerId', '=', 'credential'),
    )
    .select(['m.user_id', 'a.providerId'])
    .where('m.org', '=', org)
    .execute();
  const identities = await tables(db)
    .selectFrom('signin_identities')
    .select(['user_id', 'provider'])
    .where('org', '=', org)
    .orderBy('provider')
    .execute();
  const named = Map.groupBy(identities, (row) => row.user_id);
  return new Map(
    members.map((row) => [
      row.user_id,
      {
        providers: [...new Set((named.get(row.user_id) ?? []).map(({ provider }) => provider))],
        hasPassword: row.providerId !== null,
      },
    ]),
  );
}

/** Null ends it: the person has rights again. False where nothing changed. */
export async function suspendMember(db: Db, org: OrgId, userId: string, atMs: number | null): Promise<boolean> {
  const changed = await tables(db)
    .updateTable('signin_members')
    .set({ suspended_at: atMs })
    .where('org', '=', org)
    .where('user_id', '=', userId)
    .where('suspended_at', atMs === null ? 'is not' : 'is', null)
    .executeTakeFirst();
  return changed.numUpdatedRows === 1n;
}

export async function renameUser(db: Db, userId: string, name: string): Promise<void> {
  await tables(db).updateTable('signin_users').set({ name }).where('id', '=', userId).execute();
}

export interface SsoSession {
  sessionId: string;
  provider: string;
  issuer: string;
  subject: string;
  sid: string | undefined;
  /** Encrypted. */
  idToken: string;
}

export async function keepSsoSession(db: Db, org: OrgId, session: SsoSession): Promise<void> {
  const { sessionId, provider, issuer, subject, sid, idToken } = session;
  await tables(db)
    .insertInto('signin_sso_sessions')
    .values({ org, session_id: sessionId, provider, issuer, subject, sid: sid ?? null, id_token: idToken })
    .execute();
}

export async function findSsoSession(db: Db, org: OrgId, sessionId: string): Promise<SsoSession | undefined> {
  const row = await tables(db)
    .selectFrom('signin_sso_sessions')
    .selectAll()
    .where('org', '=', org)
    .where('session_id', '=', sessionId)
    .executeTakeFirst();
  return (
    row && {
      sessionId,
      provider: row.provider,
      issuer: row.issuer,
      subject: row.subject,
      sid: row.sid ?? undefined,
      idToken: row.id_token,
    }
  );
}

/** Whom a logout at the provider is about: the sessions that it opened here, of one `sid` or of all. */
export async function sessionsOf(
  db: Db,
  org: OrgId,
  { issuer, subject, sid }: { issuer: string; subject: string | undefined; sid: string | undefined },
): Promise<{ sessionId: string; userId: string }[]> {
  let found = tables(db)
    .selectFrom('signin_sso_sessions as s')
    .innerJoin('signin_sessions as b', 'b.id', 's.session_id')
    .select(['s.session_id', 'b.userId'])
    .where('s.org', '=', org)
    .where('s.issuer', '=', issuer);
  if (subject !== undefined) found = found.where('s.subject', '=', subject);
  if (sid !== undefined) found = found.where('s.sid', '=', sid);
  return (await found.execute()).map((row) => ({ sessionId: row.session_id, userId: row.userId }));
}

/** Ends sessions with what was refreshed by them; tokens that are out count no more from `atMs` on. */
export async function endSessions(
  db: Db,
  org: OrgId,
  { userId, sessionIds, atMs }: { userId: string; sessionIds: readonly string[]; atMs: number },
): Promise<void> {
  if (sessionIds.length > 0) {
    await tables(db)
      .deleteFrom('signin_refresh_tokens')
      .where('sessionId', 'in', [...sessionIds])
      .execute();
    await tables(db)
      .deleteFrom('signin_sessions')
      .where('id', 'in', [...sessionIds])
      .execute();
  }
  await tables(db)
    .updateTable('signin_members')
    .set({ revoked_before: atMs, generation: sql`generation + 1` })
    .where('org', '=', org)
    .where('user_id', '=', userId)
    .execute();
}

/** Ends one browser's session alone, which came to its own end. */
export async function dropSession(db: Db, sessionId: string): Promise<void> {
  await tables(db).deleteFrom('signin_sessions').where('id', '=', sessionId).execute();
}

/** For which organisation and what a device was allowed; what it gets is for that alone. */
export async function bindDevice(
  db: Db,
  org: OrgId,
  { userCode, sessionId, scopes }: { userCode: string; sessionId: string; scopes: readonly string[] },
): Promise<void> {
  await tables(db)
    .updateTable('signin_device_codes')
    .set({ org, session_id: sessionId, scope: scopes.join(' ') })
    .where('userCode', '=', userCode)
    .execute();
}

export async function boundDevice(
  db: Db,
  deviceCode: string,
): Promise<{ org: OrgId; sessionId: string | undefined } | undefined> {
  const row = await tables(db)
    .selectFrom('signin_device_codes')
    .select(['org', 'session_id'])
    .where('deviceCode', '=', deviceCode)
    .executeTakeFirst();
  return row?.org ? { org: row.org, sessionId: row.session_id ?? undefined } : undefined;
}

/** Of a refresh token that was given for a device: the library writes it without. */
export async function bindRefreshToken(db: Db, org: OrgId, tokenHash: string, sessionId?: string): Promise<void> {
  await tables(db)
    .updateTable('signin_refresh_tokens')
    .set({ referenceId: org, ...(sessionId === undefined ? {} : { sessionId }) })
    .where('token', '=', tokenHash)
    .execute();
}

const toIdentity = (row: SsoTables['signin_identities']): Identity => ({
  org: row.org,
  issuer: row.issuer,
  subject: row.subject,
  provider: row.provider,
  userId: row.user_id,
  email: row.email,
  createdAt: Number(row.created_at),
  signedInAt: Number(row.signed_in_at),
});

/** Sealed ID tokens of every organisation. */
export async function listIdTokens(db: Db): Promise<{ org: OrgId; sessionId: string; idToken: string }[]> {
  const rows = await tables(db)
    .selectFrom('signin_sso_sessions')
    .select(['org', 'session_id', 'id_token'])
    .orderBy('session_id')
    .execute();
  return rows.map((row) => ({ org: row.org, sessionId: row.session_id, idToken: row.id_token }));
}

/** Writes a sealed ID token anew. */
export async function resealIdToken(db: Db, org: OrgId, sessionId: string, idToken: string): Promise<void> {
  await tables(db)
    .updateTable('signin_sso_sessions')
    .set({ id_token: idToken })
    .where('org', '=', org)
    .where('session_id', '=', sessionId)
    .execute();
}
