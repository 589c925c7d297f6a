import { sql } from 'kysely';
import type { OrgId } from '../../../../kernel/principal.ts';
import type { Db } from '../../../../platform/db/types.ts';

/** One model with the length of its vectors, in one organisation; what is made anew is in another generation. */
export interface Space {
  id: number;
  model: string;
  dimensions: number;
  generation: number;
}

/** What a collection has of vectors. */
export interface Embedding {
  collection: number;
  name: string;
  settings: unknown;
  /** Counts every change of its documents. */
  version: number;
  /** Whether anything was ever kept of its vectors. */
  isKept: boolean;
  /** Which is searched. */
  live?: Space;
  /** Which takes over when it is full. */
  filling?: Space;
  /** Raised to have all of them made anew. */
  generation: number;
  /** What it had when all of its passages had vectors. */
  filledVersion?: number;
}

/** Longer vectors get no index. */
const mostIndexed = 4_000;
/** No version of a collection. */
const needsNone = -1;
/** Any number will do, as long as it stays: whoever makes or removes spaces takes turns by it. */
const lockKey = 4_623_117_003;

/** The number stands in the statement itself, since an index that covers one space only is used for a constant only. */
export const literal = (number: number) => {
  if (!Number.isSafeInteger(number) || number < 0) throw new Error('not a number that may stand in a statement');
  return sql.raw(String(number));
};
const indexName = (space: number) => sql.id(`knowledge_vectors_space_${space}`);

const spaceColumns = (alias: string) => sql`
  case when ${sql.id(alias, 'id')} is not null then json_build_object('id', ${sql.id(alias, 'id')},
    'model', ${sql.id(alias, 'model')}, 'dimensions', ${sql.id(alias, 'dimensions')},
    'generation', ${sql.id(alias, 'generation')}) end`;

/** Of every organisation. */
export async function listEmbeddings(db: Db): Promise<(Embedding & { org: OrgId })[]> {
  const { rows } = await sql<Row & { org: OrgId }>`
    select c.org, c.id as collection, c.name, c.settings, c.version, e.generation, e.filled_version as "filledVersion",
      ${spaceColumns('l')} as live, ${spaceColumns('f')} as filling
    from knowledge_collections c left join knowledge_embeddings e on e.org = c.org and e.collection = c.id
    left join knowledge_spaces l on l.org = e.org and l.id = e.live
    left join knowledge_spaces f on f.org = e.org and f.id = e.filling
    order by c.org, c.id`.execute(db);
  return rows.map((row) => ({ ...toEmbedding(row), org: row.org }));
}

/** As it is now; undefined when the collection is gone. */
export async function readEmbedding(db: Db, org: OrgId, collection: number): Promise<Embedding | undefined> {
  const { rows } = await sql<Row>`
    select c.id as collection, c.name, c.settings, c.version, e.generation, e.filled_version as "filledVersion",
      ${spaceColumns('l')} as live, ${spaceColumns('f')} as filling
    from knowledge_collections c left join knowledge_embeddings e on e.org = c.org and e.collection = c.id
    left join knowledge_spaces l on l.org = e.org and l.id = e.live
    left join knowledge_spaces f on f.org = e.org and f.id = e.filling
    where c.org = ${org} and c.id = ${collection}`.execute(db);
  return rows[0] && toEmbedding(rows[0]);
}

interface Row {
  collection: number;
  name: string;
  settings: unknown;
  version: string;
  generation: number | null;
  filledVersion: string | null;
  live: Space | null;
  filling: Space | null;
}

function toEmbedding({
  collection,
  name,
  settings,
  version,
  generation,
  filledVersion,
  live,
  filling,
}: Row): Embedding {
  return {
    ...{ collection, name, settings, version: Number(version) },
    ...{ generation: generation ?? 0, isKept: generation !== null },
    ...(live ? { live } : {}),
    ...(filling ? { filling } : {}),
    ...(filledVersion === null ? {} : { filledVersion: Number(filledVersion) }),
  };
}

/** Takes the collection for itself, or stays with it, unless another replica was seen at it since `goneBefore`. */
export async function claim(
  db: Db,
  org: OrgId,
  collection: number,
  { replica, now, goneBefore }: { replica: string; now: number; goneBefore: number },
): Promise<boolean> {
  const { rows } = await sql`
    insert into knowledge_embeddings as e (org, collection, replica, seen_at)
    select org, id, ${replica}, ${new Date(now)}::timestamptz from knowledge_collections
    where org = ${org} and id = ${collection}
    on conflict (org, collection) do update set replica = excluded.replica, seen_at = excluded.seen_at
    where e.replica is null or e.replica = excluded.replica or e.seen_at < ${new Date(goneBefore)}::timestamptz
    returning 1`.execute(db);
  return rows.length > 0;
}

export async function release(db: Db, org: OrgId, collection: number, replica: string): Promise<void> {
  await sql`update knowledge_embeddings set replica = null
    where org = ${org} and collection = ${collection} and replica = ${replica}`.execute(db);
}

/**
 * Gives a collection the space of a model, which is made, with its index, where it is new. What has no space that is searched
 * is searched there at once, as far as it is filled; what has one goes on with that until `makeLive`.
 */
export async function assignSpace(
  db: Db,
  org: OrgId,
  collection: number,
  { model, dimensions, generation }: Omit<Space, 'id'>,
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await lockSpaces(trx);
    const { rows } = await sql<{ id: number }>`
      insert into knowledge_spaces (org, model, dimensions, generation)
      values (${org}, ${model}, ${dimensions}, ${generation})
      on conflict (org, model, dimensions, generation) do update set model = excluded.model returning id`.execute(trx);
    const id = rows[0]?.id ?? 0;
    await makeIndex(trx, id, dimensions);
    await sql`
      update knowledge_embeddings set live = coalesce(live, ${id}::int),
        filling = case when live is null or live = ${id}::int then null else ${id}::int end, filled_version = null
      where org = ${org} and collection = ${collection}`.execute(trx);
  });
}

/** A database that was restored has spaces without their indexes. */
export async function makeIndexes(db: Db): Promise<void> {
  const { rows } = await sql<{ id: number; dimensions: number }>`
    select id, dimensions from knowledge_spaces where to_regclass('knowledge_vectors_space_' || id) is null
      and dimensions <= ${mostIndexed}`.execute(db);
  for (const { id, dimensions } of rows)
    await db.transaction().execute(async (trx) => {
      await lockSpaces(trx);
      await makeIndex(trx, id, dimensions);
    });
}

async function makeIndex(trx: Db, space: number, dimensions: number): Promise<void> {
  if (dimensions > mostIndexed) return;
  await sql`set local statement_timeout = 0`.execute(trx);
  await sql`create index if not exists ${indexName(space)} on knowledge_vectors
    using hnsw ((embedding::halfvec(${literal(dimensions)})) halfvec_cosine_ops)
    where space = ${literal(space)}`.execute(trx);
}

/** The one update by which the other space takes over. False when it is not the one that is being filled any more. */
export async function makeLive(db: Db, org: OrgId, collection: number, space: number): Promise<boolean> {
  const { rows } = await sql`update knowledge_embeddings set live = filling, filling = null
    where org = ${org} and collection = ${collection} and filling = ${space} returning 1`.execute(db);
  return rows.length > 0;
}

/**
 * Says that everything that the collection had at this version has its vector in the space; without a space that it had nothing
 * then, and without a version that it has no vectors and needs none.
 */
export async function markFilled(
  db: Db,
  org: OrgId,
  collection: number,
  { space, version = needsNone }: { space?: number; version?: number },
): Promise<void> {
  await sql`update knowledge_embeddings set filled_version = ${version}::bigint
    where org = ${org} and collection = ${collection} and live is not distinct from ${space ?? null}::int
      and filling is null`.execute(db);
}

/** The collection is searched by no vectors any more, or goes on with the one space that it has. */
export async function dropSpaces(db: Db, org: OrgId, collection: number, which: 'all' | 'filling'): Promise<void> {
  const live = which === 'all' ? sql`live = null,` : sql``;
  await sql`update knowledge_embeddings set ${live} filling = null, filled_version = null
    where org = ${org} and collection = ${collection}`.execute(db);
}

/** Has all vectors made anew. */
export async function raiseGeneration(db: Db, org: OrgId, collection: number): Promise<void> {
  await sql`
    insert into knowledge_embeddings as e (org, collection, generation) values (${org}, ${collection}, 1)
    on conflict (org, collection) do update set generation = e.generation + 1`.execute(db);
}

export async function addSpent(
  db: Db,
  org: OrgId,
  collection: number,
  { tokens, cost }: { tokens: number; cost: number },
): Promise<void> {
  await sql`update knowledge_embeddings set tokens = tokens + ${tokens}::bigint, cost = cost + ${cost}::float8
    where org = ${org} and collection = ${collection}`.execute(db);
}

/** Removes spaces in which nothing is and which no collection has; true when there was one. */
export async function removeUnused(db: Db): Promise<boolean> {
  const unused = sql`
    from knowledge_spaces s where not exists (
      select from knowledge_embeddings e where e.org = s.org and (e.live = s.id or e.filling = s.id)
    ) and not exists (select from knowledge_vectors v where v.org = s.org and v.space = s.id)`;
  const { rows: found } = await sql`select ${unused} limit 1`.execute(db);
  if (found.length === 0) return false;
  await db.transaction().execute(async (trx) => {
    await lockSpaces(trx);
    const { rows } = await sql<{ org: OrgId; id: number }>`select s.org, s.id ${unused}`.execute(trx);
    for (const { org, id } of rows) await removeSpace(trx, org, id);
  });
  return true;
}

/** Removes everything of one organisation but what goes with its passages and collections. */
export async function purgeSpaces(db: Db, org: OrgId): Promise<void> {
  const { rows } = await sql<{ id: number }>`select id from knowledge_spaces where org = ${org}`.execute(db);
  for (const { id } of rows) await removeSpace(db, org, id);
}

async function removeSpace(db: Db, org: OrgId, id: number): Promise<void> {
  await sql`drop index if exists ${indexName(id)}`.execute(db);
  await sql`delete from knowledge_spaces where org = ${org} and id = ${id}`.execute(db);
}

async function lockSpaces(trx: Db): Promise<void> {
  await sql`select pg_advisory_xact_lock(${lockKey}::bigint)`.execute(trx);
}
