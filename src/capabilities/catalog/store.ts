import { sql } from 'kysely';
import type { JsonObject } from '../../kernel/json.ts';
import type { OrgId } from '../../kernel/principal.ts';
import type { Db } from '../../platform/db/types.ts';
import type { ItemFacts, ItemKind, StoredItem } from './snapshot.ts';
import { instructionsOf, keyOf, type PinnedKind, type Standing, type Standings, type Trust } from './standing.ts';

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

type StandingRow = {
  org: string;
  toolset: string;
  kind: PinnedKind;
  name: string;
  accepted_definition: unknown;
  accepted_digest: string | null;
  accepted_by: string | null;
  accepted_at: Date | null;
  pinned: boolean;
  refused_digest: string | null;
  refused_reason: string | null;
};

type CatalogTables = {
  catalog_toolsets: { org: string; toolset: string; instructions: string | null; trust: Trust; listed_at: Date };
  catalog_standings: StandingRow;
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

export interface StoredToolset {
  toolset: string;
  instructions?: string;
  trust: Trust;
}

export async function listToolsets(db: Db, org: OrgId): Promise<StoredToolset[]> {
  const rows = await tables(db)
    .selectFrom('catalog_toolsets')
    .select(['toolset', 'instructions', 'trust'])
    .where('org', '=', org)
    .orderBy('toolset')
    .execute();
  return rows.map(({ toolset, instructions, trust }) => ({
    toolset,
    trust,
    ...(instructions ? { instructions } : {}),
  }));
}

export async function listStandings(db: Db, org: OrgId, toolset?: string): Promise<Standings> {
  const all = tables(db).selectFrom('catalog_standings').selectAll().where('org', '=', org);
  const rows = await (toolset === undefined ? all : all.where('toolset', '=', toolset)).execute();
  return new Map(rows.map(toStanding).map((standing) => [keyOf(standing), standing]));
}

/** Before and after a listing was taken. */
export interface Kept {
  /** Of what the toolset offered, by kind and name. */
  digestsBefore: ReadonlyMap<string, string>;
  standingsBefore: Standings;
  standings: Standings;
}

/**
 * Replaces all items of one toolset, and keeps what `decide` says to the standings that it is shown. Rows that did not
 * change keep their dates. Replicas that list the same upstream come one after the other, so that each change is met once.
 */
export async function replaceToolset(
  db: Db,
  org: OrgId,
  { toolset, instructions, trust }: StoredToolset,
  items: readonly StoredItem[],
  decide: (standings: Standings) => readonly Standing[],
): Promise<Kept> {
  return await db.transaction().execute(async (trx) => {
    const digestsBefore = new Map(await lockedInstructions(trx, org, toolset));
    const values = { instructions: instructions ?? null, trust, listed_at: new Date() };
    await tables(trx)
      .insertInto('catalog_toolsets')
      .values({ org, toolset, ...values })
      .onConflict((on) => on.columns(['org', 'toolset']).doUpdateSet(values))
      .execute();
    for (const [item, digest] of await listDigests(trx, org, toolset)) digestsBefore.set(item, digest);
    const standingsBefore = await listStandings(trx, org, toolset);
    const decided = decide(standingsBefore);
    await putStandings(trx, org, decided);
    await putItems(trx, org, toolset, items);
    await bumpRevision(trx, org);
    const standings = new Map([...standingsBefore, ...decided.map((one) => [keyOf(one), one] as const)]);
    return { digestsBefore, standingsBefore, standings };
  });
}

/**
 * Keeps what `change` makes of the standings of a toolset, as they are now and with the digests that it offers now, by
 * kind and name. What `change` throws leaves all as it was.
 */
export async function changeStandings(
  db: Db,
  org: OrgId,
  toolset: string,
  change: (offered: ReadonlyMap<string, string>, standings: Standings) => readonly Standing[],
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const instructions = await lockedInstructions(trx, org, toolset);
    const offered = new Map([...instructions, ...(await listDigests(trx, org, toolset))]);
    const changed = change(offered, await listStandings(trx, org, toolset));
    if (changed.length === 0) return;
    await putStandings(trx, org, changed);
    await bumpRevision(trx, org);
  });
}

/** The digest of a toolset's instructions, if it is there. Whoever lists or decides on it meanwhile waits for its row. */
async function lockedInstructions(db: Db, org: OrgId, toolset: string): Promise<[string, string][]> {
  const rows = await tables(db)
    .selectFrom('catalog_toolsets')
    .select('instructions')
    .where('org', '=', org)
    .where('toolset', '=', toolset)
    .forUpdate()
    .execute();
  return rows.map(({ instructions }) => ['instructions ', instructionsOf(toolset, instructions ?? undefined).digest]);
}

async function listDigests(db: Db, org: OrgId, toolset: string): Promise<Map<string, string>> {
  const rows = await tables(db)
    .selectFrom('catalog_items')
    .select(['kind', 'name', 'digest'])
    .where('org', '=', org)
    .where('toolset', '=', toolset)
    .execute();
  return new Map(rows.map(({ kind, name, digest }) => [`${kind} ${name}`, digest]));
}

async function putItems(db: Db, org: OrgId, toolset: string, items: readonly StoredItem[]): Promise<void> {
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
      and not (kind || ' ' || name = any(${rows.map((row) => `${row.kind} ${row.name}`)}::text[]))`.execute(db);
  for (let start = 0; start < rows.length; start += rowsAtOnce) {
    await tables(db)
      .insertInto('catalog_items')
      .values(rows.slice(start, start + rowsAtOnce))
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
}

async function putStandings(db: Db, org: OrgId, standings: readonly Standing[]): Promise<void> {
  const rows = standings.map(({ toolset, kind, name, accepted, pinned, refused }) => ({
    org,
    toolset,
    kind,
    name,
    accepted_definition: accepted ? JSON.stringify(accepted.definition) : null,
    accepted_digest: accepted?.digest ?? null,
    accepted_by: accepted?.by ?? null,
    accepted_at: accepted ? new Date(accepted.at) : null,
    pinned,
    refused_digest: refused?.digest ?? null,
    refused_reason: refused?.reason ?? null,
  }));
  for (let start = 0; start < rows.length; start += rowsAtOnce) {
    await tables(db)
      .insertInto('catalog_standings')
      .values(rows.slice(start, start + rowsAtOnce))
      .onConflict((on) =>
        on.columns(['org', 'toolset', 'kind', 'name']).doUpdateSet({
          accepted_definition: sql`excluded.accepted_definition`,
          accepted_digest: sql`excluded.accepted_digest`,
          accepted_by: sql`excluded.accepted_by`,
          accepted_at: sql`excluded.accepted_at`,
          pinned: sql`excluded.pinned`,
          refused_digest: sql`excluded.refused_digest`,
          refused_reason: sql`excluded.refused_reason`,
        }),
      )
      .execute();
  }
}

function toStanding(row: StandingRow): Standing {
  const { toolset, kind, name, pinned } = row;
  return {
    toolset,
    kind,
    name,
    pinned,
    ...(row.accepted_digest === null
      ? {}
      : {
          accepted: {
            definition: row.accepted_definition as JsonObject,
            digest: row.accepted_digest,
            by: row.accepted_by ?? '',
            at: row.accepted_at?.getTime() ?? 0,
          },
        }),
    ...(row.refused_digest === null
      ? {}
      : { refused: { digest: row.refused_digest, reason: row.refused_reason ?? '' } }),
  };
}

const rowsAtOnce = 500; // bound parameters of one statement are limited

/**
 * What was decided of its definitions stays, for when it comes back. Where there is none it changes nothing: a purged organisation must not come back by a revision of its own. */
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

export async function deleteStandings(db: Db, org: OrgId, toolset: string): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const { numDeletedRows } = await tables(trx)
      .deleteFrom('catalog_standings')
      .where('org', '=', org)
      .where('toolset', '=', toolset)
      .executeTakeFirst();
    if (numDeletedRows > 0n) await bumpRevision(trx, org);
  });
}

/** Removes everything of one organisation. */
export async function purgeCatalog(db: Db, org: OrgId): Promise<void> {
  await tables(db).deleteFrom('catalog_items').where('org', '=', org).execute();
  await tables(db).deleteFrom('catalog_standings').where('org', '=', org).execute();
  await tables(db).deleteFrom('catalog_toolsets').where('org', '=', org).execute();
  await tables(db).deleteFrom('catalog_revisions').where('org', '=', org).execute();
}

async function bumpRevision(db: Db, org: OrgId): Promise<void> {
  await sql`insert into catalog_revisions (org) values (${org})
    on conflict (org) do update set revision = catalog_revisions.revision + 1`.execute(db);
}
