import type { QueryPair, QueryTerm } from './query.ts';

/** Words further apart have nothing to do with each other. */
const window = 5;
/** Who puts words in quotes wants them together. */
const quotedFactor = 3;

/**
 * What words of the query that stand close to each other add to the score of a chunk (Rasolofo and Savoy, "Term Proximity
 * Scoring for Keyword-Based Retrieval Systems", 2003), for those that follow each other in the query:
 *
 *     sum over the pairs of min(worth of one, worth of the other) * x * (k1 + 1) / (x + k1)
 *     x = sum over their places of 1 / distance²
 *
 * `worth` is the weight of a term times its inverse document frequency.
 */
export function proximityOf(
  placesByTerm: ReadonlyMap<string, number[]>,
  pairs: readonly QueryPair[],
  worth: (term: QueryTerm) => number,
  k1: number,
): number {
  const known = new Map<QueryTerm, number[]>();
  const places = (term: QueryTerm): number[] => {
    const at = known.get(term) ?? term.lexemes.flatMap((lexeme) => placesByTerm.get(lexeme) ?? []);
    known.set(term, at);
    return at;
  };
  let sum = 0;
  for (const { first, second, isQuoted } of pairs) {
    const x = closeness(places(first), places(second));
    if (x === 0) continue;
    const both = Math.min(worth(first), worth(second)) * ((x * (k1 + 1)) / (x + k1));
    sum += isQuoted ? quotedFactor * both : both;
  }
  return sum;
}

function closeness(first: readonly number[], second: readonly number[]): number {
  let x = 0;
  for (const one of first)
    for (const other of second) {
      const distance = Math.abs(one - other);
      if (distance > 0 && distance <= window) x += 1 / (distance * distance);
    }
  return x;
}
