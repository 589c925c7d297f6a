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

/** A pace by a clock that stands, and a writer who has just had the database for so long. */
async function afterStepOf(ms: number) {
  const world = { now: 0, waiting: 1, log: [] as string[] };
  const pace = createPace({ alone: true, waiting: () => world.waiting, now: () => world.now });
  const failing = pace.turn(async (begun) => {
    begun();
    world.now += ms;
    throw new Error('broken'); // as good as any other end
  });
  await expect(failing).rejects.toThrow('broken');
  return { world, next: pace.turn(step(world.log, 'next')) };
}

it.each([
  ['seven times what the step took', 60, 60 + 420],
  ['a second at most', 300, 300 + 1_000],
])('rests as long as questions wait: %s [KN-13]', async (_, took, until) => {
  const { world, next } = await afterStepOf(took);
  world.now = until - 1;
  await pause(20);
  expect(world.log).toEqual([]);
  world.now = until;
  await next;
  expect(world.log).toEqual(['next begins', 'next ends']);
});

it('goes on at once when nobody waits any more [KN-13]', async () => {
  const { world, next } = await afterStepOf(60);
  await pause(20);
  expect(world.log).toEqual([]);
  world.waiting = 0;
  await next;
  expect(world.log).toEqual(['next begins', 'next ends']);
});
