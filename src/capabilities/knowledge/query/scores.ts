import type { Found } from './query.ts';

/** What agents get to know of why a passage was found. */
export function scoreOf({ confidence, parts, matched }: Found) {
  const scores = Object.entries(parts).map(([by, score]) => [by, rounded(score)]);
  return { score: rounded(confidence), scoreParts: Object.fromEntries(scores), matched };
}

export const rounded = (share: number) => Math.round(share * 1_000) / 1_000;
