import { expect, it } from 'vitest';
import { backoffMs } from './backoff.ts';

it('doubles the pause between attempts up to a bound, and spreads them [SP-9]', () => {
  const bounds = { backoffMinMs: 250, backoffMaxMs: 60_000 };
  const longest = [1, 2, 3, 9, 10, 500].map((n) => backoffMs(n, bounds, () => 1));
  expect(longest).toEqual([250, 500, 1_000, 60_000, 60_000, 60_000]);
  expect(backoffMs(3, bounds, () => 0)).toBe(500);
});
