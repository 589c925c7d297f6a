import { searchSettings } from '../../../config/search-schema.ts';
import {
  blockSize,
  bodyOf,
  countOf,
  headingsOf,
  lengthCodeOf,
  lengthsByCode,
  placeIn,
  postingAt,
  postingBytes,
  type TermPostings,
  titleOf,
} from './postings.ts';

export interface Boosts {
  /** What one occurrence in the title counts for, where one in the body counts for 1. */
  title: number;
  headings: number;
  /** What words of the query that stand beside each other add, against what they are worth by themselves. */
  phrase: number;
}

export interface LexicalSettings {
  /** How soon further occurrences count for less. */
  k1: number;
  /** How far long chunks are held to say more only because they are long: 0 not at all, 1 fully. */
  b: number;
  boosts: Boosts;
}

export const defaultLexicalSettings: LexicalSettings = searchSettings.parse({});

/** What the caller may read of the collections that are searched: nothing else enters any figure. */
export interface Totals {
  chunks: number;
  bodyLength: number;
}

export interface Ranked {
  chunkId: number;
  score: number;
}

/** Inverse document frequency in the form that is never negative (Lucene; Robertson and Spärck Jones with 1 added). */
export const idfOf = (chunksWithTerm: number, chunks: number): number =>
  Math.log(1 + (chunks - chunksWithTerm + 0.5) / (chunksWithTerm + 0.5));

/**
 * Sums up BM25 with fields (BM25F, Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009, section 3.6):
 *
 *     score = sum of weight * idf * tf * (k1 + 1) / (tf + k1)
 *     tf    = body / (1 - b + b * length / average) + title boost * title + headings boost * headings
 *
 * Titles and headings are short: their length says nothing and is left out.
 */
export function createScores({ k1, b, boosts }: LexicalSettings, totals: Totals) {
  const average = totals.bodyLength / Math.max(1, totals.chunks) || 1;
  const byLengthCode = Float64Array.from(lengthsByCode, (length) => 1 / (1 - b + (b * length) / average));
  const blocks = new Map<number, Float64Array>();

  return {
    /** The postings of one term, with the weight that the query gives it. */
    add(postings: TermPostings, weight: number, chunksWithTerm = countOf(postings)): void {
      const most = weight * idfOf(chunksWithTerm, totals.chunks) * (k1 + 1);
      for (let at = 0; at < postings.length; ) {
        const block = postings.readInt32BE(at);
        const start = at + 8;
        at = start + postings.readInt32BE(at + 4);
        const scores = blocks.get(block) ?? new Float64Array(blockSize);
        blocks.set(block, scores);
        for (let one = start; one < at; one += postingBytes) {
          const posting = postingAt(postings, one);
          const tf =
            bodyOf(posting) * (byLengthCode[lengthCodeOf(posting)] ?? 1) +
            boosts.title * titleOf(posting) +
            boosts.headings * headingsOf(posting);
          const place = placeIn(posting);
          scores[place] = (scores[place] ?? 0) + (most * tf) / (tf + k1);
        }
      }
    },
    /** The best, best first; of equal ones that which came first. */
    best(count: number): Ranked[] {
      return bestOf(blocks, count);
    },
  };
}

function bestOf(blocks: ReadonlyMap<number, Float64Array>, count: number): Ranked[] {
  const worse = (a: Ranked, b: Ranked) => a.score < b.score || (a.score === b.score && a.chunkId > b.chunkId);
  const order = (a: Ranked, b: Ranked) => b.score - a.score || a.chunkId - b.chunkId;
  // Kept up to twice as many as wanted, and cut when full: cheaper than a heap for the few that pass the bar.
  let kept: Ranked[] = [];
  let bar: Ranked = { chunkId: Number.POSITIVE_INFINITY, score: 0 };
  const cut = () => {
    kept = kept.sort(order).slice(0, count);
    bar = (kept.length === count ? kept.at(-1) : undefined) ?? bar;
  };
  for (const [block, scores] of blocks) {
    for (let place = 0; place < blockSize; place++) {
      const score = scores[place] ?? 0;
      if (score < bar.score || score === 0) continue;
      const one = { chunkId: block * blockSize + place, score };
      if (worse(one, bar)) continue;
      kept.push(one);
      if (kept.length >= count * 2) cut();
    }
  }
  cut();
  return kept;
}
