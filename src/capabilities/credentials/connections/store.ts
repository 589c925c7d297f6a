import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';

/** `bigint` comes out of the driver as text. */
type Ms = number | string;

type ConnectionTables = {
  credential_connections: {
    org: string;
    upstream: string;
    subject: string;
    who: string;
    account: string | null;
    origin: string;
    issuer: string;
    client_id: string;
    resource: string | null;
    scopes: string[];
    access_token: string | null;
    refresh_token: string | null;
    expires_at: Ms | null;
    generation: Ms;
    rotates: boolean | null;
    state: ConnectionState;
    reason: string | null;
    claimed_by: string | null;
    claimed_until: Ms | null;
    connected_at: Ms;
    last_used_at: Ms | null;
    last_refreshed_at: Ms | null;
  };
};

/** `refused`: the upstream or its provider does not take it any more; `needs_sign_in`: it cannot go on by itself. */
export type ConnectionState = 'connected' | 'refused' | 'needs_sign_in';

/** Somebody's access to one upstream. Times are milliseconds since the epoch; tokens are sealed. */
export interface ConnectionRow {
  org: OrgId;
  upstream: string;
  /** Whose it is: `user:<id>`, `key:<id>`, `service:<id>`. */
  subject: string;
  /** What people call whoever that is. */
  who: string;
  /** What the provider calls the account, where it said so. */
  account?: string;
  /** Of the upstream's address when it was made; its tokens go nowhere else. */
  origin: string;
  issuer: string;
  clientId: string;
  resource?: string;
  scopes: string[];
  accessToken?: string;
  refreshToken?: string;
  expiresAt?: number;
  generation: number;
  rotates?: boolean;
  state: ConnectionState;
  reason?: string;
  claimedBy?: string;
  claimedUntil?: number;
  connectedAt: number;
  lastUsedAt?: number;
  lastRefreshedAt?: number;
}

/** Which connection. */
export interface ConnectionKey {
  upstream: string;
  subject: string;
}

const tables = (db: Db) => db.withTables<ConnectionTables>();
const given = <T>(value: T | null): T | undefined => value ?? undefined;
const ms = (value: Ms | null) => (value === null ? undefined : Number(value));

export async function findConnection(db: Db, org: OrgId, key: ConnectionKey): Promise<ConnectionRow | undefined> {
  const row = await tables(db)
    .selectFrom('credential_connections')
    .selectAll()
    .where('org', '=', org)
    .where('upstream', '=', key.upstream)
    .where('subject', '=', key.subject)
    .executeTakeFirst();
  return row && toRow(row);
}

/** Of one organisation; of one person, or to one upstream, where that is said. */
export async function listConnections(db: Db, org: OrgId, of: Partial<ConnectionKey> = {}): Promise<ConnectionRow[]> {
  let query = tables(db).selectFrom('credential_connections').selectAll().where('org', '=', org);
  if (of.subject !== undefined) query = query.where('subject', '=', of.subject);
  if (of.upstream !== undefined) query = query.where('upstream', '=', of.upstream);
  return (await query.orderBy('upstream').orderBy('subject').execute()).map(toRow);
}

/** How many one person has. */
export async function countConnections(db: Db, org: OrgId, subject: string): Promise<number> {
  return (await listConnections(db, org, { subject })).length;
}

/** Of every organisation. */
export async function listAllConnections(db: Db): Promise<ConnectionRow[]> {
  const rows = await tables(db)
    .selectFrom('credential_connections')
    .selectAll()
    .orderBy('org')
    .orderBy('upstream')
    .orderBy('subject')
    .execute();
  return rows.map(toRow);
}

/** The connection that was made last among those that work. */
export async function latestConnected(db: Db, org: OrgId, upstream: string): Promise<ConnectionRow | undefined> {
  const row = await tables(db)
    .selectFrom('credential_connections')
    .selectAll()
    .where('org', '=', org)
    .where('upstream', '=', upstream)
    .where('state', '=', 'connected')
    .orderBy('connected_at', 'desc')
    .executeTakeFirst();
  return row && toRow(row);
}

/** Puts a connection in the place of whatever there was: its generation is above every one before. */
export async function putConnection(
  db: Db,
  org: OrgId,
  row: Omit<ConnectionRow, 'org' | 'generation' | 'claimedBy' | 'claimedUntil' | 'lastUsedAt' | 'lastRefreshedAt'>,
): Promise<void> {
  const values = {
    who: row.who,
    account: row.account ?? null,
    origin: row.origin,
    issuer: row.issuer,
    client_id: row.clientId,
    resource: row.resource ?? null,
    scopes: row.scopes,
    access_token: row.accessToken ?? null,
    refresh_token: row.refreshToken ?? null,
    expires_at: row.expiresAt ?? null,
    rotates: row.rotates ?? null,
    state: row.state,
    reason: row.reason ?? null,
    claimed_by: null,
    claimed_until: null,
    connected_at: row.connectedAt,
    last_refreshed_at: null,
  };
  await tables(db)
    .insertInto('credential_connections')
    .values({ org, upstream: row.upstream, subject: row.subject, generation: 1, last_used_at: null, ...values })
    .onConflict((on) =>
      on.columns(['org', 'upstream', 'subject']).doUpdateSet((eb) => ({
        ...values,
        generation: eb(eb.ref('credential_connections.generation'), '+', 1),
      })),
    )
    .execute();
}

/**
 * Takes the sole right to use the refresh token of this generation. Undefined when somebody has it, when there is a newer
 * token, or when the connection is of no use any more.
 */
export async function claimRefresh(
  db: Db,
  org: OrgId,
  key: ConnectionKey,
  claim: { generation: number; by: string; until: number },
): Promise<ConnectionRow | undefined> {
  const row = await tables(db)
    .updateTable('credential_connections')
    .set({ claimed_by: claim.by, claimed_until: claim.until })
    .where('org', '=', org)
    .where('upstream', '=', key.upstream)
    .where('subject', '=', key.subject)
    .where('generation', '=', claim.generation)
    .where('state', '=', 'connected')
    .where('claimed_by', 'is', null)
    .returningAll()
    .executeTakeFirst();
  return row && toRow(row);
}

export interface Refreshed {
  accessToken: string;
  refreshToken?: string;
  expiresAt?: number;
  scopes: string[];
  rotates: boolean;
  at: number;
}

/** Keeps what a refresh gave, if the claim still holds. */
export async function finishRefresh(
  db: Db,
  org: OrgId,
  key: ConnectionKey,
  by: string,
  { accessToken, refreshToken, expiresAt, scopes, rotates, at }: Refreshed,
): Promise<boolean> {
  const updated = await tables(db)
    .updateTable('credential_connections')
    .set((eb) => ({
      access_token: accessToken,
      ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
      expires_at: expiresAt ?? null,
      scopes,
      rotates,
      generation: eb('generation', '+', 1),
      claimed_by: null,
      claimed_until: null,
      last_refreshed_at: at,
      reason: null,
    }))
    .where('org', '=', org)
    .where('upstream', '=', key.upstream)
    .where('subject', '=', key.subject)
    .where('claimed_by', '=', by)
    .executeTakeFirst();
  return updated.numUpdatedRows === 1n;
}

/** Gives a claim back: its refresh token reached nobody. */
export async function releaseClaim(db: Db, org: OrgId, key: ConnectionKey, by: string): Promise<void> {
  await tables(db)
    .updateTable('credential_connections')
    .set({ claimed_by: null, claimed_until: null })
    .where('org', '=', org)
    .where('upstream', '=', key.upstream)
    .where('subject', '=', key.subject)
    .where('claimed_by', '=', by)
    .execute();
}

/** Says that a connection of this generation is of no use, and forgets its tokens. False when there is a newer one. */
export async function endConnection(
  db: Db,
  org: OrgId,
  key: ConnectionKey,
  end: { generation: number; state: Exclude<ConnectionState, 'connected'>; reason: string },
): Promise<boolean> {
  const updated = await tables(db)
    .updateTable('credential_connections')
    .set({
      state: end.state,
      reason: end.reason,
      access_token: null,
      refresh_token: null,
      claimed_by: null,
      claimed_until: null,
    })
    .where('org', '=', org)
    .where('upstream', '=', key.upstream)
    .where('subject', '=', key.subject)
    .where('generation', '=', end.generation)
    .where('state', '=', 'connected')
    .executeTakeFirst();
  return updated.numUpdatedRows === 1n;
}

export async function noteUse(db: Db, org: OrgId, key: ConnectionKey, at: number): Promise<void> {
  await tables(db)
    .updateTable('credential_connections')
    .set({ last_used_at: at })
    .where('org', '=', org)
    .where('upstream', '=', key.upstream)
    .where('subject', '=', key.subject)
    .execute();
}

/** Removes one, and gives back what it was. */
export async function deleteConnection(db: Db, org: OrgId, key: ConnectionKey): Promise<ConnectionRow | undefined> {
  const row = await tables(db)
    .deleteFrom('credential_connections')
    .where('org', '=', org)
    .where('upstream', '=', key.upstream)
    .where('subject', '=', key.subject)
    .returningAll()
    .executeTakeFirst();
  return row && toRow(row);
}

/** Replaces sealed tokens of a generation that is still there. */
export async function resealConnection(
  db: Db,
  org: OrgId,
  { upstream, subject, generation }: ConnectionRow,
  tokens: { accessToken?: string; refreshToken?: string },
): Promise<void> {
  await tables(db)
    .updateTable('credential_connections')
    .set({ access_token: tokens.accessToken ?? null, refresh_token: tokens.refreshToken ?? null })
    .where('org', '=', org)
    .where('upstream', '=', upstream)
    .where('subject', '=', subject)
    .where('generation', '=', generation)
    .execute();
}

/** Removes everything of one organisation. */
export async function purgeConnections(db: Db, org: OrgId): Promise<void> {
  await tables(db).deleteFrom('credential_connections').where('org', '=', org).execute();
}

function toRow(row: ConnectionTables['credential_connections']): ConnectionRow {
  const optional = {
    account: given(row.account),
    resource: given(row.resource),
    accessToken: given(row.access_token),
    refreshToken: given(row.refresh_token),
    expiresAt: ms(row.expires_at),
    rotates: given(row.rotates),
    reason: given(row.reason),
    claimedBy: given(row.claimed_by),
    claimedUntil: ms(row.claimed_until),
    lastUsedAt: ms(row.last_used_at),
    lastRefreshedAt: ms(row.last_refreshed_at),
  };
  const present = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined));
  return {
    org: row.org,
    upstream: row.upstream,
    subject: row.subject,
    who: row.who,
    origin: row.origin,
    issuer: row.issuer,
    clientId: row.client_id,
    scopes: row.scopes,
    generation: Number(row.generation),
    state: row.state,
    connectedAt: Number(row.connected_at),
    ...(present as Partial<typeof optional> as object),
  };
}
