import { expect, it } from 'vitest';
import { delayAfter } from './backoff.ts';

it('waits three times as long after each try, up to six hours, and never less than it is asked to [CO-9]', () => {
  const middle = () => 0.5;
  const all = [1, 2, 3, 4, 9, 30].map((failed) => delayAfter(failed, 5_000, 0, middle));
  expect(all).toEqual([5_000, 15_000, 45_000, 135_000, 21_600_000, 21_600_000]);
  expect(delayAfter(1, 5_000, 3_600_000)).toBe(3_600_000);
  expect(delayAfter(3, 5_000, 1_000, middle)).toBe(45_000);
});

it('leaves a quarter on either side to chance [CO-9]', () => {
  expect([delayAfter(1, 4_000, 0, () => 0), delayAfter(1, 4_000, 0, () => 1)]).toEqual([3_000, 5_000]);
});
