import { type Insertable, sql } from 'kysely';
import type { OrgId } from '../../kernel/principal.ts';
import type { Db } from '../../platform/db/types.ts';

/** `bigint` comes out of the driver as text. */
type Ms = number | string;

// Aliases, since interfaces lack the index signature that `withTables` asks for.
type OrgRow = {
  id: string;
  name: string;
  created_at: Ms;
};

type KeyRow = {
  id: string;
  org: string;
  name: string;
  hash: string;
  roles: string[];
  scopes: string[];
  owner: string;
  created_by: string;
  created_at: Ms;
  expires_at: Ms | null;
  last_used_at: Ms | null;
  revoked_at: Ms | null;
  bootstrap: boolean;
  owner_user: string | null;
  previous_hash: string | null;
  previous_until: Ms | null;
  previous_used_at: Ms | null;
  rotated_at: Ms | null;
  last_used_from: string | null;
  purpose: KeyPurpose;
  reason: string | null;
};

/** A plain key, a break-glass credential that waits, or what one of those was exchanged for. */
export type KeyPurpose = 'key' | 'sealed' | 'break_glass';

type AccessTables = {
  access_orgs: OrgRow;
  access_keys: KeyRow;
  access_revision: { only_row: boolean; revision: Ms };
};

/** An organisation. Times are milliseconds since the epoch. */
export interface Org {
  id: OrgId;
  name: string;
  createdAt: number;
}

/** An API key as it may be shown: neither secret nor hash. Times are milliseconds since the epoch. */
export interface ApiKey {
  id: string;
  org: OrgId;
  name: string;
  roles: string[];
  scopes: string[];
  /** Who answers for it. */
  owner: string;
  /** The member whose key it is: it may no more than that person may now, and ends with them. */
  userId?: string;
  /** Id of the principal that made it. */
  createdBy: string;
  createdAt: number;
  expiresAt?: number;
  /** Up to a minute late. */
  lastUsedAt?: number;
  /** The address that the last use came from. */
  lastUsedFrom?: string;
  revokedAt?: number;
  rotatedAt?: number;
  /** The secret from before the rotation, while it counts beside the new one. */
  previous?: { until: number; lastUsedAt?: number };
  /** Made by the server itself at its start. */
  bootstrap: boolean;
}

export const tables = (db: Db) => db.withTables<AccessTables>();

/** What may be shown of a key. */
export const shown = [
  'id',
  'org',
  'name',
  'roles',
  'scopes',
  'owner',
  'created_by',
  'created_at',
  'expires_at',
  'last_used_at',
  'revoked_at',
  'bootstrap',
  'owner_user',
  'previous_until',
  'previous_used_at',
  'rotated_at',
  'last_used_from',
] as const;

export async function readRevision(db: Db): Promise<number> {
  const row = await tables(db).selectFrom('access_revision').select('revision').executeTakeFirstOrThrow();
  return Number(row.revision);
}

/**
 * Comes last in a transaction: its row is locked until the commit. Every writer locks organisation, then keys,
 * then this, so that no two can wait for each other.
 */
export async function bumpRevision(db: Db): Promise<void> {
  await tables(db).updateTable('access_revision').set({ revision: sql`revision + 1` }).execute();
}

/** A key with what it is found by. */
export interface LoadedKey {
  key: ApiKey;
  hash: string;
  previousHash: string | null;
  purpose: KeyPurpose;
  reason: string | null;
}

/** Every key that is not revoked, of all organisations: the way from a hash to a principal, for authentication only. */
export async function loadKeys(db: Db): Promise<LoadedKey[]> {
  const rows = await tables(db)
    .selectFrom('access_keys')
    .select([...shown, 'hash', 'previous_hash', 'purpose', 'reason'])
    .where('revoked_at', 'is', null)
    .execute();
  return rows.map((row) => ({
    key: toKey(row),
    hash: row.hash,
    previousHash: row.previous_hash,
    purpose: row.purpose,
    reason: row.reason,
  }));
}

export async function listKeys(db: Db, org: OrgId): Promise<ApiKey[]> {
  const rows = await tables(db)
    .selectFrom('access_keys')
    .select(shown)
    .where('org', '=', org)
    .where('purpose', '=', 'key')
    .orderBy('created_at')
    .orderBy('id')
    .execute();
  return rows.map(toKey);
}

export async function getKey(db: Db, org: OrgId, id: string): Promise<ApiKey | undefined> {
  const row = await tables(db)
    .selectFrom('access_keys')
    .select(shown)
    .where('org', '=', org)
    .where('id', '=', id)
    .where('purpose', '=', 'key')
    .executeTakeFirst();
  return row && toKey(row);
}

/** Resolves to false when a living key has this hash already. Fails on an unknown organisation. */
export async function insertKey(
  db: Db,
  org: OrgId,
  key: Omit<ApiKey, 'org'>,
  hash: string,
  { purpose = 'key', reason }: { purpose?: KeyPurpose; reason?: string } = {},
): Promise<boolean> {
  const row: Insertable<KeyRow> = {
    id: key.id,
    org,
    name: key.name,
    hash,
    roles: key.roles,
    scopes: key.scopes,
    owner: key.owner,
    created_by: key.createdBy,
    created_at: key.createdAt,
    expires_at: key.expiresAt ?? null,
    last_used_at: null,
    revoked_at: null,
    bootstrap: key.bootstrap,
    owner_user: key.userId ?? null,
    previous_hash: null,
    previous_until: null,
    previous_used_at: null,
    rotated_at: null,
    last_used_from: null,
    purpose,
    reason: reason ?? null,
  };
  const result = await tables(db)
    .insertInto('access_keys')
    .values(row)
    .onConflict((conflict) => conflict.column('hash').where('revoked_at', 'is', null).doNothing())
    .executeTakeFirst();
  return result.numInsertedOrUpdatedRows === 1n;
}

/** Keeps the time of the first revocation. Resolves to undefined when the organisation has no such key. */
export async function revokeKey(db: Db, org: OrgId, id: string, atMs: number): Promise<ApiKey | undefined> {
  const row = await tables(db)
    .updateTable('access_keys')
    .set((eb) => ({ revoked_at: eb.fn.coalesce('revoked_at', eb.val(atMs)) }))
    .where('org', '=', org)
    .where('id', '=', id)
    .returning(shown)
    .executeTakeFirst();
  return row && toKey(row);
}

/** When, from where, and when by the secret from before a rotation. */
export interface KeyUse {
  at: number;
  from: string | undefined;
  previousAt: number | undefined;
}

/** Notes when keys were last used; never moves a time back. */
export async function noteUses(db: Db, uses: ReadonlyMap<string, KeyUse>): Promise<void> {
  const all = [...uses.values()];
  // Two replicas may note the same keys at once: rows are locked in one order, and rows that the other
  // one is writing are left to it.
  await sql`
    with used as (
      select * from unnest(
        ${[...uses.keys()]}::text[],
        ${all.map((use) => use.at)}::bigint[],
        ${all.map((use) => use.from ?? null)}::text[],
        ${all.map((use) => use.previousAt ?? null)}::bigint[]
      ) as u (id, at, origin, previous_at)
    ),
    free as (
      select id from access_keys where id in (select id from used) order by id for update skip locked
    )
    update access_keys as k set
      last_used_at = greatest(k.last_used_at, used.at),
      last_used_from = case when k.last_used_at > used.at then k.last_used_from
        else coalesce(used.origin, k.last_used_from) end,
      previous_used_at = greatest(k.previous_used_at, used.previous_at)
    from used, free where k.id = used.id and k.id = free.id
  `.execute(db);
}

/** Lets one server at a time look at and change the bootstrap key, until the transaction ends. */
export async function lockBootstrap(db: Db): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('fairlead/access/bootstrap'))`.execute(db);
}

/** Bootstrap keys, the revoked ones too. */
export async function bootstrapKeys(db: Db, org: OrgId): Promise<{ hash: string; key: ApiKey }[]> {
  const rows = await tables(db)
    .selectFrom('access_keys')
    .select([...shown, 'hash'])
    .where('org', '=', org)
    .where('bootstrap', '=', true)
    .execute();
  return rows.map((row) => ({ hash: row.hash, key: toKey(row) }));
}

export async function listOrgs(db: Db): Promise<Org[]> {
  return (await tables(db).selectFrom('access_orgs').selectAll().orderBy('id').execute()).map(toOrg);
}

export async function getOrg(db: Db, org: OrgId): Promise<Org | undefined> {
  const row = await tables(db).selectFrom('access_orgs').selectAll().where('id', '=', org).executeTakeFirst();
  return row && toOrg(row);
}

/** Resolves to false when the organisation exists. */
export async function insertOrg(db: Db, { id, name, createdAt }: Org): Promise<boolean> {
  const result = await tables(db)
    .insertInto('access_orgs')
    .values({ id, name, created_at: createdAt })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .executeTakeFirst();
  return result.numInsertedOrUpdatedRows === 1n;
}

/** Holds the organisation against new keys until the transaction ends. Resolves to whether there is one. */
export async function lockOrg(db: Db, org: OrgId): Promise<boolean> {
  const row = await tables(db)
    .selectFrom('access_orgs')
    .select('id')
    .where('id', '=', org)
    .forUpdate()
    .executeTakeFirst();
  return row !== undefined;
}

/** The organisation itself, and what this capability holds for it. */
export async function deleteOrg(db: Db, org: OrgId): Promise<void> {
  await tables(db).deleteFrom('access_keys').where('org', '=', org).execute();
  await tables(db).deleteFrom('access_orgs').where('id', '=', org).execute();
}

/** Whether a statement failed because the organisation that it names does not exist (SQLSTATE 23503). */
export function namesUnknownOrg(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '23503';
}

const toOrg = (row: OrgRow): Org => ({ id: row.id, name: row.name, createdAt: Number(row.created_at) });

export const toKey = (row: Pick<KeyRow, (typeof shown)[number]>): ApiKey => ({
  id: row.id,
  org: row.org,
  name: row.name,
  roles: row.roles,
  scopes: row.scopes,
  owner: row.owner,
  ...(row.owner_user === null ? {} : { userId: row.owner_user }),
  createdBy: row.created_by,
  createdAt: Number(row.created_at),
  ...(row.expires_at === null ? {} : { expiresAt: Number(row.expires_at) }),
  ...(row.last_used_at === null ? {} : { lastUsedAt: Number(row.last_used_at) }),
  ...(row.last_used_from === null ? {} : { lastUsedFrom: row.last_used_from }),
  ...(row.revoked_at === null ? {} : { revokedAt: Number(row.revoked_at) }),
  ...(row.rotated_at === null ? {} : { rotatedAt: Number(row.rotated_at) }),
  ...(row.previous_until === null
    ? {}
    : {
        previous: {
          until: Number(row.previous_until),
          ...(row.previous_used_at === null ? {} : { lastUsedAt: Number(row.previous_used_at) }),
        },
      }),
  bootstrap: row.bootstrap,
});
