import { sql } from 'kysely';
import type { JsonObject } from '../../kernel/json.ts';
import type { OrgId } from '../../kernel/principal.ts';
import type { Db } from '../../platform/db/types.ts';
import type { ItemFacts, ItemKind, StoredItem } from './snapshot.ts';

type ItemRow = {
  org: string;
  toolset: string;
  kind: ItemKind;
  name: string;
  position: number;
  definition: unknown;
  digest: string;
  facts: unknown;
};

type CatalogTables = {
  catalog_toolsets: { org: string; toolset: string; instructions: string | null; listed_at: Date };
  catalog_items: ItemRow;
  catalog_revisions: { org: string; revision: string };
};

const tables = (db: Db) => db.withTables<CatalogTables>();

/** Every organisation's revision: it grows with each change, so that replicas notice what they missed. */
export async function readRevisions(db: Db): Promise<Map<OrgId, string>> {
  const rows = await tables(db).selectFrom('catalog_revisions').selectAll().execute();
  return new Map(rows.map((row) => [row.org, row.revision]));
}

export async function listItems(db: Db, org: OrgId): Promise<StoredItem[]> {
  const rows = await tables(db)
    .selectFrom('catalog_items')
    .selectAll()
    .where('org', '=', org)
    .orderBy('toolset')
    .orderBy('position')
    .execute();
  return rows.map((row) => ({
    toolset: row.toolset,
    kind: row.kind,
    name: row.name,
    definition: row.definition as JsonObject,
    digest: row.digest,
    facts: row.facts as ItemFacts,
  }));
}

export async function listToolsets(db: Db, org: OrgId): Promise<{ toolset: string; instructions?: string }[]> {
  const rows = await tables(db)
    .selectFrom('catalog_toolsets')
    .select(['toolset', 'instructions'])
    .where('org', '=', org)
    .orderBy('toolset')
    .execute();
  return rows.map(({ toolset, instructions }) => ({ toolset, ...(instructions ? { instructions } : {}) }));
}

/** Replaces all items of one toolset. Rows that did not change keep their dates. */
export async function replaceToolset(
  db: Db,
  org: OrgId,
  toolset: string,
  instructions: string | undefined,
  items: readonly StoredItem[],
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await tables(trx)
      .insertInto('catalog_toolsets')
      .values({ org, toolset, instructions: instructions ?? null, listed_at: new Date() })
      .onConflict((on) =>
        on.columns(['org', 'toolset']).doUpdateSet({ instructions: instructions ?? null, listed_at: new Date() }),
      )
      .execute();
    const rows = items.map((item, position) => ({
      org,
      toolset,
      kind: item.kind,
      name: item.name,
      position,
      definition: JSON.stringify(item.definition),
      digest: item.digest,
      facts: JSON.stringify(item.facts),
    }));
    await sql`delete from catalog_items where org = ${org} and toolset = ${toolset}
        and not (kind || ' ' || name = any(${rows.map((row) => `${row.kind} ${row.name}`)}::text[]))`.execute(trx);
    for (let start = 0; start < rows.length; start += 500) {
      await tables(trx)
        .insertInto('catalog_items')
        .values(rows.slice(start, start + 500))
        .onConflict((on) =>
          on.columns(['org', 'toolset', 'kind', 'name']).doUpdateSet({
            position: sql`excluded.position`,
            definition: sql`excluded.definition`,
            facts: sql`excluded.facts`,
            digest: sql`excluded.digest`,
          }),
        )
        .execute();
    }
    await bumpRevision(trx, org);
  });
}

/** Where there is none it changes nothing: a purged organisation must not come back by a revision of its own. */
export async function deleteToolset(db: Db, org: OrgId, toolset: string): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await tables(trx).deleteFrom('catalog_items').where('org', '=', org).where('toolset', '=', toolset).execute();
    const { numDeletedRows } = await tables(trx)
      .deleteFrom('catalog_toolsets')
      .where('org', '=', org)
      .where('toolset', '=', toolset)
      .executeTakeFirst();
    if (numDeletedRows > 0n) await bumpRevision(trx, org);
  });
}

/** Removes everything of one organisation. */
export async function purgeCatalog(db: Db, org: OrgId): Promise<void> {
  await tables(db).deleteFrom('catalog_items').where('org', '=', org).execute();
  await tables(db).deleteFrom('catalog_toolsets').where('org', '=', org).execute();
  await tables(db).deleteFrom('catalog_revisions').where('org', '=', org).execute();
}

async function bumpRevision(db: Db, org: OrgId): Promise<void> {
  await sql`insert into catalog_revisions (org) values (${org})
    on conflict (org) do update set revision = catalog_revisions.revision + 1`.execute(db);
}
