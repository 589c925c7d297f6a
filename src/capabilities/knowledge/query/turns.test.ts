import { expect, it } from 'vitest';
import { createTurns } from './turns.ts';

const never = new AbortController().signal;

it('lets so many ask at once, and the others in the order in which they came [KN-13]', async () => {
  const turns = createTurns(2);
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const asked = [0, 1, 2, 3].map((n) =>
    turns.take(() => {
      begun.push(n);
      return new Promise<void>((resolve) => ends.push(resolve));
    }, never),
  );
  expect([begun, turns.waiting()]).toEqual([[0, 1], 2]);
  ends[1]?.();
  await asked[1];
  expect([begun, turns.waiting()]).toEqual([[0, 1, 2], 1]);
  for (const n of [0, 2]) ends[n]?.();
  await Promise.all([asked[0], asked[2]]);
  ends[3]?.();
  await asked[3];
  expect([begun, turns.waiting()]).toEqual([[0, 1, 2, 3], 0]);
});

it('keeps no place for whoever went away, or whose question failed [KN-13]', async () => {
  const turns = createTurns(1);
  const left = new AbortController();
  const first = turns.take(() => Promise.reject(new Error('broken')), never);
  const second = turns.take(async () => 'never asked', left.signal);
  const third = turns.take(async () => 'asked', never);
  left.abort(new Error('gone'));
  await expect(first).rejects.toThrow('broken');
  await expect(second).rejects.toThrow('gone');
  expect(await third).toBe('asked');
  expect(turns.waiting()).toBe(0);
});
