import { hash } from 'node:crypto';
import type { Reach } from '../collections/store.ts';
import { type Filters, queryWords } from '../lexical/index.ts';
import type { Asker } from './asker.ts';
import { createRankingCache } from './cache.ts';
import { partsOf } from './decompose.ts';
import { createRetrieval, type Retrieval, type RetrievalDeps, type Retrieved } from './retrieve.ts';

export interface RankingDeps extends RetrievalDeps {
  /** The question as a vector, to know it again in other words; undefined without a model. */
  vectorOf?(question: string, signal: AbortSignal): Promise<Float32Array | undefined>;
  /** The questions that a question consists of, by a model; undefined where it does not answer. */
  split?(question: string, signal: AbortSignal): Promise<string[] | undefined>;
}

export interface Ask {
  query: string;
  reach: Reach;
  filters?: Filters;
  /** Passages at most. */
  depth: number;
  /** The query is the text of a passage: it is not taken apart, and what is found for it not remembered. */
  isPassage?: boolean;
  /** No model is to see the query: words alone decide. */
  byWords?: boolean;
  /** When it was asked first, in milliseconds that only grow. */
  arrived: number;
}

export interface Ranking {
  ranked: Retrieved[];
  /** Of a question that consists of several: each with how sure it is that its best passage answers it. */
  parts: { question: string; confidence: number }[];
}

/** What was made while a model did not answer is not remembered. */
type Made = Ranking & Pick<Retrieval, 'isWhole'>;

/** The passages for a question, best first: by itself, by the questions that it consists of, or as it was asked before. */
export function createRanking(deps: RankingDeps) {
  const { settings, vectorOf, split } = deps;
  const retrieve = createRetrieval(deps);
  const cache = createRankingCache<Ranking>(() => settings().cache);

  const questionsIn = async (question: string, signal: AbortSignal): Promise<string[]> => {
    const { decompose } = settings();
    const byRule = decompose === 'off' ? [question] : partsOf(question);
    if (byRule.length > 1 || decompose !== 'model') return byRule;
    return (await split?.(question, signal)) ?? byRule;
  };

  const make = async (asker: Asker, { query, reach, isPassage, ...ask }: Ask, signal: AbortSignal): Promise<Made> => {
    const collections = reach.collections.map(({ id }) => id);
    const find = (question: string) => retrieve(asker, { ...ask, query: question, collections }, signal);
    const questions = isPassage ? [query] : await questionsIn(query, signal);
    const whole = await find(query);
    if (questions.length < 2) return { ranked: whole.ranked, parts: [], isWhole: whole.isWhole };
    const found: Retrieval[] = [];
    for (const question of questions) found.push(await find(question)); // each takes a connection
    const parts = questions.map((question, at) => ({ question, confidence: found[at]?.ranked[0]?.confidence ?? 0 }));
    const ranked = inTurn([whole, ...found].map((one) => one.ranked)).slice(0, ask.depth);
    return { ranked, parts, isWhole: [whole, ...found].every((one) => one.isWhole) };
  };

  return async function rank(asker: Asker, ask: Ask, signal: AbortSignal): Promise<Ranking> {
    if (ask.reach.collections.length === 0) return { ranked: [], parts: [] };
    const { cache: limits } = settings();
    // What was seen to be current changes without a change of the collection.
    if (limits.entries === 0 || ask.filters?.confirmedSince || ask.isPassage) return await make(asker, ask, signal);
    const vector = await vectorOf?.(ask.query, signal);
    const scope = scopeOf(asker, ask, settings(), vector !== undefined);
    const known = cache.find(scope, ask.query, vector);
    if (known?.isSame) return known.ranking;
    // Whoever asks in other words is told of none that somebody else used.
    if (known && known.ranking.parts.length === 0)
      return { ranked: known.ranking.ranked.map(inWordsOf(ask.query)), parts: [] };
    const made = await make(asker, ask, signal);
    if (made.isWhole) cache.keep(scope, ask.query, made, vector);
    return made;
  };
}

function inWordsOf(query: string): (one: Retrieved) => Retrieved {
  const words = new Set(queryWords(query));
  return (one) => ({ ...one, matched: one.matched.filter((word) => words.has(word)) });
}

/** Everything beside the question that decides what is found; `isKnown`, whether its meaning is known. */
function scopeOf({ org }: Asker, { reach, filters, depth }: Ask, settings: object, isKnown: boolean): string {
  const collections = reach.collections.map(({ id, version }) => [id, version]);
  return hash('sha256', JSON.stringify([org, reach.audiences, collections, filters, depth, settings, isKnown]));
}

/** The first of each, then the second of each, and so on; each passage where it comes first. */
function inTurn(rankings: readonly Retrieved[][]): Retrieved[] {
  const longest = Math.max(...rankings.map(({ length }) => length));
  const all = new Map<number, Retrieved>();
  for (let at = 0; at < longest; at++)
    for (const ranking of rankings) {
      const one = ranking[at];
      if (!one) continue;
      const known = all.get(one.chunkId);
      // What it is for a part of the question counts, too.
      if (!known) all.set(one.chunkId, one);
      else if (one.confidence > known.confidence)
        all.set(one.chunkId, { ...known, confidence: one.confidence, matched: one.matched });
    }
  return [...all.values()];
}
