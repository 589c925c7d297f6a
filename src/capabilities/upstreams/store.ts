import type { JsonObject } from '../../kernel/json.ts';
import type { OrgId } from '../../kernel/principal.ts';
import type { Db } from '../../platform/db/types.ts';

type UpstreamsTables = {
  upstreams_runtime: {
    org: string;
    name: string;
    /** Secret values are sealed. */
    settings: unknown;
    /** A new one for each change. */
    revision: string;
    created_by: string;
    updated_by: string;
    updated_at: Date;
  };
  upstreams_seen: { org: string; name: string };
};

export interface RuntimeRow {
  org: OrgId;
  name: string;
  settings: JsonObject;
  revision: string;
}

const tables = (db: Db) => db.withTables<UpstreamsTables>();
const columns = ['org', 'name', 'settings', 'revision'] as const;

/**
 * The upstreams of every organisation that were added at run time: each replica runs all of them. Without their settings,
 * which may hold whole documents and are asked for often.
 */
export async function listRuntimeRevisions(db: Db): Promise<Omit<RuntimeRow, 'settings'>[]> {
  return tables(db)
    .selectFrom('upstreams_runtime')
    .select(['org', 'name', 'revision'])
    .orderBy('org')
    .orderBy('name')
    .execute();
}

export async function getRuntime(db: Db, org: OrgId, name: string): Promise<RuntimeRow | undefined> {
  const row = await tables(db)
    .selectFrom('upstreams_runtime')
    .select(columns)
    .where('org', '=', org)
    .where('name', '=', name)
    .executeTakeFirst();
  return row && toRow(row);
}

export async function countRuntime(db: Db, org: OrgId): Promise<number> {
  const row = await tables(db)
    .selectFrom('upstreams_runtime')
    .select(({ fn }) => fn.countAll<string>().as('count'))
    .where('org', '=', org)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

/** False when there is one of this name already. */
export async function insertRuntime(db: Db, org: OrgId, row: Omit<RuntimeRow, 'org'>, by: string): Promise<boolean> {
  const { name, revision, settings } = row;
  const inserted = await tables(db)
    .insertInto('upstreams_runtime')
    .values({
      org,
      name,
      revision,
      settings: JSON.stringify(settings),
      created_by: by,
      updated_by: by,
      updated_at: new Date(),
    })
    .onConflict((on) => on.columns(['org', 'name']).doNothing())
    .executeTakeFirst();
  return (inserted.numInsertedOrUpdatedRows ?? 0n) > 0n;
}

/** False when there is none of this name. */
export async function updateRuntime(db: Db, org: OrgId, row: Omit<RuntimeRow, 'org'>, by: string): Promise<boolean> {
  const { name, revision, settings } = row;
  const updated = await tables(db)
    .updateTable('upstreams_runtime')
    .set({ revision, settings: JSON.stringify(settings), updated_by: by, updated_at: new Date() })
    .where('org', '=', org)
    .where('name', '=', name)
    .executeTakeFirst();
  return updated.numUpdatedRows > 0n;
}

/** Writes sealed values anew, unless the settings were changed meanwhile; what they say stays, and so does the revision. */
export async function resealRuntime(db: Db, org: OrgId, { name, revision, settings }: Omit<RuntimeRow, 'org'>) {
  await tables(db)
    .updateTable('upstreams_runtime')
    .set({ settings: JSON.stringify(settings) })
    .where('org', '=', org)
    .where('name', '=', name)
    .where('revision', '=', revision)
    .execute();
}

/** False when there was none of this name. */
export async function deleteRuntime(db: Db, org: OrgId, name: string): Promise<boolean> {
  const deleted = await tables(db)
    .deleteFrom('upstreams_runtime')
    .where('org', '=', org)
    .where('name', '=', name)
    .executeTakeFirst();
  return deleted.numDeletedRows > 0n;
}

/** Every upstream that ever ran and was not taken out of the catalog since, of all organisations. */
export async function listSeen(db: Db): Promise<{ org: OrgId; name: string }[]> {
  return tables(db).selectFrom('upstreams_seen').select(['org', 'name']).execute();
}

export async function addSeen(db: Db, org: OrgId, name: string): Promise<void> {
  await tables(db)
    .insertInto('upstreams_seen')
    .values({ org, name })
    .onConflict((on) => on.columns(['org', 'name']).doNothing())
    .execute();
}

export async function removeSeen(db: Db, org: OrgId, name: string): Promise<void> {
  await tables(db).deleteFrom('upstreams_seen').where('org', '=', org).where('name', '=', name).execute();
}

/** Removes everything of one organisation. */
export async function purgeUpstreams(db: Db, org: OrgId): Promise<void> {
  await tables(db).deleteFrom('upstreams_seen').where('org', '=', org).execute();
  await tables(db).deleteFrom('upstreams_runtime').where('org', '=', org).execute();
}

function toRow(row: { org: string; name: string; settings: unknown; revision: string }): RuntimeRow {
  return { ...row, settings: row.settings as JsonObject };
}
