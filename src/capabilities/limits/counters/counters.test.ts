import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestDatabase, type TestDatabase } from '../../../../test/database.ts';
import { randomToken } from '../../../kernel/ids.ts';
import { limitsMigrations } from '../migrations.ts';
import type { Counters, Demand } from './counters.ts';
import { createMemoryCounters } from './memory.ts';
import { createPostgresCounters } from './postgres.ts';
import { createRedisCounters, type RedisCounters } from './redis.ts';

// One suite over every store that can be had: memory, Postgres (or the embedded one), Redis.

const redisUrl = process.env.TEST_REDIS_URL;
const startMs = 1_795_219_200_000;
let nowMs = startMs;
const clock = { now: () => nowMs };
let test: TestDatabase;
let redis: RedisCounters | undefined;

beforeAll(async () => {
  test = await openTestDatabase(limitsMigrations);
  if (redisUrl) {
    redis = createRedisCounters({ redisUrl, name: `test-${randomToken(5)}`, clock, commandTimeoutMs: 30_000 });
    await redis.awaitReady(20_000);
  }
});
afterAll(async () => {
  redis?.stop();
  await test?.stop();
});

const stores: [string, () => Counters][] = [
  ['memory', () => createMemoryCounters({ clock })],
  [
    process.env.TEST_DATABASE_URL ? 'Postgres' : 'the embedded database',
    () => createPostgresCounters({ db: test.db, clock }),
  ],
  ...(redisUrl ? ([['Redis', () => redis as Counters]] as [string, () => Counters][]) : []),
];

const rate = (key: string, costUs: number, burst: number): Demand => ({ kind: 'rate', key, costUs, burst });
const day = (key: string, limit: number, slotUs = 60_000_000): Demand => ({ kind: 'window', key, limit, slotUs });
const running = (key: string, limit: number): Demand => ({ kind: 'concurrency', key, limit, leaseUs: 10_000_000 });

/** A bucket as one would explain it: filled drop by drop, never beyond its rim. */
function plainBucket(costUs: number, burst: number) {
  let level = burst * costUs;
  let at = nowMs;
  const fill = () => {
    level = Math.min(burst * costUs, level + (nowMs - at) * 1_000);
    at = nowMs;
  };
  return {
    take() {
      fill();
      if (level < costUs) return { granted: false, remaining: Math.floor(level / costUs), retryUs: costUs - level };
      level -= costUs;
      return { granted: true, remaining: Math.floor(level / costUs), retryUs: 0 };
    },
    giveBack() {
      fill();
      level = Math.min(burst * costUs, level + costUs);
    },
  };
}

describe.each(stores)('counters in %s', (_, open) => {
  const fresh = () => `k${randomToken(8)}`;

  it('grant what a plain token bucket grants, whatever comes when [CO-5]', async () => {
    const counters = open();
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.constant({ take: true as const }) },
      { weight: 1, arbitrary: fc.constant({ giveBack: true as const }) },
      { weight: 3, arbitrary: fc.record({ waitMs: fc.integer({ min: 0, max: 4_000 }) }) },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3_000_000 }),
        fc.integer({ min: 1, max: 6 }),
        fc.array(step, { minLength: 1, maxLength: 25 }),
        async (costUs, burst, steps) => {
          nowMs += 1_000_000;
          const demand = rate(fresh(), costUs, burst);
          const model = plainBucket(costUs, burst);
          for (const one of steps) {
            if ('waitMs' in one) nowMs += one.waitMs;
            else if ('giveBack' in one) {
              await counters.giveBack('acme', [demand], 'c');
              model.giveBack();
            } else {
              const { granted, standings } = await counters.take('acme', [demand], 'c');
              const { remaining, retryUs } = standings[0] ?? {};
              expect({ granted, remaining, retryUs }).toEqual(model.take());
            }
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it('never let more through in any period than a sliding window holds, and tell when there is room [CO-5]', async () => {
    const counters = open();
    const limit = 5;
    const periodUs = 60 * 60_000_000;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 1_500_000 }), { minLength: 10, maxLength: 30 }),
        async (pauses) => {
          nowMs += 10 * 3_600_000;
          const demand = day(fresh(), limit);
          const passed: number[] = [];
          for (const pause of pauses) {
            nowMs += pause;
            const { granted, standings } = await counters.take('acme', [demand], 'c');
            const within = passed.filter((at) => at > nowMs * 1_000 - periodUs).length;
            if (granted) {
              expect(within).toBeLessThan(limit);
              passed.push(nowMs * 1_000);
              continue;
            }
            // Those that count longer than the period do so for a slot at most.
            const counted = passed.filter((at) => at >= nowMs * 1_000 - periodUs - 60_000_000).length;
            expect(counted).toBeGreaterThanOrEqual(limit);
            const retryMs = Math.ceil((standings[0]?.retryUs ?? 0) / 1_000);
            expect(retryMs).toBeGreaterThan(0);
            nowMs += retryMs;
            expect((await counters.take('acme', [demand], 'c')).granted).toBe(true);
            passed.push(nowMs * 1_000);
          }
        },
      ),
      { numRuns: 15 },
    );
  });

  it('take from all counters or from none [CO-5]', async () => {
    const counters = open();
    const wide = rate(fresh(), 1_000_000, 10);
    const daily = day(fresh(), 10);
    const narrow = rate(fresh(), 60_000_000, 1);
    const slots = running(fresh(), 10);
    const all = [wide, daily, slots, narrow];
    expect((await counters.take('acme', all, 'one')).granted).toBe(true);
    for (let n = 0; n < 5; n++) {
      const { granted, standings } = await counters.take('acme', all, `more${n}`);
      expect(granted).toBe(false);
      expect(standings.map(({ hasRoom, remaining }) => [hasRoom, remaining])).toEqual([
        [true, 9],
        [true, 9],
        [true, 9],
        [false, 0],
      ]);
    }
    await counters.giveBack('acme', all, 'one');
    const { granted, standings } = await counters.take('acme', all, 'two');
    expect(granted).toBe(true);
    expect(standings.map(({ remaining }) => remaining)).toEqual([9, 9, 9, 0]);
  });

  it('keep organisations apart [CO-5]', async () => {
    const counters = open();
    const demands = [rate(fresh(), 60_000_000, 1), running(fresh(), 1), day(fresh(), 1)];
    expect((await counters.take('acme', demands, 'c')).granted).toBe(true);
    expect((await counters.take('acme', demands, 'd')).granted).toBe(false);
    expect((await counters.take('other', demands, 'c')).granted).toBe(true);
  });

  it('hold as many as 50 of 200 that come at once [CO-5]', async () => {
    const counters = open();
    const demands = [rate(fresh(), 60_000_000, 50), day(fresh(), 60), running(fresh(), 70)];
    const taken = await Promise.all(
      Array.from({ length: 200 }, async (_, n) => counters.take('acme', demands, `c${n}`)),
    );
    expect(taken.filter(({ granted }) => granted)).toHaveLength(50);
  });

  it('end leases that nobody renews, and keep those that somebody does [CO-5]', async () => {
    const counters = open();
    const demand = running(fresh(), 2) as Extract<Demand, { kind: 'concurrency' }>;
    const take = async (call: string) => (await counters.take('acme', [demand], call)).granted;
    expect([await take('a'), await take('b'), await take('c')]).toEqual([true, true, false]);
    await counters.giveBack('acme', [demand], 'a');
    expect([await take('c'), await take('d')]).toEqual([true, false]);
    nowMs += 6_000;
    await counters.renew([{ org: 'acme', demand, call: 'c' }]);
    nowMs += 6_000; // b was left behind by somebody who died
    expect([await take('e'), await take('f')]).toEqual([true, false]);
  });

  it('catch up with what was counted elsewhere [CO-5]', async () => {
    const counters = open();
    const bucket = rate(fresh(), 1_000_000, 10) as Extract<Demand, { kind: 'rate' }>;
    const window = day(fresh(), 10) as Extract<Demand, { kind: 'window' }>;
    const left = async () =>
      (await counters.take('acme', [bucket, window], 'c')).standings.map((each) => each.remaining);
    expect(await left()).toEqual([9, 9]);
    await counters.settle([
      { org: 'acme', demand: bucket, atLeast: 4, more: 2 },
      { org: 'acme', demand: window, atLeast: 0, more: 3 },
    ]);
    expect(await left()).toEqual([3, 5]);
    await counters.settle([{ org: 'acme', demand: bucket, atLeast: 0, more: 1_000 }]);
    nowMs += 1_000;
    expect(await left()).toEqual([0, 4]); // no emptier than empty
  });

  it('bear a clock that is set back [CO-5]', async () => {
    const counters = open();
    const demands = [rate(fresh(), 1_000_000, 2), day(fresh(), 100)];
    await counters.take('acme', demands, 'c');
    nowMs -= 600_000;
    expect((await counters.take('acme', demands, 'c')).granted).toBe(false); // as after a burst
    nowMs += 1_000;
    expect((await counters.take('acme', demands, 'c')).granted).toBe(true);
  });

  it('answer, and say whether they are the same as before [CO-5]', async () => {
    const counters = open();
    const mark = await counters.ping();
    expect(mark).not.toBe('');
    expect(await counters.ping()).toBe(mark);
  });
});
