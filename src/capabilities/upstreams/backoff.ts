/** Pause before attempt `n` (from 1 on): doubling, with full jitter over its upper half so that replicas spread out. */
export function backoffMs(
  n: number,
  bounds: { backoffMinMs: number; backoffMaxMs: number },
  random = Math.random,
): number {
  const full = Math.min(bounds.backoffMaxMs, bounds.backoffMinMs * 2 ** Math.min(n - 1, 30));
  return full / 2 + (full / 2) * random();
}
