import type { Inverted } from './inverted.ts';
import type { Concept, ReadQuery } from './query.ts';
import type { Action } from './verbs.ts';
import type { View } from './view.ts';
import { rankWeights } from './weights.ts';

/** A tool by its number, and how well it answers. */
export interface Ranked {
  tool: number;
  score: number;
}

export interface Ranker {
  /** Scores every tool that is open and has anything that the query asks for. In no order. */
  rank(query: ReadQuery, view: View): Ranked[];
}

export function createRanker(inverted: Inverted): Ranker {
  const count = inverted.tools.length;
  const room = () => new Float64Array(count);
  // One search at a time: their room is used again.
  const scratch = { total: room(), covered: room(), head: room(), best: room(), bestHead: room(), object: room() };
  return { rank: (query, view) => rank(query, inverted, view, scratch) };
}

type Scratch = Record<'total' | 'covered' | 'head' | 'best' | 'bestHead' | 'object', Float64Array>;

function rank(query: ReadQuery, inverted: Inverted, view: View, scratch: Scratch): Ranked[] {
  const { total, covered, head, best, bestHead, object } = scratch;
  const count = inverted.tools.length;
  for (const sum of [total, covered, head, object]) sum.fill(0);
  let mass = 0;

  for (const { terms, weight: place, isObject, isAside } of query.concepts) {
    const least = isObject ? rankWeights.object : 0;
    best.fill(0);
    bestHead.fill(0);
    let most = 0;
    const shared = sharedRarity(terms, view);
    for (const { term, weight } of terms) {
      const postings = inverted.terms.get(term);
      if (!postings) continue;
      const rarity = view.rarityOf(term);
      const worth = weight * Math.max(least, weight === 1 ? rarity : sharing(rarity, shared));
      most = Math.max(most, worth);
      for (let at = 0; at < postings.tools.length; at++) {
        const tool = postings.tools[at] ?? 0;
        const score = worth * (postings.impacts[at] ?? 0);
        if (score > (best[tool] ?? 0)) best[tool] = score;
        if (postings.heads[at] === 1 && worth > (bestHead[tool] ?? 0)) bestHead[tool] = worth;
      }
    }
    mass += most * place;
    for (let tool = 0; tool < count; tool++) {
      const score = best[tool] ?? 0;
      if (score === 0 || (isAside && total[tool] === 0)) continue;
      total[tool] = (total[tool] ?? 0) + score * place;
      covered[tool] = (covered[tool] ?? 0) + Math.min(most, score) * place;
      head[tool] = (head[tool] ?? 0) + (bestHead[tool] ?? 0);
      if (isObject) object[tool] = (bestHead[tool] ?? 0) / most;
    }
  }

  const ranked: Ranked[] = [];
  for (const [tool, { action, isDeprecated }] of inverted.tools.entries()) {
    const score = total[tool] ?? 0;
    if (score === 0 || !view.isOpen(tool)) continue;
    const precision = Math.min(1, (head[tool] ?? 0) / Math.max(1, view.headMassOf(tool)));
    const coverage = (covered[tool] ?? 0) / mass;
    const fit = 1 + (fitOf(query.action, action) - 1) * query.certainty;
    ranked.push({
      tool,
      score:
        score *
        (1 + rankWeights.precision * precision) *
        (1 - rankWeights.coverage * (1 - coverage)) *
        fit *
        (1 + rankWeights.objectInName * (object[tool] ?? 0)) *
        (isDeprecated ? rankWeights.deprecated : 1),
    });
  }
  return ranked;
}

/** The best `count` of what is ranked, best first, equals in the order of their numbers. */
export function bestOf(ranked: readonly Ranked[], count: number): Ranked[] {
  const best: Ranked[] = [];
  for (const each of ranked) {
    const last = best[count - 1];
    if (last && !isBetter(each, last)) continue;
    let low = 0;
    let high = best.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = best[middle];
      if (other && isBetter(other, each)) low = middle + 1;
      else high = middle;
    }
    best.splice(low, 0, each);
    if (best.length > count) best.pop();
  }
  return best;
}

function isBetter(one: Ranked, other: Ranked): boolean {
  return one.score > other.score || (one.score === other.score && one.tool < other.tool);
}

function sharedRarity(terms: Concept['terms'], view: View): number {
  const same = terms.filter(({ weight }) => weight >= rankWeights.sameFrom);
  return Math.min(...same.map(({ term }) => view.rarityOf(term)));
}

/** The query's own word is as rare as it is; one that means the same is less so when another of them is common. */
function sharing(rarity: number, shared: number): number {
  return Math.min(rarity, Math.sqrt(rarity * shared));
}

function fitOf(wanted: Action, offered: Action | undefined): number {
  if (offered === undefined) return 1;
  if (wanted === offered) return rankWeights.sameAction;
  const both = [wanted, offered];
  if (both.includes('run') || both.includes('stop')) return rankWeights.runOrStop;
  if (both.includes('delete')) return rankWeights.otherThanDelete;
  return both.includes('read') ? rankWeights.otherThanRead : 1;
}
