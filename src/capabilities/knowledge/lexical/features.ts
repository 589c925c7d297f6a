import { idfOf } from './bm25.ts';
import type { QueryPair, QueryTerm } from './query.ts';

/**
 * What of a query a chunk has: what can be told at little cost about whether it answers. Words count by what they tell (their
 * inverse document frequency), those that only look like the query's by half.
 */
export interface Features {
  /** Of all that the query's words tell, the part that the chunk has. */
  share: number;
  /** The part of which stands within two or three sentences. */
  window: number;
  /** Of the words that follow each other in the query, the part that is close together in the chunk. */
  phrase: number;
  /**
   * How little it can be chance, in nats: what the words that it has tell together, less the logarithm of the number of
   * chunks. Were words to fall independently, e to the power of it would be how many collections of this size it takes for
   * one chunk to have these words by chance.
   */
  surprise: number;
}

/** Words from the first to the last of those that stand near each other. */
const windowWords = 40;
/** As for the score: see proximity.ts. */
const closeWords = 5;
const nearPart = 0.5;
/** As for the share: see share.ts. */
const fewest = 1_000;

/** For one query; `share` tells which of its terms count. */
export function featuresOf(
  { terms, pairs }: { terms: readonly QueryTerm[]; pairs: readonly QueryPair[] },
  share: (matched: readonly QueryTerm[]) => number,
  frequency: (term: QueryTerm) => number,
  chunks: number,
): (places: ReadonlyMap<string, readonly number[]>) => Features {
  const telling = terms.filter((term) => share([term]) > 0);
  const worth = new Map(telling.map((term) => [term, idfOf(frequency(term), Math.max(chunks, fewest))]));
  const worthOf = (term: QueryTerm) => (worth.get(term) ?? 0) * (term.isNear ? nearPart : 1);
  const all = sum(worth.values());
  const pairWorth = ({ first, second }: QueryPair) => Math.min(worth.get(first) ?? 0, worth.get(second) ?? 0);
  const allPairs = sum(pairs.map(pairWorth));

  return (places) => {
    if (all === 0) return { share: 0, window: 0, phrase: 0, surprise: -Math.log(Math.max(1, chunks)) };
    const found = new Map<QueryTerm, number[]>();
    for (const term of telling) {
      const at = term.lexemes.flatMap((lexeme) => places.get(lexeme) ?? []);
      if (at.length > 0) found.set(term, at);
    }
    const has = sum([...found.keys()].map(worthOf));
    const close = pairs.filter(({ first, second }) => areClose(found.get(first), found.get(second)));
    return {
      share: has / all,
      window: bestWindow(found, worthOf) / all,
      phrase: allPairs === 0 ? has / all : sum(close.map(pairWorth)) / allPairs,
      surprise: has - Math.log(Math.max(1, chunks)),
    };
  };
}

function areClose(some: readonly number[] = [], others: readonly number[] = []): boolean {
  return some.some((one) => others.some((other) => one !== other && Math.abs(one - other) <= closeWords));
}

/** The most that the words of one window are worth together. */
function bestWindow(found: ReadonlyMap<QueryTerm, readonly number[]>, worth: (term: QueryTerm) => number): number {
  const stands = [...found].flatMap(([term, at]) => at.map((place) => ({ term, place })));
  stands.sort((a, b) => a.place - b.place);
  const within = new Map<QueryTerm, number>();
  let has = 0;
  let most = 0;
  let start = 0;
  const count = (term: QueryTerm, more: number) => {
    const before = within.get(term) ?? 0;
    within.set(term, before + more);
    if (before === 0) has += worth(term);
    if (before + more === 0) has -= worth(term);
  };
  for (const { term, place } of stands) {
    count(term, 1);
    for (let first = stands[start]; first && place - first.place > windowWords; first = stands[start]) {
      count(first.term, -1);
      start++;
    }
    most = Math.max(most, has);
  }
  return most;
}

function sum(values: Iterable<number>): number {
  let all = 0;
  for (const value of values) all += value;
  return all;
}
