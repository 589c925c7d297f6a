const firstMs = 5_000;
const factor = 3;
const longestMs = 6 * 3_600_000;

/**
 * How long to wait after a number of failed tries: 5 s, 15 s, 45 s and so on to 6 h, with a quarter left to chance on either
 * side, so that what failed together does not come back together; and never less than the other side asks for.
 */
export function delayAfter(failed: number, retryAfterMs = 0, random: () => number = Math.random): number {
  const usual = Math.min(firstMs * factor ** (failed - 1), longestMs);
  return Math.round(Math.max(usual * (0.75 + random() / 2), retryAfterMs));
}
