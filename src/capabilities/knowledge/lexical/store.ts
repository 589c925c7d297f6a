import { type RawBuilder, sql } from 'kysely';
import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';
import type { Language } from '../types.ts';
import { afterPlaces, beforePlaces, type Lexed, placesOf } from './lex.ts';
import { postingBytes, type TermPostings } from './postings.ts';

/** Who asks, and where: every statement that reads for a search is restricted by both. */
export interface Scope {
  org: OrgId;
  collections: readonly number[];
  subjects: readonly string[];
}

/** Further restrictions; what is left out restricts nothing. */
export interface Filters {
  languages?: readonly Language[];
  /** The URI of the document begins so. */
  uriPrefix?: string;
  changedSince?: Date;
  changedBefore?: Date;
  /** All of it stands in the document's metadata. */
  metadata?: Record<string, string | number | boolean>;
  /** Its source was seen to have it so at this time or later. */
  confirmedSince?: Date;
}

export interface PostingRow {
  term: string;
  audience: number;
  block: number;
  postings: Buffer;
}

export interface RemovedChunk {
  chunk: number;
  audience: number;
  language: Language;
  bodyLength: number;
  lexemes: string;
}

export interface AudienceTotals {
  audience: number;
  language: Language;
  chunks: number;
  bodyLength: number;
}

const rowsAtOnce = 5_000;

const audiencesOf = ({ org, subjects }: Scope): RawBuilder<unknown> =>
  // An array, not a join: the index on (org, collection, term, audience) is then used whatever the planner believes.
  sql`any(array(select id from knowledge_audiences where org = ${org} and subjects && ${subjects.map(storable)}::text[]))`;

/** Whoever writes into the index of a collection takes turns until the end of the transaction. */
export async function lockCollection(db: Db, org: OrgId, collection: number): Promise<boolean> {
  const { rows } = await sql`select 1 from knowledge_collections where org = ${org} and id = ${collection}
    for no key update`.execute(db);
  return rows.length > 0;
}

/** In the order of the words: the lexeme by Postgres's dictionary, empty for stop words. */
export async function lexize(db: Db, language: Language, words: readonly string[]): Promise<string[]> {
  const lexemes: string[] = [];
  for (let start = 0; start < words.length; start += rowsAtOnce) {
    const { rows } = await sql<{ lexeme: string }>`
      select case when lexemes is null then word else coalesce(lexemes[1], '') end as lexeme
      from (
        select place, word, ts_lexize(${`pg_catalog.${language}_stem`}::regdictionary, word) as lexemes
        from unnest(${words.slice(start, start + rowsAtOnce)}::text[]) with ordinality as w (word, place)
      ) as found order by place`.execute(db);
    for (const { lexeme } of rows) lexemes.push(lexeme);
  }
  return lexemes;
}

export async function insertLexemes(db: Db, org: OrgId, collection: number, lexed: readonly Lexed[]): Promise<void> {
  const entries = lexed.map(({ entry }) => entry);
  await sql`
    insert into knowledge_lexemes (org, chunk, document, collection, audience, language, body_length, lexemes)
    select ${org}, chunk, document, ${collection}::bigint, audience, language, body_length, lexemes
    from unnest(
      ${entries.map(({ chunkId }) => chunkId)}::int[], ${entries.map(({ documentId }) => documentId)}::bigint[],
      ${entries.map(({ audience }) => audience)}::int[], ${entries.map(({ language }) => language)}::text[],
      ${lexed.map(({ bodyLength }) => bodyLength)}::int[], ${lexed.map(({ lexemes }) => lexemes)}::text[]
    ) as t (chunk, document, audience, language, body_length, lexemes)`.execute(db);
}

export async function deleteLexemes(
  db: Db,
  org: OrgId,
  collection: number,
  chunks: readonly number[],
): Promise<RemovedChunk[]> {
  const { rows } = await sql<RemovedChunk>`
    delete from knowledge_lexemes
    where org = ${org} and collection = ${collection} and chunk = any(${chunks}::int[])
    returning chunk, audience, language, body_length as "bodyLength", lexemes`.execute(db);
  return rows;
}

/** Adds to the rows that are there. */
export async function appendPostings(
  db: Db,
  org: OrgId,
  collection: number,
  added: readonly PostingRow[],
  { withTerms }: { withTerms: boolean },
): Promise<void> {
  for (let start = 0; start < added.length; start += rowsAtOnce) {
    const rows = added.slice(start, start + rowsAtOnce);
    await sql`
      insert into knowledge_postings (org, collection, term, audience, block, postings)
      select ${org}, ${collection}::bigint, * from ${unnestPostings(rows)}
      on conflict (org, collection, term, audience, block)
      do update set postings = knowledge_postings.postings || excluded.postings`.execute(db);
    // Terms are looked through for near misses, for which hashes are of no use.
    if (!withTerms) continue;
    await sql`
      insert into knowledge_terms (org, collection, term)
      select distinct ${org}, ${collection}::bigint, term
      from unnest(${rows.map(({ term }) => term)}::text[]) as t (term)
      on conflict do nothing`.execute(db);
  }
}

/** Those of some terms and audiences in some blocks, and perhaps a few more. */
export async function readPostingRows(
  db: Db,
  org: OrgId,
  collection: number,
  { terms, audiences, blocks }: { terms: readonly string[]; audiences: readonly number[]; blocks: readonly number[] },
): Promise<PostingRow[]> {
  const { rows } = await sql<PostingRow>`
    select term, audience, block, postings from knowledge_postings
    where org = ${org} and collection = ${collection} and term = any(${terms}::text[])
      and audience = any(${audiences}::int[]) and block = any(${blocks}::int[])`.execute(db);
  return rows;
}

/** Puts other postings in the place of those that are there; rows without any go, and with its last row its term. */
export async function replacePostings(
  db: Db,
  org: OrgId,
  collection: number,
  changed: readonly PostingRow[],
): Promise<void> {
  const kept = changed.filter(({ postings }) => postings.length > 0);
  const emptied = changed.filter(({ postings }) => postings.length === 0);
  const isSame = sql`p.org = ${org} and p.collection = ${collection} and p.term = n.term
    and p.audience = n.audience and p.block = n.block`;
  await sql`update knowledge_postings p set postings = n.postings
    from ${unnestPostings(kept)} where ${isSame}`.execute(db);
  if (emptied.length === 0) return;
  await sql`delete from knowledge_postings p using ${unnestPostings(emptied)} where ${isSame}`.execute(db);
  await sql`
    delete from knowledge_terms t
    where t.org = ${org} and t.collection = ${collection} and t.term = any(${emptied.map(({ term }) => term)}::text[])
      and not exists (
        select from knowledge_postings p where p.org = t.org and p.collection = t.collection and p.term = t.term
      )`.execute(db);
}

function unnestPostings(rows: readonly PostingRow[]): RawBuilder<unknown> {
  return sql`unnest(
    ${rows.map(({ term }) => term)}::text[], ${rows.map(({ audience }) => audience)}::int[],
    ${rows.map(({ block }) => block)}::int[], ${rows.map(({ postings }) => postings)}::bytea[]
  ) as n (term, audience, block, postings)`;
}

/** `sign` is -1 to take away. */
export async function addTotals(
  db: Db,
  org: OrgId,
  collection: number,
  totals: readonly AudienceTotals[],
  sign: 1 | -1,
): Promise<void> {
  await sql`
    insert into knowledge_lexical_totals as t (org, collection, audience, language, chunks, body_length)
    select ${org}, ${collection}::bigint, audience, language, ${sign}::int * chunks, ${sign}::int * body_length
    from unnest(
      ${totals.map(({ audience }) => audience)}::int[], ${totals.map(({ language }) => language)}::text[],
      ${totals.map(({ chunks }) => chunks)}::int[], ${totals.map(({ bodyLength }) => bodyLength)}::bigint[]
    ) as n (audience, language, chunks, body_length)
    on conflict (org, collection, audience, language) do update
    set chunks = t.chunks + excluded.chunks, body_length = t.body_length + excluded.body_length`.execute(db);
}

/** What there is to be searched, by language. */
export async function readTotals(
  db: Db,
  scope: Scope,
): Promise<{ language: Language; chunks: number; bodyLength: number }[]> {
  const { rows } = await sql<{ language: Language; chunks: string; bodyLength: string }>`
    select language, sum(chunks) as chunks, sum(body_length) as "bodyLength" from knowledge_lexical_totals
    where org = ${scope.org} and collection = any(${scope.collections}::bigint[]) and audience = ${audiencesOf(scope)}
    group by language having sum(chunks) > 0 order by language`.execute(db);
  return rows.map(({ language, chunks, bodyLength }) => ({
    language,
    chunks: Number(chunks),
    bodyLength: Number(bodyLength),
  }));
}

/**
 * The postings of each term that has any, but for those that stand in more chunks than `most`. As base64, which is half
 * again shorter than what Postgres makes of bytes by itself.
 */
export async function readPostings(
  db: Db,
  scope: Scope,
  terms: readonly string[],
  most: number,
): Promise<Map<string, TermPostings>> {
  const { rows } = await sql<{ term: string; postings: string }>`
    select term, 
      encode(string_agg(int4send(block) || int4send(octet_length(postings)) || postings, ''), 'base64') as postings
    from knowledge_postings
    where org = ${scope.org} and collection = any(${scope.collections}::bigint[]) and term = any(${terms}::text[])
      and audience = ${audiencesOf(scope)}
    group by term having sum(octet_length(postings)) <= ${most * postingBytes}::bigint`.execute(db);
  return new Map(rows.map(({ term, postings }) => [term, Buffer.from(postings, 'base64')]));
}

/** Those of the chunks that the caller may read and the filters let through: where each of the terms stands in them. */
export async function readPlaces(
  db: Db,
  scope: Scope,
  chunks: readonly number[],
  filters: Filters,
  terms: readonly string[],
): Promise<Map<number, Map<string, number[]>>> {
  const places = terms.map(
    (term) => sql`split_part(split_part(l.lexemes, ${beforePlaces(term)}, 2), ${afterPlaces}, 1)`,
  );
  const { rows } = await sql<{ chunk: number; places: string }>`
    select l.chunk, ${sql.join(places, sql` || ' ' || `)} as places
    from knowledge_lexemes l where ${isReadable(scope, chunks)} ${passes(filters)}`.execute(db);
  return new Map(
    rows.map(({ chunk, places }) => {
      const each = places.split(' ').map(placesOf);
      return [chunk, new Map(terms.flatMap((term, at) => (each[at]?.length ? [[term, each[at]]] : [])))];
    }),
  );
}

/** Everything that stands in those of the chunks that the caller may read. */
export async function readLexemes(
  db: Db,
  scope: Scope,
  chunks: readonly number[],
): Promise<Map<number, { collection: number; lexemes: string }>> {
  const { rows } = await sql<{ chunk: number; collection: string; lexemes: string }>`
    select l.chunk, l.collection, l.lexemes from knowledge_lexemes l where ${isReadable(scope, chunks)}`.execute(db);
  return new Map(rows.map(({ chunk, collection, lexemes }) => [chunk, { collection: Number(collection), lexemes }]));
}

const isReadable = (scope: Scope, chunks: readonly number[]): RawBuilder<unknown> => sql`
  l.org = ${scope.org} and l.chunk = any(${chunks}::int[])
    and l.collection = any(${scope.collections}::bigint[]) and l.audience = ${audiencesOf(scope)}`;

function passes({
  languages,
  uriPrefix,
  changedSince,
  changedBefore,
  confirmedSince,
  metadata,
}: Filters): RawBuilder<unknown> {
  const ofChunk = languages ? sql`and l.language = any(${languages}::text[])` : sql``;
  const ofDocument = [
    ...(uriPrefix === undefined ? [] : [sql`starts_with(d.uri, ${storable(uriPrefix)})`]),
    ...(changedSince ? [sql`d.changed_at >= ${changedSince}`] : []),
    ...(changedBefore ? [sql`d.changed_at < ${changedBefore}`] : []),
    ...(confirmedSince ? [sql`d.confirmed_at >= ${confirmedSince}`] : []),
    ...(metadata ? [sql`d.metadata @> ${storableMetadata(metadata)}::jsonb`] : []),
  ];
  if (ofDocument.length === 0) return ofChunk;
  return sql`${ofChunk} and exists (
    select from knowledge_documents d where d.org = l.org and d.id = l.document and ${sql.join(ofDocument, sql` and `)}
  )`;
}

/** Terms that look like the words and stand in what the caller may read, the most similar first. */
export async function readSimilarTerms(
  db: Db,
  scope: Scope,
  words: readonly string[],
  least: number,
): Promise<{ word: string; term: string; similarity: number }[]> {
  const { rows } = await sql<{ word: string; term: string; similarity: number }>`
    select n.word, t.term, t.similarity from unnest(${words}::text[]) as n (word)
    cross join lateral (
      select t.term, max(similarity(t.term, n.word)) as similarity from knowledge_terms t
      where t.org = ${scope.org} and t.collection = any(${scope.collections}::bigint[])
        and t.term % n.word and similarity(t.term, n.word) >= ${least}::real
        and exists (
          select from knowledge_postings p
          where p.org = t.org and p.collection = t.collection and p.term = t.term and p.audience = ${audiencesOf(scope)}
        )
      group by t.term order by similarity desc, t.term limit 10
    ) as t`.execute(db);
  return rows;
}

/** Postgres keeps neither a NUL nor half a sign in a text: what has one is equal to nothing that is stored. */
const storable = (text: string): string => text.toWellFormed().replaceAll('\0', '\uFFFD');

const storableMetadata = (metadata: NonNullable<Filters['metadata']>): string =>
  JSON.stringify(
    Object.fromEntries(
      Object.entries(metadata).map(([name, value]) => [
        storable(name),
        typeof value === 'string' ? storable(value) : value,
      ]),
    ),
  );

/** Removes everything of one organisation, or of one of its collections. */
export async function purgeLexical(db: Db, org: OrgId, collection?: number): Promise<void> {
  const within = collection === undefined ? sql`` : sql`and collection = ${collection}`;
  await sql`delete from knowledge_lexemes where org = ${org} ${within}`.execute(db);
  await sql`delete from knowledge_postings where org = ${org} ${within}`.execute(db);
  await sql`delete from knowledge_terms where org = ${org} ${within}`.execute(db);
  await sql`delete from knowledge_lexical_totals where org = ${org} ${within}`.execute(db);
}
