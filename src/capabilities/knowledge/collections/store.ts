import { type ColumnType, type Generated, type RawBuilder, sql } from 'kysely';
import { digestOf } from '../../../kernel/digest.ts';
import type { OrgId } from '../../../kernel/principal.ts';
import { type Db, prepared } from '../../../platform/db/index.ts';

export interface CollectionRow {
  id: number;
  name: string;
  settings: unknown;
  /** By the configuration file. */
  declared: boolean;
  /** Counts every change of its documents. */
  version: number;
  changedBy: string;
  changedAt: number;
}

/** JSON that goes in as text. */
type Written = ColumnType<unknown, string, string>;

type CollectionTables = {
  knowledge_audiences: { org: string; id: Generated<number>; digest: string; subjects: string[] };
  knowledge_collections: {
    org: string;
    id: Generated<number>;
    name: string;
    settings: Written;
    declared: boolean;
    audience: number;
    version: Generated<string>;
    changed_by: string;
    changed_at: Date;
  };
};

const tables = (db: Db) => db.withTables<CollectionTables>();

/** Ids of the sets that one of these subjects is in: the one place that says who may read what. */
export function audiencesOf(org: OrgId, subjects: readonly string[]): RawBuilder<number> {
  return sql<number>`(select id from knowledge_audiences where org = ${org} and subjects && ${[...subjects]}::text[])`;
}

/** The id of this set of subjects, which is made when it is new. */
export async function audienceOf(db: Db, org: OrgId, subjects: readonly string[]): Promise<number> {
  const sorted = [...new Set(subjects)].sort();
  const digest = digestOf(sorted);
  const find = () =>
    tables(db).selectFrom('knowledge_audiences').select('id').where('org', '=', org).where('digest', '=', digest);
  const known = await find().executeTakeFirst();
  if (known) return known.id;
  // Not by an update of the row that is there: whoever writes documents for the same readers would wait for it.
  await tables(db)
    .insertInto('knowledge_audiences')
    .values({ org, digest, subjects: sorted })
    .onConflict((on) => on.columns(['org', 'digest']).doNothing())
    .execute();
  return (await find().executeTakeFirstOrThrow()).id;
}

export interface NewCollection {
  name: string;
  settings: unknown;
  declared: boolean;
  audience: number;
  changedBy: string;
}

/** Adds it, or changes the one of that name; its documents stay. */
export async function putCollection(db: Db, org: OrgId, one: NewCollection): Promise<number> {
  const values = {
    settings: JSON.stringify(one.settings),
    declared: one.declared,
    audience: one.audience,
    changed_by: one.changedBy,
    changed_at: new Date(),
  };
  const { id } = await tables(db)
    .insertInto('knowledge_collections')
    .values({ org, name: one.name, ...values })
    .onConflict((on) => on.columns(['org', 'name']).doUpdateSet(values))
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** By name; with `subjects` only those that one of them may read. */
export async function listCollections(db: Db, org: OrgId, subjects?: readonly string[]): Promise<CollectionRow[]> {
  const rows = await tables(db)
    .selectFrom('knowledge_collections')
    .selectAll()
    .where('org', '=', org)
    .$if(subjects !== undefined, (query) => query.where('audience', 'in', audiencesOf(org, subjects ?? [])))
    .orderBy('name')
    .execute();
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    settings: row.settings,
    declared: row.declared,
    version: Number(row.version),
    changedBy: row.changed_by,
    changedAt: row.changed_at.getTime(),
  }));
}

/** What somebody may ask: the collections, and the sets of subjects that decide on each document. */
export interface Reach {
  collections: Pick<CollectionRow, 'id' | 'name' | 'version'>[];
  audiences: number[];
}

/** In one statement, since every question begins with it. */
export async function readReach(db: Db, org: OrgId, subjects: readonly string[]): Promise<Reach> {
  const { rows } = await sql<{ id: number; name: string; version: string; audiences: number[] }>`${prepared}
    select id, name, version, audiences from knowledge_collections cross join (
      select array(
        select id from knowledge_audiences where org = ${org} and subjects && ${[...subjects]}::text[] order by id
      ) as audiences
    ) as a
    where org = ${org} and audience = any(audiences) order by name`.execute(db);
  return {
    collections: rows.map(({ id, name, version }) => ({ id, name, version: Number(version) })),
    audiences: rows[0]?.audiences ?? [],
  };
}

/** Those of the configuration file, of every organisation. */
export async function listDeclared(db: Db): Promise<{ org: OrgId; name: string; settings: unknown }[]> {
  return await tables(db)
    .selectFrom('knowledge_collections')
    .select(['org', 'name', 'settings'])
    .where('declared', '=', true)
    .execute();
}

/**
 * Whoever writes into a collection, or removes it, takes turns until the end of the transaction, and takes this turn before
 * anything else: two who took their locks in another order could wait for each other. False where there is none.
 */
export async function lockCollection(db: Db, org: OrgId, collection: number): Promise<boolean> {
  const { rows } = await sql`select 1 from knowledge_collections where org = ${org} and id = ${collection}
    for no key update`.execute(db);
  return rows.length > 0;
}

/** What was found changes with this number, and caches by it. */
export async function countChange(db: Db, org: OrgId, collection: number): Promise<void> {
  await tables(db)
    .updateTable('knowledge_collections')
    .set(({ eb }) => ({ version: eb('version', '+', '1') }))
    .where('org', '=', org)
    .where('id', '=', collection)
    .execute();
}

/** Whether any organisation has a collection. */
export async function anyCollection(db: Db): Promise<boolean> {
  return (await tables(db).selectFrom('knowledge_collections').select('id').limit(1).executeTakeFirst()) !== undefined;
}

/** Removes one of which nothing is left. */
export async function deleteCollection(db: Db, org: OrgId, id: number): Promise<void> {
  await tables(db).deleteFrom('knowledge_collections').where('org', '=', org).where('id', '=', id).execute();
}

/** Removes everything of one organisation. */
export async function purgeCollections(db: Db, org: OrgId): Promise<void> {
  await tables(db).deleteFrom('knowledge_collections').where('org', '=', org).execute();
  await tables(db).deleteFrom('knowledge_audiences').where('org', '=', org).execute();
}
