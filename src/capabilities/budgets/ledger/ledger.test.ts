import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { openTestDatabase, silentLog, type TestDatabase } from '../../../../test/database.ts';
import { systemClock } from '../../../kernel/clock.ts';
import type { Cost } from '../../../kernel/cost.ts';
import { budgetsMigrations } from '../migrations.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { type AccountRow, applyToLedger, type Demand, listAccounts, noteAlive, sweepHolds } from './store.ts';
import { createSweeper, type Sweeper } from './sweeper.ts';

let test: TestDatabase;
const ledgers: Ledger[] = [];
const sweepers: Sweeper[] = [];
beforeAll(async () => {
  test = await openTestDatabase(budgetsMigrations);
});
afterEach(async () => {
  for (const sweeper of sweepers.splice(0)) await sweeper.stop();
  for (const ledger of ledgers.splice(0)) await ledger.stop(5_000);
});
afterAll(() => test?.stop());

const open = (replica: string) => {
  const ledger = createLedger({ db: test.db, replica, log: silentLog });
  ledgers.push(ledger);
  return ledger;
};
const sweeper = (replica: string, ledger: Ledger, costs: Record<string, Cost | null>, leaseMs: number) => {
  const one = createSweeper({
    ...{ db: test.db, ledger, log: silentLog, replica, clock: systemClock, leaseMs, alone: false },
    recordedCosts: async (_, ids) => new Map(Object.entries(costs).filter(([id]) => ids.includes(id))),
    isIdle: () => false,
  });
  sweepers.push(one);
  return one;
};
const ends = Date.now() + 86_400_000;
const demand = (name: string, amount: number, limit = 100): Demand => ({
  ...{ key: `${name}/units|`, period: 1, ends, limit: limit * 1_000_000, amount: amount * 1_000_000 },
});
const account = async (name: string): Promise<Pick<AccountRow, 'spent' | 'held'>> => {
  const [row] = await listAccounts(test.db, 'acme', `${name}/`, { from: 0 }, 1);
  return { spent: (row?.spent ?? 0) / 1_000_000, held: (row?.held ?? 0) / 1_000_000 };
};

it('holds for one call from all of its accounts or from none, whoever comes by which replica [CO-6]', async () => {
  const replicas = [open('a'), open('b')];
  const both = [demand('first', 1, 50), demand('second', 2, 1_000)];
  const all = await Promise.all(
    Array.from({ length: 200 }, (_, n) => replicas[n % 2]?.hold('acme', `crowd-${n}`, `call_${n}`, both)),
  );
  expect(all.filter((one) => one?.granted)).toHaveLength(50);
  expect(await account('first')).toEqual({ spent: 0, held: 50 });
  expect(await account('second')).toEqual({ spent: 0, held: 100 });
  all.forEach((one, n) => {
    if (!one?.granted) return;
    for (const { key, period } of both)
      replicas[n % 2]?.end('acme', { id: `crowd-${n}`, key, period, amount: 500_000 });
  });
  for (const ledger of replicas) expect(await ledger.flush(30_000)).toBe(true);
  expect(await account('first')).toEqual({ spent: 25, held: 0 });
  expect(await account('second')).toEqual({ spent: 25, held: 0 });
});

it('takes what a call has cost once, however often that is said [CO-6]', async () => {
  const { key, period } = demand('twice', 5);
  const asking = { id: 'twice', call: 'call_1', demands: [demand('twice', 5)] };
  const { granted } = await applyToLedger(test.db, 'acme', 'a', [], [asking]);
  expect(granted).toMatchObject([{ granted: true, balances: [{ spent: 0, held: 5_000_000 }] }]);
  const ending = { id: 'twice', key, period, amount: 3_000_000 };
  expect((await applyToLedger(test.db, 'acme', 'a', [ending], [])).ended).toEqual([
    { spent: 3_000_000, held: 0, told: 0 },
  ]);
  expect((await applyToLedger(test.db, 'acme', 'a', [ending], [])).ended).toEqual([undefined]);
  expect(await account('twice')).toEqual({ spent: 3, held: 0 });
});

it('gives back what a replica held that is gone, and takes what the audit knows of its calls, once [CO-6]', async () => {
  const gone = open('gone');
  const here = open('here');
  const holds = { ended: 'call_ended', free: 'call_free', unknown: 'call_unknown' };
  for (const [id, call] of Object.entries(holds)) await gone.hold('acme', id, call, [demand('lost', 10)]);
  await here.hold('acme', 'mine', 'call_mine', [demand('lost', 1)]);
  await noteAlive(test.db, 'here');
  const costs: Record<string, Cost | null> = { call_ended: { calls: 1, units: 4 }, call_free: null };
  const [one, other] = [sweeper('here', here, costs, 200), sweeper('other', open('other'), costs, 200)];
  one.used();
  await Promise.all([one.start(), other.start()]);
  await expect.poll(() => account('lost')).toEqual({ spent: 4, held: 1 });
  // It was only slow, and says itself what its calls have cost: what is known already counts no more.
  const { key, period } = demand('lost', 0);
  gone.end('acme', { id: 'ended', key, period, amount: 4_000_000 });
  gone.end('acme', { id: 'free', key, period, amount: 9_000_000 });
  gone.end('acme', { id: 'unknown', key, period, amount: 2_000_000 });
  await gone.flush(30_000);
  expect(await account('lost')).toEqual({ spent: 6, held: 1 });
});

it('leaves what is held by whoever gives signs of life, and all others at once where nobody else can be [CO-6]', async () => {
  await open('alive').hold('acme', 'kept', 'call_1', [demand('kept', 3)]);
  await noteAlive(test.db, 'alive');
  await sweepHolds(test.db, 'here', 60_000);
  expect(await account('kept')).toEqual({ spent: 0, held: 3 });
  await sweepHolds(test.db, 'here', -1);
  expect(await account('kept')).toEqual({ spent: 0, held: 0 });
});
