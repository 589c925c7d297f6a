import { sql } from 'kysely';
import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';

/** A passage that has no vector yet, with all that is embedded of it, and by what it is known. */
export interface Unembedded {
  chunk: number;
  document: number;
  ordinal: number;
  source: string;
  uri: string;
  title: string;
  headings: string[];
  text: string;
}

/** Those of a collection that a space lacks, from some number on or of some documents; by their numbers. */
export async function readMissing(
  db: Db,
  org: OrgId,
  { collection, space }: { collection: number; space: number },
  { after = 0, documents, limit }: { after?: number; documents?: readonly number[]; limit: number },
): Promise<Unembedded[]> {
  const among = documents ? sql`and c.document = any(${documents}::int[])` : sql``;
  const { rows } = await sql<Unembedded>`
    select c.id as chunk, c.document, c.ordinal, d.source, d.uri, d.title, c.headings, c.text
    from knowledge_chunks c join knowledge_documents d on d.org = c.org and d.id = c.document
    where c.org = ${org} and c.collection = ${collection} and c.id > ${after} ${among}
      and not exists (select from knowledge_vectors v where v.org = c.org and v.chunk = c.id and v.space = ${space})
    order by c.id limit ${limit}`.execute(db);
  return rows;
}

/**
 * Adds vectors of passages that are there now; returns how many. What is being replaced or removed at this moment is left out,
 * so that nobody waits for the other.
 */
export async function addVectors(
  db: Db,
  org: OrgId,
  { collection, space, dimensions }: { collection: number; space: number; dimensions: number },
  vectors: readonly { chunk: number; vector: Float32Array }[],
): Promise<number> {
  const { numAffectedRows } = await sql`
    insert into knowledge_vectors (org, chunk, space, collection, audience, document, embedding)
    select c.org, c.id, ${space}::int, c.collection, c.audience, c.document, n.embedding
    from knowledge_chunks c join (
      select chunk, vector::halfvec as embedding
      from unnest(${vectors.map(({ chunk }) => chunk)}::int[], ${vectors.map(({ vector }) => asText(vector))}::text[])
        as t (chunk, vector)
    ) as n on n.chunk = c.id
    where c.org = ${org} and c.collection = ${collection} and vector_dims(n.embedding) = ${dimensions}
      and exists (
        select from knowledge_embeddings e where e.org = c.org and e.collection = c.collection
          and ${space}::int in (e.live, e.filling)
      )
    for share of c skip locked
    on conflict do nothing`.execute(db);
  return Number(numAffectedRows ?? 0);
}

/** Numbers as Postgres reads them. */
export function asText(vector: Float32Array): string {
  return `[${vector.join(',')}]`;
}

/** Removes some of what a collection has in spaces that it does not have any more; returns how many. */
export async function dropForeign(db: Db, org: OrgId, collection: number, limit: number): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from knowledge_vectors where ctid = any(array(
      select v.ctid from knowledge_vectors v
      where v.org = ${org} and v.collection = ${collection} and not exists (
        select from knowledge_embeddings e where e.org = v.org and e.collection = v.collection
          and v.space in (e.live, e.filling)
      ) limit ${limit}
    ))`.execute(db);
  return Number(numAffectedRows ?? 0);
}

export interface CollectionVectors {
  collection: number;
  /** Of the space that is searched. */
  model: string;
  /** The model that is to take over. */
  next?: string;
  /** Passages that have a vector there, and in the next. */
  vectors: number;
  nextVectors: number;
  /** That were spent on this collection in all, and what they cost. */
  tokens: number;
  cost: number;
}

/** What the collections of an organisation have of vectors, by the ids of those that have any or had. */
export async function readVectors(db: Db, org: OrgId): Promise<CollectionVectors[]> {
  const { rows } = await sql<Omit<CollectionVectors, 'next'> & { next: string | null }>`
    select e.collection, coalesce(l.model, '') as model, f.model as next, e.tokens::float8 as tokens, e.cost,
      (select count(*)::int from knowledge_vectors v
        where v.org = e.org and v.space = e.live and v.collection = e.collection) as vectors,
      (select count(*)::int from knowledge_vectors v
        where v.org = e.org and v.space = e.filling and v.collection = e.collection) as "nextVectors"
    from knowledge_embeddings e left join knowledge_spaces l on l.org = e.org and l.id = e.live
    left join knowledge_spaces f on f.org = e.org and f.id = e.filling
    where e.org = ${org}`.execute(db);
  return rows.map(({ next, ...row }) => ({ ...row, ...(next === null ? {} : { next }) }));
}

/** How many passages of a collection have no vector yet in the space that is searched; none where it has none. */
export async function countPending(db: Db, org: OrgId, collection: number): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from knowledge_embeddings e
    join knowledge_chunks c on c.org = e.org and c.collection = e.collection
    where e.org = ${org} and e.collection = ${collection} and e.live is not null and not exists (
      select from knowledge_vectors v where v.org = c.org and v.chunk = c.id and v.space = e.live
    )`.execute(db);
  return rows[0]?.count ?? 0;
}
