import { sql } from 'kysely';
import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';
import { bumpRevision, tables } from '../members/store.ts';

/** A machine with an account. Times are milliseconds since the epoch. */
export interface Service {
  org: OrgId;
  clientId: string;
  name: string;
  roles: string[];
  scopes: string[];
  /** How it proves who it is: by a secret, or by a key pair of which we have the public half. */
  proof: 'secret' | 'key';
  createdBy: string;
  createdAt: number;
  disabled: boolean;
  rotatedAt?: number;
  /** Up to a minute late. */
  lastUsedAt?: number;
  /** The secret from before the rotation, while it counts. */
  previous?: { until: number };
}

/** With the hashes of its secrets, for the token endpoint alone. */
export interface LoadedService extends Service {
  hash: string | null;
  previousHash: string | null;
}

const rows = (db: Db) =>
  tables(db)
    .selectFrom('signin_services as s')
    .innerJoin('signin_clients as c', 'c.clientId', 's.client_id')
    .select([
      's.org',
      's.client_id',
      's.name',
      's.roles',
      's.created_by',
      's.created_at',
      's.disabled',
      's.rotated_at',
      's.previous_hash',
      's.previous_until',
      'c.clientSecret',
      'c.scopes',
    ])
    .orderBy('s.created_at');

/** Of all organisations: the way from a token to a principal, for authentication only. */
export async function loadServices(db: Db): Promise<LoadedService[]> {
  return (await rows(db).execute()).map(toService);
}

export async function insertService(
  db: Db,
  org: OrgId,
  service: Pick<Service, 'clientId' | 'name' | 'roles' | 'createdBy' | 'createdAt'>,
): Promise<void> {
  await tables(db)
    .insertInto('signin_services')
    .values({
      org,
      client_id: service.clientId,
      name: service.name,
      roles: service.roles,
      created_by: service.createdBy,
      created_at: service.createdAt,
      disabled: false,
      rotated_at: null,
      previous_hash: null,
      previous_until: null,
    })
    .execute();
  await bumpRevision(db);
}

/** False where there is none. */
export async function changeService(
  db: Db,
  org: OrgId,
  clientId: string,
  { name, roles, disabled, scopes }: { name?: string; roles?: string[]; disabled?: boolean; scopes?: string[] },
): Promise<boolean> {
  const { numUpdatedRows } = await tables(db)
    .updateTable('signin_services')
    .set({
      client_id: clientId, // so that there is always something to set
      ...(name === undefined ? {} : { name }),
      ...(roles === undefined ? {} : { roles }),
      ...(disabled === undefined ? {} : { disabled }),
    })
    .where('org', '=', org)
    .where('client_id', '=', clientId)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return false;
  if (disabled !== undefined || scopes !== undefined) {
    const list = scopes && JSON.stringify(scopes);
    await sql`update signin_clients set
        disabled = coalesce(${disabled ?? null}::boolean, disabled),
        scopes = coalesce(${list ?? null}::jsonb, scopes),
        "clientCredentialsScopes" = coalesce(${list ?? null}::jsonb, "clientCredentialsScopes")
      where "clientId" = ${clientId}`.execute(db);
  }
  await bumpRevision(db);
  return true;
}

/** A new secret, beside which the old one counts until `previousUntil`. False where there is none with a secret. */
export async function replaceSecret(
  db: Db,
  org: OrgId,
  clientId: string,
  { hash, previousUntil, atMs }: { hash: string; previousUntil: number | undefined; atMs: number },
): Promise<boolean> {
  const old = await tables(db)
    .selectFrom('signin_clients as c')
    .innerJoin('signin_services as s', 's.client_id', 'c.clientId')
    .select('c.clientSecret')
    .where('s.org', '=', org)
    .where('s.client_id', '=', clientId)
    .forUpdate()
    .executeTakeFirst();
  if (!old || old.clientSecret === null) return false;
  const overlaps = previousUntil !== undefined;
  await tables(db)
    .updateTable('signin_services')
    .set({
      rotated_at: atMs,
      previous_hash: overlaps ? old.clientSecret : null,
      previous_until: overlaps ? previousUntil : null,
    })
    .where('org', '=', org)
    .where('client_id', '=', clientId)
    .execute();
  await tables(db).updateTable('signin_clients').set({ clientSecret: hash }).where('clientId', '=', clientId).execute();
  await bumpRevision(db);
  return true;
}

export async function deleteService(db: Db, org: OrgId, clientId: string): Promise<boolean> {
  const { numDeletedRows } = await tables(db)
    .deleteFrom('signin_services')
    .where('org', '=', org)
    .where('client_id', '=', clientId)
    .executeTakeFirst();
  if (numDeletedRows === 0n) return false;
  await tables(db).deleteFrom('signin_clients').where('clientId', '=', clientId).execute();
  await bumpRevision(db);
  return true;
}

type ServiceRow = Awaited<ReturnType<ReturnType<typeof rows>['execute']>>[number];

const toService = (row: ServiceRow): LoadedService => ({
  org: row.org,
  clientId: row.client_id,
  name: row.name,
  roles: row.roles,
  scopes: row.scopes ?? [],
  proof: row.clientSecret === null ? 'key' : 'secret',
  createdBy: row.created_by,
  createdAt: Number(row.created_at),
  disabled: row.disabled,
  ...(row.rotated_at === null ? {} : { rotatedAt: Number(row.rotated_at) }),
  ...(row.previous_until === null ? {} : { previous: { until: Number(row.previous_until) } }),
  hash: row.clientSecret,
  previousHash: row.previous_hash,
});
