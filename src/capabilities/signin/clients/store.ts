import type { Db } from '../../../platform/db/types.ts';

type ClientTables = {
  signin_clients: {
    clientId: string;
    clientSecret: string | null;
    name: string | null;
    uri: string | null;
    redirectUris: string[];
    createdAt: Date | null;
    updatedAt: Date | null;
    disabled: boolean | null;
  };
  signin_consents: { clientId: string; userId: string | null; referenceId: string | null };
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
};

const tables = (db: Db) => db.withTables<ClientTables>();

export interface Client {
  clientId: string;
  name?: string;
  uri?: string;
  redirectUris: string[];
  /** When it was last made known. */
  updatedAt: number;
}

export async function findClient(db: Db, clientId: string): Promise<Client | undefined> {
  const row = await tables(db)
    .selectFrom('signin_clients')
    .select(['clientId', 'name', 'uri', 'redirectUris', 'createdAt', 'updatedAt'])
    .where('clientId', '=', clientId)
    .executeTakeFirst();
  return (
    row && {
      clientId: row.clientId,
      ...(row.name === null ? {} : { name: row.name }),
      ...(row.uri === null ? {} : { uri: row.uri }),
      redirectUris: row.redirectUris,
      updatedAt: (row.updatedAt ?? row.createdAt)?.getTime() ?? 0,
    }
  );
}

/** Programs that registered themselves and never signed anybody in since. */
export async function deleteIdleClients(db: Db, beforeMs: number): Promise<number> {
  const { numDeletedRows } = await tables(db)
    .deleteFrom('signin_clients')
    .where('createdAt', '<', new Date(beforeMs))
    .where('clientSecret', 'is', null)
    .where('clientId', 'not in', tables(db).selectFrom('signin_consents').select('clientId'))
    .where('clientId', 'not in', tables(db).selectFrom('signin_refresh_tokens').select('clientId'))
    .executeTakeFirst();
  return Number(numDeletedRows);
}
