import type { Features } from '../lexical/index.ts';

/** How near a passage is to the question in meaning, as one model has it. */
export interface Nearness {
  /** Cosine of the angle between question and passage. */
  similarity: number;
  /**
   * The mean of that over any passages of the same model. Two texts that have nothing in common have 0.1 by one model and 0.7 by
   * another: without it a similarity says nothing.
   */
  typical?: number;
}

/**
 * Coefficients of two logistic regressions over the evidence below, and their constants: what `npm run bench:knowledge --
 * --confidence --fit` prints for questions of which half have an answer among the passages found. See ADR 0016.
 */
const byWords = { coefficients: [1.57, 1.46, 0.92, 2.27], constant: -3.2 };
const byBoth = { coefficients: [2.91, 0.86, 0.44, 1.89], constant: -3.83 };

/**
 * By nearness alone, for what is said in quite other words. The questions of the bench share words with their answers, most of
 * them, so this is what its fit says (3.47 and -1.50) with the constant lowered: it begins to count for an answer where the fit
 * is even.
 */
const byMeaning = { coefficient: 3.47, constant: -2.12 };

/** So many nats of surprise are as good as more. */
const certainNats = 15;

/**
 * What speaks for an answer, each from 0 to 1: how much of the question the passage covers, how much of it stands in one place, how
 * much of it in the question's order, and how little it can be chance. What the words leave open meaning may cover.
 */
export function evidenceOf(words: Features | undefined, meaning?: Nearness): number[] {
  const { share, window, phrase, surprise } = words ?? { share: 0, window: 0, phrase: 0, surprise: 0 };
  const covered = 1 - (1 - share) * (1 - (meaning ? nearnessOf(meaning) : 0));
  return [covered, window, phrase, Math.tanh(Math.max(0, surprise) / certainNats)];
}

/**
 * How sure it is that a passage answers a question, from 0 to 1: calibrated for questions of which half can be answered. More of
 * anything never makes it less. The passage may have been found by words, by meaning or by both; without `typical` the words alone
 * are listened to.
 */
export function confidenceOf(words: Features | undefined, meaning?: Nearness): number {
  const isMeant = meaning?.typical !== undefined;
  if (!words && !isMeant) return 0;
  const { coefficients, constant } = isMeant ? byBoth : byWords;
  const told = evidenceOf(words, meaning).reduce((sum, one, at) => sum + one * (coefficients[at] ?? 0), constant);
  const meant = isMeant && meaning ? byMeaning.coefficient * nearnessOf(meaning) + byMeaning.constant : told;
  return 1 / (1 + Math.exp(-Math.max(told, meant)));
}

/** What is known of a passage that is not among the nearest: it is no nearer than any. */
export function farFrom(nearest: readonly Nearness[]): Nearness | undefined {
  const typical = nearest[0]?.typical;
  return typical === undefined ? undefined : { similarity: typical, typical };
}

/** 0 where a passage is no nearer than any other, 1 where it says the same as the question. */
export function nearnessOf({ similarity, typical = 1 }: Nearness): number {
  return typical >= 1 ? 0 : Math.min(1, Math.max(0, (similarity - typical) / (1 - typical)));
}
