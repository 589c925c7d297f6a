import { type RawBuilder, sql } from 'kysely';
import { storable } from '../../../../kernel/json.ts';
import type { OrgId } from '../../../../kernel/principal.ts';
import { type Db, prepared } from '../../../../platform/db/index.ts';
import { audiencesOf } from '../../collections/store.ts';
import { documentConditions, type Filters } from '../../documents/filters/store.ts';
import { literal } from '../spaces/store.ts';
import { asText } from '../store.ts';

/** Who asks, and where: every statement that reads for a search is restricted by both. */
export interface Scope {
  org: OrgId;
  collections: readonly number[];
  subjects: readonly string[];
  filters: Filters;
}

/** Passages by which it is told how alike any two texts are to a model. */
const typicalSample = 256;

/** A space that is searched, with those of the collections that have it. */
export interface SearchedSpace {
  space: number;
  model: string;
  dimensions: number;
  /** Passages in it that the caller may read; those without a vector are counted, too. */
  permitted: number;
  /** All that are in it. */
  passages: number;
  /** Who may read those that are permitted. */
  audiences: number[];
}

export interface Near {
  chunkId: number;
  similarity: number;
  /** The mean of that over passages that the caller may read, whether they have to do with the question or not. */
  typical?: number;
}

/** Where what the caller may read has its vectors. */
export async function readSpaces(db: Db, scope: Scope): Promise<SearchedSpace[]> {
  const isPermitted = sql`e.collection = any(${readableCollections(scope)})
    and t.audience = any(${readableAudiences(scope)})`;
  const { rows } = await sql<SearchedSpace & { permitted: string; passages: string }>`${prepared}
    select s.id as space, s.model, s.dimensions, sum(t.chunks) as passages,
      sum(t.chunks) filter (where ${isPermitted}) as permitted,
      array_agg(distinct t.audience) filter (where ${isPermitted}) as audiences
    from knowledge_embeddings e join knowledge_spaces s on s.org = e.org and s.id = e.live
    join knowledge_lexical_totals t on t.org = e.org and t.collection = e.collection
    where e.org = ${scope.org}
    group by s.id, s.model, s.dimensions order by s.id`.execute(db);
  return rows
    .map((row) => ({ ...row, permitted: Number(row.permitted), passages: Number(row.passages) }))
    .filter(({ permitted }) => permitted > 0);
}

/**
 * By looking at every vector that the caller may read. Their audiences stand there once more as numbers: by those the planner
 * sees how few they are, and goes to them alone.
 */
export async function nearestOfAll(
  db: Db,
  scope: Scope,
  { space, audiences }: SearchedSpace,
  { vector, limit }: { vector: Float32Array; limit: number },
): Promise<Near[]> {
  const { rows } = await sql<Near>`
    with permitted as materialized (
      select v.chunk, v.embedding <=> ${asText(vector)}::halfvec as distance
      from knowledge_vectors v where ${isReadable(scope, space)} and v.audience = any(${audiences}::int[])
    )
    select chunk as "chunkId", 1 - distance as similarity, 1 - (select avg(distance) from permitted) as typical
    from permitted order by distance, chunk limit ${limit}`.execute(db);
  return rows;
}

/** The mean similarity of some passages that the caller may read: those that come first, so that nothing is sorted. */
export async function typicalOf(
  db: Db,
  scope: Scope,
  { space }: SearchedSpace,
  vector: Float32Array,
): Promise<number | undefined> {
  const { rows } = await sql<{ typical: number | null }>`
    select 1 - avg(distance) as typical from (
      select v.embedding <=> ${asText(vector)}::halfvec as distance
      from knowledge_vectors v where ${isReadable(scope, space)} limit ${typicalSample}
    ) as looked`.execute(db);
  return rows[0]?.typical ?? undefined;
}

/**
 * By the index of the space, which goes on until enough of what it finds may be read, or until it has looked at so many that
 * it gives up. Its settings stand in the same statement, which spares three ways to the database: they are read when the scan
 * begins, which waits for them, and are gone with the statement's transaction.
 */
export async function nearestByIndex(
  db: Db,
  scope: Scope,
  { space, dimensions }: SearchedSpace,
  { vector, limit, effort }: { vector: Float32Array; limit: number; effort: number },
): Promise<Near[]> {
  const of = sql`::halfvec(${literal(dimensions)})`;
  const distance = sql`v.embedding${of} <=> ${asText(vector)}${of}`;
  const { rows } = await sql<Near>`
    with settings as materialized (
      select set_config('hnsw.iterative_scan', 'relaxed_order', true) as scan,
        set_config('hnsw.ef_search', ${String(effort)}, true) as effort
    )
    select near."chunkId", near.similarity from settings cross join lateral (
      select v.chunk as "chunkId", 1 - (${distance}) as similarity
      from knowledge_vectors v
      where ${isReadable(scope, space)} and settings.scan <> '' and settings.effort <> ''
      order by ${distance} limit ${limit}
    ) as near`.execute(db);
  return rows;
}

const isReadable = (scope: Scope, space: number): RawBuilder<unknown> => sql`
  v.org = ${scope.org} and v.space = ${literal(space)} and v.collection = any(${readableCollections(scope)})
    and v.audience = any(${readableAudiences(scope)}) ${passes(scope.filters)}`;

// Arrays, not joins: they are worked out once, and the planner need not guess how many rows match.
const readableAudiences = ({ org, subjects }: Scope) => sql`array${audiencesOf(org, subjects.map(storable))}`;

const readableCollections = ({ org, subjects, collections }: Scope) => sql`array(
  select id from knowledge_collections where org = ${org} and id = any(${collections}::int[])
    and audience in ${audiencesOf(org, subjects.map(storable))}
)`;

function passes(filters: Filters): RawBuilder<unknown> {
  const { languages } = filters;
  const conditions = [
    ...(languages ? [sql`d.language = any(${languages}::text[])`] : []),
    ...documentConditions(filters),
  ];
  if (conditions.length === 0) return sql``;
  return sql`and exists (
    select from knowledge_documents d where d.org = v.org and d.id = v.document and ${sql.join(conditions, sql` and `)}
  )`;
}
