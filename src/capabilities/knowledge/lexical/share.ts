import type { Language } from '../types.ts';
import { askingWords } from './asking.ts';
import { idfOf } from './bm25.ts';
import type { QueryTerm } from './query.ts';
import type { StemByLanguage } from './stems.ts';

const languages: readonly Language[] = ['english', 'german', 'french', 'spanish'];
/** In a collection of a dozen passages no word is rare yet: words are weighed as if there were so many. */
const fewest = 1_000;

/**
 * How much of what a query asks for a passage has, from 0 to 1: each word counts by what it tells (its inverse document
 * frequency), one that is nowhere as the rarest; the small words of the query's language, and those by which people ask, not at
 * all. So it means the same in every collection, whatever its size and language.
 */
export function shareOf(
  stems: StemByLanguage,
  { terms, words }: { terms: readonly QueryTerm[]; words: readonly string[] },
  frequency: (term: QueryTerm) => number,
  chunks: number,
): (matched: readonly QueryTerm[]) => number {
  const small = smallWords(stems, words);
  const telling = terms.filter(({ word }) => !small.has(word) && !askingWords.has(word));
  // A query of small words alone, such as "to be or not to be", is asked by those.
  const counted = telling.length > 0 ? telling : terms;
  const weights = new Map(counted.map((term) => [term, idfOf(frequency(term), Math.max(chunks, fewest))]));
  const all = sum(weights.values());
  return (matched) => (all === 0 ? 0 : sum(matched.map((term) => weights.get(term) ?? 0)) / all);
}

/** The stop words of the language that has most of them among these words. */
function smallWords(stems: StemByLanguage, words: readonly string[]): ReadonlySet<string> {
  let most = new Set<string>();
  for (const language of languages) {
    const stopped = new Set(words.filter((word) => stems[language](word) === ''));
    if (stopped.size > most.size) most = stopped;
  }
  return most;
}

function sum(values: Iterable<number>): number {
  let all = 0;
  for (const value of values) all += value;
  return all;
}
