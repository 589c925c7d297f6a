import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';
import type { Filters } from '../documents/filters/store.ts';
import type { Sealing } from '../sealing/index.ts';
import { createScores, idfOf, type LexicalSettings, type Totals } from './bm25.ts';
import { type Features, featuresOf } from './features.ts';
import { type FeedbackSettings, feedbackTerms, mostCommon } from './feedback.ts';
import { countOf, type TermPostings } from './postings.ts';
import { proximityOf } from './proximity.ts';
import { parseQuery, type QueryTerm, queryWords } from './query.ts';
import { createCandidates, type Found } from './reading/candidates.ts';
import { gatherMatter, lexemesOf } from './reading/gather.ts';
import type { KnownLexemes } from './reading/store.ts';
import { Torn } from './reading/torn.ts';
import { readSealedPostings, type SealedScope } from './sealed.ts';
import { shareOf } from './share.ts';
import type { Stems } from './stems.ts';

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
  /** What speaks for its answering the query. */
  features: Features;
}

/** So many of the best by their words are looked at for words that stand together. */
const looked = 50;
/** With words in quotes more are. */
const lookedForQuotes = 500;
/** So often a search is begun again when documents are replaced under it. */
const mostTries = 3;

/**
 * What is found is of one moment: a document that is replaced meanwhile is found as it was, or as it is. A chunk never
 * changes, so postings of one moment and chunks of a later one are as good as one snapshot, as long as no chunk is missed;
 * where one is, it is asked again. That spares the statements of a transaction, in which the embedded database would serve
 * nobody else. After some tries, and with feedback, there is one.
 */
export async function searchLexical(
  db: Db,
  org: OrgId,
  search: LexicalSearch,
  { stems, known, sealing }: { stems: Stems; known: KnownLexemes; sealing?: Sealing | undefined },
): Promise<LexicalHit[]> {
  const seals = (await sealing?.of(db, org, search.collections)) ?? new Map();
  const scope: SealedScope = { org, collections: search.collections, subjects: search.subjects, seals, known };
  if (db.isTransaction) return await searchWithin(db, scope, search, stems, true);
  for (let tried = 0; !search.feedback && tried < mostTries; tried++) {
    try {
      return await searchWithin(db, scope, search, stems, false);
    } catch (error) {
      if (!(error instanceof Torn)) throw error;
    }
  }
  return await db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute((trx) => searchWithin(trx, scope, search, stems, true));
}

/** @throws Torn unless `isSnapshot` */
async function searchWithin(
  db: Db,
  scope: SealedScope,
  search: LexicalSearch,
  stems: Stems,
  isSnapshot: boolean,
): Promise<LexicalHit[]> {
  const { query: text, limit, settings, feedback, filters = {} } = search;
  const words = queryWords(text);
  if (words.length === 0 || limit < 1) return [];
  const stemsOf = await stems.every(db, new Set(words));
  const matter = await gatherMatter(db, scope, words, stemsOf, (languages) =>
    parseQuery(
      text,
      languages.map((language) => stemsOf[language]),
    ),
  );
  if (!matter) return [];
  const { totals, query, postings } = matter;

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
  const candidates = createCandidates(db, scope, { filters, isSnapshot, terms: lexemesOf(query.terms) });
  const rank = async () => {
    const best = await candidates.passing(scores.best, depth);
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
  const share = shareOf(stemsOf, { terms: query.terms, words }, frequency, totals.chunks);
  const features = featuresOf(query, share, frequency, totals.chunks);
  return best.slice(0, limit).map(({ chunkId, score, places }) => {
    const terms = query.terms.filter((term) => term.lexemes.some((one) => places.has(one)));
    return { chunkId, score, matched: terms.map(({ word }) => word), share: share(terms), features: features(places) };
  });
}

async function expansion(
  db: Db,
  scope: SealedScope,
  ranked: readonly Found[],
  feedback: FeedbackSettings,
  { chunks }: Totals,
  known: ReadonlyMap<string, TermPostings>,
): Promise<[postings: TermPostings, part: number][]> {
  const candidates = feedbackTerms(ranked.slice(0, feedback.chunks), feedback);
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

const countIn = (postings: ReadonlyMap<string, TermPostings>, term: string): number => {
  const found = postings.get(term);
  return found ? countOf(found) : 0;
};
