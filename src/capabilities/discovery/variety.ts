import type { Inverted } from './inverted.ts';
import type { Ranked } from './rank.ts';
import { rankWeights } from './weights.ts';

/**
 * The first `limit` of what is ranked, best first. What resembles a better one moves down a little, so that the few
 * places are not taken by one tool in five variants.
 */
export function varied(ranked: readonly Ranked[], limit: number, inverted: Inverted): Ranked[] {
  const left = ranked.map((each) => ({ ...each, likeness: 0 }));
  const scoreOf = (each: (typeof left)[number]) => each.score * (1 - rankWeights.alike * each.likeness);
  const picked: Ranked[] = [];
  while (picked.length < limit && left.length > 0) {
    let best = 0;
    for (const [at, each] of left.entries()) {
      const first = left[best];
      if (first && scoreOf(each) > scoreOf(first)) best = at;
    }
    const [chosen] = left.splice(best, 1);
    if (!chosen) break;
    picked.push({ tool: chosen.tool, score: scoreOf(chosen) });
    for (const each of left) each.likeness = Math.max(each.likeness, likeness(inverted, chosen.tool, each.tool));
  }
  return picked;
}

/** The share of words that the names and titles of two tools have in common, if they do the same. */
function likeness({ tools }: Inverted, one: number, other: number): number {
  const [a, b] = [tools[one], tools[other]];
  if (!a || !b || a.action !== b.action) return 0;
  let both = 0;
  for (const term of a.head) if (b.head.has(term)) both++;
  const share = both / (a.head.size + b.head.size - both || 1);
  return share < rankWeights.alikeFrom ? 0 : share;
}
