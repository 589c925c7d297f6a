import { type RawBuilder, sql } from 'kysely';
import type { OrgId } from '../../../kernel/principal.ts';
import { type Db, prepared } from '../../../platform/db/index.ts';
import type { Language } from '../types.ts';
import type { Lexed } from './lex.ts';

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

/** In the order of the words: the lexeme of each by Postgres's dictionary for its language, empty for stop words. */
export async function lexize(db: Db, words: readonly { language: Language; word: string }[]): Promise<string[]> {
  const lexemes: string[] = [];
  for (let start = 0; start < words.length; start += rowsAtOnce) {
    const some = words.slice(start, start + rowsAtOnce);
    const { rows } = await sql<{ lexeme: string }>`${prepared}
      select case when lexemes is null then word else coalesce(lexemes[1], '') end as lexeme
      from (
        select place, word, ts_lexize(dictionary::regdictionary, word) as lexemes
        from unnest(
          ${some.map(({ language }) => `pg_catalog.${language}_stem`)}::text[], ${some.map(({ word }) => word)}::text[]
        ) with ordinality as w (dictionary, word, place)
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

/** Removes everything of one organisation, or of one of its collections. */
export async function purgeLexical(db: Db, org: OrgId, collection?: number): Promise<void> {
  const within = collection === undefined ? sql`` : sql`and collection = ${collection}`;
  await sql`delete from knowledge_lexemes where org = ${org} ${within}`.execute(db);
  await sql`delete from knowledge_postings where org = ${org} ${within}`.execute(db);
  await sql`delete from knowledge_terms where org = ${org} ${within}`.execute(db);
  await sql`delete from knowledge_lexical_totals where org = ${org} ${within}`.execute(db);
}
