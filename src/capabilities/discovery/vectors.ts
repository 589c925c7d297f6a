import { bestOf, type Ranked } from './rank.ts';

type Vector = ArrayLike<number>;

const most = 100;
const rankOffset = 60; // how little the first places differ: the usual constant of reciprocal rank fusion

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

/** Two rankings as one, by the places in them alone: their scores have no common measure. */
export function fused(one: readonly Ranked[], other: readonly Ranked[]): Ranked[] {
  const scores = new Map<number, number>();
  for (const ranking of [one, other])
    for (const [place, { tool }] of ranking.entries())
      scores.set(tool, (scores.get(tool) ?? 0) + 1 / (rankOffset + place + 1));
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
