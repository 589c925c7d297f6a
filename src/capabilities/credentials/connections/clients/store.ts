import type { OrgId } from '../../../../kernel/principal.ts';
import type { Db } from '../../../../platform/db/types.ts';

type ClientTables = {
  credential_clients: {
    org: string;
    upstream: string;
    issuer: string;
    redirect_uri: string;
    client_id: string;
    client_secret: string | null;
    auth_method: string | null;
    /** `bigint` comes out of the driver as text. */
    expires_at: number | string | null;
  };
};

/** What an authorization server knows Fairlead by, where it was registered by protocol. */
export interface ClientRow {
  upstream: string;
  issuer: string;
  redirectUri: string;
  clientId: string;
  /** Sealed. */
  clientSecret?: string;
  authMethod?: string;
  /** Milliseconds since the epoch. */
  expiresAt?: number;
}

const tables = (db: Db) => db.withTables<ClientTables>();

export async function findClient(db: Db, org: OrgId, upstream: string, issuer: string): Promise<ClientRow | undefined> {
  const row = await tables(db)
    .selectFrom('credential_clients')
    .selectAll()
    .where('org', '=', org)
    .where('upstream', '=', upstream)
    .where('issuer', '=', issuer)
    .executeTakeFirst();
  return row && toClient(row);
}

export async function putClient(db: Db, org: OrgId, client: ClientRow): Promise<void> {
  const values = {
    redirect_uri: client.redirectUri,
    client_id: client.clientId,
    client_secret: client.clientSecret ?? null,
    auth_method: client.authMethod ?? null,
    expires_at: client.expiresAt ?? null,
  };
  await tables(db)
    .insertInto('credential_clients')
    .values({ org, upstream: client.upstream, issuer: client.issuer, ...values })
    .onConflict((on) => on.columns(['org', 'upstream', 'issuer']).doUpdateSet(values))
    .execute();
}

/** Of one upstream, or of the whole organisation. */
export async function deleteClients(db: Db, org: OrgId, upstream?: string): Promise<void> {
  let query = tables(db).deleteFrom('credential_clients').where('org', '=', org);
  if (upstream !== undefined) query = query.where('upstream', '=', upstream);
  await query.execute();
}

/** Of every organisation. */
export async function listClients(db: Db): Promise<(ClientRow & { org: OrgId })[]> {
  const rows = await tables(db).selectFrom('credential_clients').selectAll().execute();
  return rows.map((row) => ({ org: row.org, ...toClient(row) }));
}

function toClient(row: ClientTables['credential_clients']): ClientRow {
  return {
    upstream: row.upstream,
    issuer: row.issuer,
    redirectUri: row.redirect_uri,
    clientId: row.client_id,
    ...(row.client_secret === null ? {} : { clientSecret: row.client_secret }),
    ...(row.auth_method === null ? {} : { authMethod: row.auth_method }),
    ...(row.expires_at === null ? {} : { expiresAt: Number(row.expires_at) }),
  };
}
