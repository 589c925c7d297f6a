const factor = 3;
const longestMs = 6 * 3_600_000;

/**
 * How long to wait after a number of failed tries: the first delay, three times that and so on to six hours, with a quarter
 * left to chance on either side, so that what failed together does not come back together; and never less than the other
 * side asks for.
 */
export function delayAfter(
  failed: number,
  firstMs: number,
  retryAfterMs = 0,
  random: () => number = Math.random,
): number {
  const usual = Math.min(firstMs * factor ** (failed - 1), longestMs);
  return Math.round(Math.max(usual * (0.75 + random() / 2), retryAfterMs));
}
