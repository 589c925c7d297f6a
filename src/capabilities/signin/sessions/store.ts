import { sql } from 'kysely';
import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';

/** `bigint` comes out of the driver as text. */
type Ms = number | string;

type SessionTables = {
  signin_users: { id: string; name: string; email: string };
  signin_sessions: {
    id: string;
    userId: string;
    createdAt: Date;
    updatedAt: Date;
    expiresAt: Date;
    ipAddress: string | null;
    userAgent: string | null;
  };
  signin_members: { org: string; user_id: string; generation: number };
  signin_clients: { clientId: string; name: string | null };
  signin_refresh_tokens: {
    clientId: string;
    userId: string;
    referenceId: string | null;
    scopes: string[];
    revoked: Date | null;
    createdAt: Date;
    expiresAt: Date;
  };
  signin_consents: {
    clientId: string;
    userId: string | null;
    referenceId: string | null;
    scopes: string[];
    createdAt: Date;
  };
  signin_grant_generations: { org: string; user_id: string; client_id: string; generation: number };
  signin_uses: { org: string; subject: string; client_id: string; used_at: Ms };
  signin_verifications: { value: string };
  signin_device_codes: { userId: string | null };
  signin_invitations: { org: string; email: string; created_by: string; accepted_at: Ms | null };
  signin_revision: { only_row: boolean; revision: Ms };
};

const tables = (db: Db) => db.withTables<SessionTables>();

/** A browser that a person is signed in with. Times are milliseconds since the epoch. */
export interface BrowserSession {
  id: string;
  userId: string;
  createdAt: number;
  /** Up to a day late. */
  seenAt: number;
  expiresAt: number;
  address?: string;
  userAgent?: string;
}

/** What a person allowed a program in one organisation. */
export interface Grant {
  userId: string;
  clientId: string;
  name?: string;
  scopes: string[];
  createdAt: number;
  /** When the program was let in last. */
  seenAt: number;
  /** When it has to ask again; undefined where all that is left is that it need not ask. */
  expiresAt?: number;
  /** How many sign-ins of it go on. */
  signIns: number;
}

/** Of one member, or of all. */
export async function listBrowsers(
  db: Db,
  org: OrgId,
  userId: string | undefined,
  atMs: number,
): Promise<BrowserSession[]> {
  let query = tables(db)
    .selectFrom('signin_sessions as s')
    .innerJoin('signin_members as m', 'm.user_id', 's.userId')
    .select(['s.id', 's.userId', 's.createdAt', 's.updatedAt', 's.expiresAt', 's.ipAddress', 's.userAgent'])
    .where('m.org', '=', org)
    .where('s.expiresAt', '>', new Date(atMs))
    .orderBy('s.createdAt');
  if (userId !== undefined) query = query.where('s.userId', '=', userId);
  return (await query.execute()).map((row) => ({
    id: row.id,
    userId: row.userId,
    createdAt: row.createdAt.getTime(),
    seenAt: row.updatedAt.getTime(),
    expiresAt: row.expiresAt.getTime(),
    ...(row.ipAddress ? { address: row.ipAddress } : {}),
    ...(row.userAgent ? { userAgent: row.userAgent } : {}),
  }));
}

/** Of one member, or of all; one entry for each person and program. */
export async function listGrants(db: Db, org: OrgId, userId: string | undefined, atMs: number): Promise<Grant[]> {
  const members = tables(db).selectFrom('signin_members').select('user_id').where('org', '=', org);
  const ofOrg = sql<boolean>`("referenceId" = ${org} or "referenceId" is null)`;
  let tokens = tables(db)
    .selectFrom('signin_refresh_tokens')
    .select(['clientId', 'userId', 'scopes', 'createdAt', 'expiresAt', 'revoked'])
    .where('userId', 'in', members)
    .where(ofOrg)
    .where('expiresAt', '>', new Date(atMs));
  let consents = tables(db)
    .selectFrom('signin_consents')
    .select(['clientId', 'userId', 'scopes', 'createdAt'])
    .where('userId', 'in', members)
    .where(ofOrg);
  let uses = tables(db).selectFrom('signin_uses').select(['subject', 'client_id', 'used_at']).where('org', '=', org);
  if (userId !== undefined) {
    tokens = tokens.where('userId', '=', userId);
    consents = consents.where('userId', '=', userId);
    uses = uses.where('subject', '=', userId);
  }
  const used = new Map((await uses.execute()).map((row) => [`${row.subject} ${row.client_id}`, Number(row.used_at)]));
  const grants = new Map<string, Grant>();
  const add = (row: { userId: string; clientId: string; scopes: string[]; createdAt: Date }): Grant => {
    const key = `${row.userId} ${row.clientId}`;
    const at = row.createdAt.getTime();
    const known = grants.get(key) ?? {
      userId: row.userId,
      clientId: row.clientId,
      scopes: [],
      createdAt: at,
      seenAt: used.get(key) ?? 0,
      signIns: 0,
    };
    known.scopes = [...new Set([...known.scopes, ...row.scopes])].sort();
    known.createdAt = Math.min(known.createdAt, at);
    known.seenAt = Math.max(known.seenAt, at);
    grants.set(key, known);
    return known;
  };
  for (const { revoked, expiresAt, ...row } of await tokens.execute()) {
    const grant = add(row);
    if (revoked !== null) continue;
    grant.signIns++;
    grant.expiresAt = Math.max(grant.expiresAt ?? 0, expiresAt.getTime());
  }
  for (const row of await consents.execute()) if (row.userId !== null) add({ ...row, userId: row.userId });
  const clients = await tables(db).selectFrom('signin_clients').select(['clientId', 'name']).execute();
  const names = new Map(clients.map(({ clientId, name }) => [clientId, name]));
  return [...grants.values()]
    .map((grant) => ({ ...grant, ...nameOf(names.get(grant.clientId)) }))
    .sort((a, b) => a.createdAt - b.createdAt);
}

const nameOf = (name: string | null | undefined) => (name ? { name } : {});

/** Signs one browser out. Resolves to whether the member was signed in with it. */
export async function deleteBrowser(db: Db, org: OrgId, userId: string, id: string): Promise<boolean> {
  const members = tables(db).selectFrom('signin_members').select('user_id').where('org', '=', org);
  const { numDeletedRows } = await tables(db)
    .deleteFrom('signin_sessions')
    .where('id', '=', id)
    .where('userId', '=', userId)
    .where('userId', 'in', members)
    .executeTakeFirst();
  return numDeletedRows === 1n;
}

/** Ends what one program was allowed, with the tokens that it was given: those have another generation from now on. */
export async function deleteGrant(db: Db, org: OrgId, userId: string, clientId: string): Promise<void> {
  for (const table of ['signin_refresh_tokens', 'signin_consents'] as const) {
    await tables(db)
      .deleteFrom(table)
      .where('userId', '=', userId)
      .where('clientId', '=', clientId)
      .where((eb) => eb.or([eb('referenceId', '=', org), eb('referenceId', 'is', null)]))
      .execute();
  }
  await tables(db)
    .insertInto('signin_grant_generations')
    .values({ org, user_id: userId, client_id: clientId, generation: 1 })
    .onConflict((conflict) =>
      conflict
        .columns(['org', 'user_id', 'client_id'])
        .doUpdateSet({ generation: sql`signin_grant_generations.generation + 1` }),
    )
    .execute();
  await tables(db).updateTable('signin_revision').set({ revision: sql`revision + 1` }).execute();
}

/** What else leads in: codes that were not fetched, and invitations that are open, to the person or by the person. */
export async function deletePending(
  db: Db,
  org: OrgId,
  { userId, email }: { userId: string; email: string },
): Promise<{ codes: number; invitations: number }> {
  // The library keeps a code's owner in a text of JSON; ids need no escapes there.
  const codes = await tables(db)
    .deleteFrom('signin_verifications')
    .where(sql<boolean>`position(${`"userId":"${userId}"`} in value) > 0`)
    .executeTakeFirst();
  const devices = await tables(db).deleteFrom('signin_device_codes').where('userId', '=', userId).executeTakeFirst();
  const invitations = await tables(db)
    .deleteFrom('signin_invitations')
    .where('org', '=', org)
    .where('accepted_at', 'is', null)
    .where((eb) => eb.or([eb('email', '=', email), eb('created_by', '=', `user:${userId}`)]))
    .executeTakeFirst();
  return {
    codes: Number(codes.numDeletedRows + devices.numDeletedRows),
    invitations: Number(invitations.numDeletedRows),
  };
}

/** How often a program was put out, by organisation, person and program. For authentication, of all organisations. */
export async function loadGenerations(db: Db): Promise<Map<string, number>> {
  const rows = await tables(db).selectFrom('signin_grant_generations').selectAll().execute();
  return new Map(rows.map((row) => [generationKey(row.org, row.user_id, row.client_id), row.generation]));
}

export const generationKey = (org: OrgId, userId: string, clientId: string) => `${org} ${userId} ${clientId}`;

export interface Use {
  org: OrgId;
  subject: string;
  clientId: string;
  at: number;
}

/** Of several organisations at once; never moves a time back, and leaves out what is gone. */
export async function noteUses(db: Db, uses: readonly Use[]): Promise<void> {
  await sql`
    insert into signin_uses (org, subject, client_id, used_at)
    select u.org, u.subject, u.client_id, u.at from unnest(
      ${uses.map(({ org }) => org)}::text[],
      ${uses.map(({ subject }) => subject)}::text[],
      ${uses.map(({ clientId }) => clientId)}::text[],
      ${uses.map(({ at }) => at)}::bigint[]
    ) as u (org, subject, client_id, at)
    join access_orgs as o on o.id = u.org
    order by 1, 2, 3
    on conflict (org, subject, client_id) do update set used_at = greatest(signin_uses.used_at, excluded.used_at)
  `.execute(db);
}

/** When machines of an organisation were last let in. */
export async function serviceUses(db: Db, org: OrgId): Promise<Map<string, number>> {
  const rows = await tables(db)
    .selectFrom('signin_uses')
    .select(['client_id', 'used_at'])
    .where('org', '=', org)
    .whereRef('subject', '=', 'client_id')
    .execute();
  return new Map(rows.map((row) => [row.client_id, Number(row.used_at)]));
}
