import type { LexicalHit } from '../lexical/index.ts';

/** A passage that was found by the meaning of the question. */
export interface MeaningHit {
  chunkId: number;
  /** Cosine of the angle between question and passage, from -1 to 1. */
  similarity: number;
  /** That of the question and any passages of the same model: what two texts have in common that have nothing in common. */
  typical?: number;
}

export type FusionKind = 'scores' | 'ranks';

export interface Fusion {
  kind: FusionKind;
  /** What meaning counts for beside words, from 0 to 1. */
  vectorWeight: number;
}

export interface Candidate {
  chunkId: number;
  /** By which it is ranked; comparable within one search only. */
  score: number;
  words?: LexicalHit;
  meaning?: MeaningHit;
}

/** As Cormack, Clarke and Büttcher have it ("Reciprocal Rank Fusion", 2009). */
const rankConstant = 60;

/**
 * One ranking of two. `scores` adds both scores, each brought to the range from 0 to 1 (a convex combination; Bruch, Gai and
 * Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval", 2023); `ranks` adds what the places in both lists are worth
 * (reciprocal rank fusion), whatever the scores are.
 */
export function fuse(words: readonly LexicalHit[], meanings: readonly MeaningHit[], fusion: Fusion): Candidate[] {
  const isByRank = fusion.kind === 'ranks';
  const ofWords = meanings.length === 0 ? 1 : 1 - fusion.vectorWeight;
  const candidates = new Map<number, Candidate>();
  const wordWorth = isByRank ? words.map(byRank) : ofBest(words.map(({ score }) => score));
  for (const [at, hit] of words.entries())
    candidates.set(hit.chunkId, { chunkId: hit.chunkId, score: ofWords * (wordWorth[at] ?? 0), words: hit });
  const meaningWorth = isByRank ? meanings.map(byRank) : ofRange(meanings.map(({ similarity }) => similarity));
  for (const [at, hit] of meanings.entries()) {
    const known = candidates.get(hit.chunkId) ?? { chunkId: hit.chunkId, score: 0 };
    const score = known.score + fusion.vectorWeight * (meaningWorth[at] ?? 0);
    candidates.set(hit.chunkId, { ...known, score, meaning: hit });
  }
  return [...candidates.values()].sort((a, b) => b.score - a.score || a.chunkId - b.chunkId);
}

const byRank = (_: unknown, at: number): number => 1 / (rankConstant + at + 1);

/** A passage without any of the words has 0, so that is where the range begins. */
function ofBest(scores: readonly number[]): number[] {
  const best = Math.max(0, ...scores);
  return scores.map((score) => (best === 0 ? 0 : score / best));
}

/** Every two texts are alike to some degree: the range begins at the last of those that were nearest. */
function ofRange(similarities: readonly number[]): number[] {
  const best = Math.max(...similarities);
  const last = Math.min(...similarities);
  return similarities.map((one) => (best === last ? 1 : (one - last) / (best - last)));
}
