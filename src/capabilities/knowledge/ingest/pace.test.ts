import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createPace } from './pace.ts';

const step =
  (log: string[], name: string, ms = 0) =>
  async (begun: () => void) => {
    begun();
    log.push(`${name} begins`);
    await pause(ms);
    log.push(`${name} ends`);
  };

it('lets writers in one by one while questions wait, and side by side on a server when none does [KN-13]', async () => {
  for (const [alone, waiting] of [
    [true, 0],
    [false, 1],
  ] as const) {
    const log: string[] = [];
    const pace = createPace({ alone, waiting: () => waiting });
    await Promise.all([pace.turn(step(log, 'one', 5)), pace.turn(step(log, 'two'))]);
    expect(log).toEqual(['one begins', 'one ends', 'two begins', 'two ends']);
  }
  const log: string[] = [];
  const pace = createPace({ alone: false, waiting: () => 0 });
  await Promise.all([pace.turn(step(log, 'one', 5)), pace.turn(step(log, 'two', 5))]);
  expect(log.slice(0, 2)).toEqual(['one begins', 'two begins']);
});

it('rests for several times what a step took as long as questions wait, and goes on at once when none does [KN-13]', async () => {
  let waiting = 1;
  const pace = createPace({ alone: true, waiting: () => waiting });
  const log: string[] = [];
  await pace.turn(step(log, 'one', 60)); // so it rests for 420 ms at least
  const second = pace.turn(step(log, 'two'));
  await pause(100);
  expect(log.at(-1)).toBe('one ends');
  waiting = 0;
  await second;
  expect(log.at(-1)).toBe('two ends');
});

it('goes on after a step that failed, and never waits longer than a second for those who ask [KN-13]', async () => {
  const pace = createPace({ alone: true, waiting: () => 1 });
  const log: string[] = [];
  await expect(
    pace.turn(async (begun) => {
      begun();
      await pause(300); // seven times as long would be more than two seconds
      throw new Error('broken');
    }),
  ).rejects.toThrow('broken');
  const startedAt = performance.now();
  await pace.turn(step(log, 'two'));
  expect(performance.now() - startedAt).toBeGreaterThan(900);
  expect(log).toEqual(['two begins', 'two ends']);
});
