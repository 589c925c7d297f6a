import { afterEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../../test/database.ts';
import type { Counters, Demand } from './counters/counters.ts';
import { createMemoryCounters } from './counters/memory.ts';
import { createGuardedCounters, type GuardedCounters } from './guarded.ts';

// Replicas over one store that can be away, and forget.

let nowMs = 1_795_219_200_000;
const clock = { now: () => nowMs };
const open: GuardedCounters[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.stop();
});

async function world(count: number) {
  let isAway = false;
  let store = createMemoryCounters({ clock });
  let mark = 'first';
  const asked = <T>(answer: () => T): T => {
    if (isAway) throw new Error('away');
    return answer();
  };
  const shared: Counters = {
    take: async (...all) => asked(() => store.take(...all)),
    giveBack: async (...all) => asked(() => store.giveBack(...all)),
    renew: async (leases) => asked(() => store.renew(leases)),
    settle: async (debts) => asked(() => store.settle(debts)),
    ping: async () => asked(() => mark),
  };
  const ids = Array.from({ length: count }, (_, n) => `replica_${n}`);
  const replicas = ids.map((id) =>
    createGuardedCounters({ shared, replicas: () => ids, id, clock, log: silentLog, probeMs: 5, renewMs: 5 }),
  );
  open.push(...replicas);
  for (const replica of replicas) await replica.start();
  return {
    replicas,
    lose: () => {
      isAway = true;
    },
    async comeBack({ forgetful = false } = {}) {
      if (forgetful) {
        store = createMemoryCounters({ clock });
        mark = 'second';
      }
      isAway = false;
      await expect.poll(() => replicas.some((replica) => replica.isAlone())).toBe(false);
    },
    /** How many of so many calls on each replica, in turns, are granted. */
    async grant(demand: Demand, times: number): Promise<number> {
      let granted = 0;
      for (let n = 0; n < times; n++)
        for (const replica of replicas)
          if ((await replica.take('acme', [demand], `call_${Math.random()}`)).granted) granted++;
      return granted;
    },
  };
}

const rate = (burst: number): Demand => ({ kind: 'rate', key: `rate${burst}`, costUs: 1_000_000, burst });
const window = (limit: number): Demand => ({ kind: 'window', key: `day${limit}`, limit, slotUs: 1_440_000_000 });
const slots = (limit: number): Demand => ({ kind: 'concurrency', key: `slots${limit}`, limit, leaseUs: 60_000_000 });

describe('replicas that have lost their store', () => {
  it.each([1, 2, 3, 7])('grant together what the limit is, among %i [CO-5]', async (count) => {
    const { lose, grant } = await world(count);
    lose();
    for (const limit of [1, 5, 10, 23]) {
      expect(await grant(rate(limit), 30)).toBe(limit);
      expect(await grant(window(limit), 30)).toBe(limit);
      expect(await grant(slots(limit), 30)).toBe(limit);
    }
    nowMs += 100 * 1_000; // a hundred tokens of one bucket, of which it holds 23
    expect(await grant(rate(23), 30)).toBe(23);
  });

  it('begin with their share of what was left [CO-5]', async () => {
    const { lose, grant } = await world(2);
    expect(await grant(rate(10), 3)).toBe(6);
    expect(await grant(window(10), 3)).toBe(6);
    lose();
    // One of the two has not seen the last call of the other.
    expect(await grant(rate(10), 10)).toBeLessThanOrEqual(5);
    expect(await grant(window(10), 10)).toBeLessThanOrEqual(5);
  });

  it.each([{ forgetful: false }, { forgetful: true }])(
    'tell the store what was granted when it is back ($forgetful) [CO-5]',
    async (how) => {
      const { lose, grant, comeBack } = await world(2);
      const before = (await grant(rate(20), 2)) + (await grant(window(20), 2));
      expect(before).toBe(8);
      lose();
      expect(await grant(rate(20), 3)).toBe(6);
      expect(await grant(window(20), 3)).toBe(6);
      await comeBack(how);
      const left = [await grant(rate(20), 20), await grant(window(20), 20)];
      for (const each of left) {
        expect(each).toBeGreaterThanOrEqual(9);
        expect(each).toBeLessThanOrEqual(11); // 10 are left, and one call may not have been seen
      }
    },
  );

  it('keep what runs counted through it, wherever it began [CO-5]', async () => {
    const { lose, grant, comeBack, replicas } = await world(2);
    const demand = slots(4);
    const [one, other] = replicas as [GuardedCounters, GuardedCounters];
    await one.take('acme', [demand], 'before');
    lose();
    expect((await one.take('acme', [demand], 'alone')).granted).toBe(true); // its second of two
    expect((await one.take('acme', [demand], 'more')).granted).toBe(false);
    await comeBack({ forgetful: true });
    await expect.poll(async () => (await other.take('acme', [demand], 'x')).standings[0]?.remaining).toBe(1);
    expect(await grant(demand, 5)).toBe(1);
    await one.giveBack('acme', [demand], 'before');
    await one.giveBack('acme', [demand], 'alone');
    expect(await grant(demand, 5)).toBe(2);
  });

  it('give back what was granted alone [CO-5]', async () => {
    const { lose, replicas } = await world(1);
    const [one] = replicas as [GuardedCounters];
    lose();
    const demands = [rate(1), window(1), slots(1)];
    expect((await one.take('acme', demands, 'a')).granted).toBe(true);
    expect((await one.take('acme', demands, 'b')).granted).toBe(false);
    await one.giveBack('acme', demands, 'a');
    expect((await one.take('acme', demands, 'b')).granted).toBe(true);
  });
});
