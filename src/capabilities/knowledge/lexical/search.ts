import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';
import type { Sealing } from '../sealing/index.ts';
import { createScores, idfOf, type LexicalSettings, type Ranked, type Totals } from './bm25.ts';
import { type FeedbackSettings, feedbackTerms, mostCommon } from './feedback.ts';
import { isNear, leastSimilar, nearWeight, shortestNear } from './near.ts';
import { countOf, type TermPostings } from './postings.ts';
import { proximityOf } from './proximity.ts';
import { parseQuery, type QueryTerm, queryWords } from './query.ts';
import { readSealedLexemes, readSealedPlaces, readSealedPostings, type SealedScope } from './sealed.ts';
import { shareOf } from './share.ts';
import type { Stems } from './stems.ts';
import { type Filters, readSimilarTerms, readTotals } from './store.ts';

export interface LexicalSearch {
  collections: readonly number[];
  subjects: readonly string[];
  query: string;
  limit: number;
  settings: LexicalSettings;
  /** Asks again with the words that the best chunks share; better for questions, worse for names. */
  feedback?: FeedbackSettings;
  filters?: Filters;
}

export interface LexicalHit {
  chunkId: number;
  score: number;
  /** The words of the query that it has, as the query has them. */
  matched: string[];
  /** How much of what the query asks for it has, from 0 to 1. */
  share: number;
}

/** Where the terms of the query stand in chunks that may be given. */
type Known = Map<number, ReadonlyMap<string, number[]>>;
type Found = Ranked & { places: ReadonlyMap<string, number[]> };

/** So many of the best by their words are looked at for words that stand together. */
const looked = 50;
/** With words in quotes more are. */
const lookedForQuotes = 500;
/** Where filters let too few through, so many times more are looked at next. */
const growth = 8;

/** Within one snapshot, so that a document that is replaced meanwhile is found as it was, or as it is. */
export function searchLexical(
  db: Db,
  org: OrgId,
  search: LexicalSearch,
  stems: Stems,
  sealing?: Sealing,
): Promise<LexicalHit[]> {
  if (db.isTransaction) return searchWithin(db, org, search, stems, sealing);
  return db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute((trx) => searchWithin(trx, org, search, stems, sealing));
}

async function searchWithin(
  db: Db,
  org: OrgId,
  search: LexicalSearch,
  stems: Stems,
  sealing: Sealing | undefined,
): Promise<LexicalHit[]> {
  const { query: text, limit, settings, feedback, filters = {} } = search;
  const seals = (await sealing?.of(db, org, search.collections)) ?? new Map();
  const scope: SealedScope = { org, collections: search.collections, subjects: search.subjects, seals };
  const words = queryWords(text);
  if (words.length === 0 || limit < 1) return [];
  const byLanguage = await readTotals(db, scope);
  const totals: Totals = {
    chunks: byLanguage.reduce((sum, { chunks }) => sum + chunks, 0),
    bodyLength: byLanguage.reduce((sum, { bodyLength }) => sum + bodyLength, 0),
  };
  if (totals.chunks === 0) return [];
  const stemsOf = await inTurn(byLanguage, ({ language }) => stems(db, language, words));
  const query = parseQuery(text, stemsOf);
  const postings = await readSealedPostings(db, scope, lexemesOf(query.terms), totals.chunks);
  await addNear(db, scope, query.terms, postings, totals.chunks);

  const frequency = (term: QueryTerm) => term.lexemes.reduce((sum, one) => sum + countIn(postings, one), 0);
  const worth = new Map(query.terms.map((term) => [term, term.weight * idfOf(frequency(term), totals.chunks)]));
  const scores = createScores(settings, totals);
  for (const term of query.terms) {
    const found = term.lexemes.flatMap((one) => postings.get(one) ?? []);
    for (const one of found) scores.add(one, term.weight, frequency(term));
  }
  const isQuoted = query.pairs.some((pair) => pair.isQuoted);
  const depth = Math.max(
    limit,
    query.pairs.length === 0 ? limit : isQuoted ? lookedForQuotes : looked,
    feedback?.chunks ?? 0,
  );
  const known: Known = new Map();
  const rank = async () => {
    const best = await bestPassing(db, scope, scores.best, depth, filters, lexemesOf(query.terms), known);
    const near = ({ places }: Found) =>
      settings.boosts.phrase * proximityOf(places, query.pairs, (term) => worth.get(term) ?? 0, settings.k1);
    return best
      .map((one) => ({ ...one, score: one.score + near(one) }))
      .sort((a, b) => b.score - a.score || a.chunkId - b.chunkId);
  };

  let best = await rank();
  if (feedback && best.length > 0) {
    const weight =
      query.terms.reduce((sum, one) => sum + one.weight, 0) * ((1 - feedback.original) / feedback.original);
    for (const [term, part] of await expansion(db, scope, best, feedback, totals, postings))
      scores.add(term, part * weight);
    best = await rank();
  }
  const share = await shareOf(db, stems, { terms: query.terms, words }, frequency, totals.chunks);
  return best.slice(0, limit).map(({ chunkId, score, places }) => {
    const terms = query.terms.filter((term) => term.lexemes.some((one) => places.has(one)));
    return { chunkId, score, matched: terms.map(({ word }) => word), share: share(terms) };
  });
}

/** The best that the caller may read and the filters let through: exactly as many as asked for, or all that there are. */
async function bestPassing(
  db: Db,
  scope: SealedScope,
  best: (count: number) => Ranked[],
  count: number,
  filters: Filters,
  terms: readonly string[],
  known: Known,
): Promise<Found[]> {
  for (let asked = count; ; asked *= growth) {
    const ranked = best(asked);
    const unknown = ranked.flatMap(({ chunkId }) => (known.has(chunkId) ? [] : [chunkId]));
    if (unknown.length > 0)
      for (const [chunk, places] of await readSealedPlaces(db, scope, unknown, filters, terms))
        known.set(chunk, places);
    const passing = ranked.flatMap((one) => {
      const places = known.get(one.chunkId);
      return places ? [{ ...one, places }] : [];
    });
    if (passing.length >= count || ranked.length < asked) return passing.slice(0, count);
  }
}

/** Words that nothing has stand for those that look like them. */
async function addNear(
  db: Db,
  scope: SealedScope,
  terms: readonly QueryTerm[],
  postings: Map<string, TermPostings>,
  most: number,
): Promise<void> {
  const missing = terms.filter(
    (term) => term.word.length >= shortestNear && !term.lexemes.some((one) => postings.has(one)),
  );
  if (missing.length === 0) return;
  const similar = await readSimilarTerms(db, scope, lexemesOf(missing), leastSimilar);
  const near = similar.filter(({ word, term }) => isNear(word, term));
  for (const term of missing) {
    const instead = near.filter(({ word }) => term.lexemes.includes(word)).map((one) => one.term);
    if (instead.length === 0) continue;
    term.lexemes = [...new Set(instead)];
    term.weight *= nearWeight;
  }
  const found = await readSealedPostings(
    db,
    scope,
    near.map(({ term }) => term),
    most,
  );
  for (const [term, one] of found) postings.set(term, one);
}

async function expansion(
  db: Db,
  scope: SealedScope,
  ranked: readonly Ranked[],
  feedback: FeedbackSettings,
  { chunks }: Totals,
  known: ReadonlyMap<string, TermPostings>,
): Promise<[postings: TermPostings, part: number][]> {
  const best = ranked.slice(0, feedback.chunks);
  const lexemes = await readSealedLexemes(
    db,
    scope,
    best.map(({ chunkId }) => chunkId),
  );
  const candidates = feedbackTerms(
    best.map(({ chunkId, score }) => ({ score, lexemes: lexemes.get(chunkId) ?? '' })),
    feedback,
  );
  const most = Math.floor(Math.max(feedback.chunks, chunks * mostCommon));
  const unknown = candidates.flatMap(([term]) => (known.has(term) ? [] : [term]));
  const postings = new Map([...known, ...(await readSealedPostings(db, scope, unknown, most))]);
  const chosen = candidates.flatMap(([term, probability]) => {
    const found = postings.get(term);
    return found && countOf(found) <= most ? [[found, probability] as [TermPostings, number]] : [];
  });
  const kept = chosen.slice(0, feedback.terms);
  const sum = kept.reduce((all, [, probability]) => all + probability, 0);
  return kept.map(([found, probability]) => [found, probability / sum]);
}

const lexemesOf = (terms: readonly QueryTerm[]): string[] => [...new Set(terms.flatMap(({ lexemes }) => lexemes))];

const countIn = (postings: ReadonlyMap<string, TermPostings>, term: string): number => {
  const found = postings.get(term);
  return found ? countOf(found) : 0;
};

async function inTurn<T, R>(list: readonly T[], work: (one: T) => Promise<R>): Promise<R[]> {
  const done: R[] = [];
  for (const one of list) done.push(await work(one));
  return done;
}
