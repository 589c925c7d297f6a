import { expect, it } from 'vitest';
import { createTurns } from './turns.ts';

const never = new AbortController().signal;

it('lets so many ask at once, and the others in the order in which they came [KN-13]', async () => {
  const turns = createTurns(2);
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const asked = [0, 1, 2, 3].map((n) =>
    turns.take(
      () => {
        begun.push(n);
        return new Promise<void>((resolve) => ends.push(resolve));
      },
      never,
      n,
    ),
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
  const first = turns.take(() => Promise.reject(new Error('broken')), never, 0);
  const second = turns.take(async () => 'never asked', left.signal, 1);
  const third = turns.take(async () => 'asked', never, 2);
  left.abort(new Error('gone'));
  await expect(first).rejects.toThrow('broken');
  await expect(second).rejects.toThrow('gone');
  expect(await third).toBe('asked');
  expect(turns.waiting()).toBe(0);
});

it('gives the next turn to whoever came first, however late they ask for it [KN-13]', async () => {
  const turns = createTurns(1);
  const begun: string[] = [];
  const { promise, resolve: end } = Promise.withResolvers<void>();
  const running = turns.take(() => promise, never, 1);
  const waiting = (
    [
      ['third', 3],
      ['second', 2],
      ['again', 0],
      ['second, too', 2],
    ] as const
  ).map(([name, arrived]) => turns.take(async () => void begun.push(name), never, arrived));
  end();
  await Promise.all([running, ...waiting]);
  expect(begun).toEqual(['again', 'second', 'second, too', 'third']);
});
