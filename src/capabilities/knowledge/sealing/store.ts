import { sql } from 'kysely';
import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';

export interface KeyRow {
  collection: number;
  wrapped: string;
  /** By which vault, and in which way. */
  vault: string;
}

/** Whether what a row is of, in a table of this name, is encrypted. */
export const isEncrypted = (table: 'document' | 'chunk') => sql<boolean>`exists (
  select from knowledge_keys k
  where k.org = ${sql.ref(`${table}.org`)} and k.collection = ${sql.ref(`${table}.collection`)})`;

/** The keys of those of the collections that are encrypted; `wrapped` is null where a key should be and is not. */
export async function readKeys(
  db: Db,
  org: OrgId,
  collections: readonly number[],
): Promise<(Omit<KeyRow, 'wrapped'> & { wrapped: string | null })[]> {
  const { rows } = await sql<KeyRow & { wrapped: string | null }>`
    select c.id as collection, k.wrapped, coalesce(k.vault, '') as vault
    from knowledge_collections c left join knowledge_keys k on k.org = c.org and k.collection = c.id
    where c.org = ${org} and c.id = any(${collections}::int[])
      and (k.wrapped is not null or c.settings -> 'encrypted' = 'true')`.execute(db);
  return rows;
}

/** Keeps it, unless there is one. */
export async function addKey(db: Db, org: OrgId, { collection, wrapped, vault }: KeyRow): Promise<void> {
  await sql`
    insert into knowledge_keys (org, collection, wrapped, vault) values (${org}, ${collection}, ${wrapped}, ${vault})
    on conflict do nothing`.execute(db);
}

/** Every key, of all organisations. */
export async function listKeys(db: Db): Promise<(KeyRow & { org: OrgId })[]> {
  const { rows } = await sql<KeyRow & { org: OrgId }>`
    select org, collection, wrapped, vault from knowledge_keys order by org, collection`.execute(db);
  return rows;
}

/** Replaces a wrapped key, unless it is another one by now. */
export async function rewrapKey(
  db: Db,
  org: OrgId,
  { collection, wrapped }: KeyRow,
  next: Omit<KeyRow, 'collection'>,
): Promise<void> {
  await sql`
    update knowledge_keys set wrapped = ${next.wrapped}, vault = ${next.vault}
    where org = ${org} and collection = ${collection} and wrapped = ${wrapped}`.execute(db);
}

/** Removes those of one organisation, or of one of its collections. */
export async function purgeKeys(db: Db, org: OrgId, collection?: number): Promise<void> {
  await sql`
    delete from knowledge_keys
    where org = ${org} ${collection === undefined ? sql`` : sql`and collection = ${collection}`}`.execute(db);
}
