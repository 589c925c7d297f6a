import { type RawBuilder, sql } from 'kysely';
import { storable } from '../../../../kernel/json.ts';
import type { OrgId } from '../../../../kernel/principal.ts';
import { type Db, prepared } from '../../../../platform/db/index.ts';
import { audiencesOf } from '../../collections/store.ts';
import { documentConditions, type Filters } from '../../documents/filters/store.ts';
import type { Remembered } from '../../remembered.ts';
import type { Language } from '../../types.ts';
import { postingBytes, type TermPostings } from '../postings.ts';

/** Who asks, and where: every statement that reads for a search is restricted by both. */
export interface Scope {
  org: OrgId;
  collections: readonly number[];
  subjects: readonly string[];
}

export interface LanguageTotals {
  language: Language;
  chunks: number;
  bodyLength: number;
}

/** What a search is computed from, all of one moment. */
export interface Matter {
  /** What there is to be searched, by language, in their order. */
  totals: LanguageTotals[];
  postings: Map<string, TermPostings>;
}

const audiences = ({ org, subjects }: Scope): RawBuilder<unknown> =>
  // An array, not a join: the index on (org, collection, term, audience) is then used whatever the planner believes.
  sql`any(array${audiencesOf(org, subjects.map(storable))})`;

/**
 * The totals of what the caller may read, and the postings of each term that has any. As base64, which is half again shorter
 * than what Postgres makes of bytes by itself.
 */
export async function readMatter(db: Db, scope: Scope, terms: readonly string[]): Promise<Matter> {
  const { rows } = await sql<{ key: string; chunks: string | null; bodyLength: string; postings: string }>`${prepared}
    select language as key, sum(chunks)::text as chunks, sum(body_length)::text as "bodyLength", null as postings
    from knowledge_lexical_totals
    where org = ${scope.org} and collection = any(${scope.collections}::bigint[]) and audience = ${audiences(scope)}
    group by language having sum(chunks) > 0
    union all
    select term, null, null, ${gathered} from knowledge_postings
    where org = ${scope.org} and collection = any(${scope.collections}::bigint[]) and term = any(${terms}::text[])
      and audience = ${audiences(scope)}
    group by term`.execute(db);
  const totals: LanguageTotals[] = [];
  const postings: Matter['postings'] = new Map();
  for (const row of rows) {
    const { key, chunks, bodyLength } = row;
    if (chunks === null) postings.set(key, Buffer.from(row.postings, 'base64'));
    else totals.push({ language: key as Language, chunks: Number(chunks), bodyLength: Number(bodyLength) });
  }
  return { totals: totals.sort((a, b) => (a.language < b.language ? -1 : 1)), postings };
}

const gathered = sql`
  encode(string_agg(int4send(block) || int4send(octet_length(postings)) || postings, ''), 'base64')`;

/** The postings of each term that has any, but for those that stand in more chunks than `most`. */
export async function readPostings(
  db: Db,
  scope: Scope,
  terms: readonly string[],
  most: number,
): Promise<Map<string, TermPostings>> {
  const { rows } = await sql<{ term: string; postings: string }>`${prepared}
    select term, ${gathered} as postings from knowledge_postings
    where org = ${scope.org} and collection = any(${scope.collections}::bigint[]) and term = any(${terms}::text[])
      and audience = ${audiences(scope)}
    group by term having sum(octet_length(postings)) <= ${most * postingBytes}::bigint`.execute(db);
  return new Map(rows.map(({ term, postings }) => [term, Buffer.from(postings, 'base64')]));
}

/** A chunk that may be given. */
export interface Candidate {
  chunk: number;
  collection: number;
  /** Whether the filters let it through. */
  passes: boolean;
  /** Empty where they do not. */
  lexemes: string;
}

/** Lexemes of chunks, which never change, as they are kept. */
export type KnownLexemes = Remembered<string>;

/**
 * Those of the chunks that there are and that the caller may read. Lexemes come as they are: to take the places of a few
 * words out of them is quicker here than in the database. Only of those that pass and are not known yet: where a filter lets next to nothing through,
 * all that has a word is looked at, which would be much of the collection at once.
 */
export async function readCandidates(
  db: Db,
  scope: Scope,
  chunks: readonly number[],
  filters: Filters,
  known: KnownLexemes,
): Promise<Candidate[]> {
  const { org } = scope;
  // Held from here on, whatever is forgotten meanwhile.
  const lexemesOf = new Map(chunks.map((chunk) => [chunk, known.get(org, chunk)]));
  const unknown = chunks.filter((chunk) => lexemesOf.get(chunk) === undefined);
  const { rows } = await sql<Omit<Candidate, 'lexemes'> & { lexemes: string | null }>`${prepared}
    select chunk, collection, passes,
      case when passes and chunk = any(${unknown}::int[]) then lexemes end as lexemes
    from (
      select l.chunk, l.collection::int as collection, ${passes(filters)} as passes, l.lexemes from knowledge_lexemes l
      where l.org = ${org} and l.chunk = any(${chunks}::int[])
        and l.collection = any(${scope.collections}::bigint[]) and l.audience = ${audiences(scope)}
      offset 0 -- so that the filters are not worked out twice
    ) as found`.execute(db);
  return rows.map((row) => {
    const { chunk, passes, lexemes } = row;
    if (!passes) return { ...row, lexemes: '' };
    if (lexemes !== null) known.keep(org, chunk, lexemes);
    return { ...row, lexemes: lexemes ?? lexemesOf.get(chunk) ?? '' };
  });
}

function passes(filters: Filters): RawBuilder<unknown> {
  const { languages } = filters;
  const ofChunk = languages ? sql`l.language = any(${languages}::text[])` : sql`true`;
  const ofDocument = documentConditions(filters);
  if (ofDocument.length === 0) return ofChunk;
  return sql`(${ofChunk} and exists (
    select from knowledge_documents d where d.org = l.org and d.id = l.document and ${sql.join(ofDocument, sql` and `)}
  ))`;
}

/**
 * Terms that look like the words and stand in what the caller may read, the most similar first. Organisation and collection
 * are no plain columns here, and the postings no join: where the tables were never analysed, as in a young embedded database,
 * the planner would otherwise go through every term of the collection, and through all postings for each of them.
 */
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
      where t.org || '' = ${scope.org} and t.collection + 0 = any(${scope.collections}::bigint[])
        and t.term % n.word and similarity(t.term, n.word) >= ${least}::real
        and (
          select true from knowledge_postings p
          where p.org = t.org and p.collection = t.collection and p.term = t.term and p.audience = ${audiences(scope)}
          limit 1
        )
      group by t.term order by similarity desc, t.term limit 10
    ) as t`.execute(db);
  return rows;
}
