import { bestOf, type Ranked } from './rank.ts';

type Vector = ArrayLike<number>;

const most = 100;
const nearWeight = 0.4;

/** Tools by the nearness of their embedding to the query's, nearest first. */
export function nearestTools(
  query: Vector,
  vectors: readonly (Vector | undefined)[],
  isOpen: (tool: number) => boolean,
): Ranked[] {
  const found: Ranked[] = [];
  for (const [tool, vector] of vectors.entries()) {
    if (vector === undefined || vector.length !== query.length || !isOpen(tool)) continue;
    const score = cosine(query, vector);
    if (score > 0) found.push({ tool, score });
  }
  return bestOf(found, most);
}

/**
 * Two rankings as one, by their scores as shares of the best. Words count for more: people name things, and a weak model
 * does no harm this way (by places alone it did, in `bench:discovery`).
 */
export function fused(words: readonly Ranked[], near: readonly Ranked[]): Ranked[] {
  const scores = new Map<number, number>();
  const add = (ranking: readonly Ranked[], weight: number) => {
    const best = ranking[0]?.score ?? 1;
    for (const { tool, score } of ranking) scores.set(tool, (scores.get(tool) ?? 0) + (weight * score) / best);
  };
  add(words, 1);
  add(near, nearWeight);
  return [...scores].map(([tool, score]) => ({ tool, score }));
}

function cosine(a: Vector, b: Vector): number {
  let product = 0;
  let lengthA = 0;
  let lengthB = 0;
  for (let at = 0; at < a.length; at++) {
    const [x = 0, y = 0] = [a[at], b[at]];
    product += x * y;
    lengthA += x * x;
    lengthB += y * y;
  }
  const score = product / Math.sqrt(lengthA * lengthB);
  return Number.isFinite(score) ? score : 0;
}
