import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestDatabase, type TestDatabase } from '../../../../test/database.ts';
import { budgetsMigrations } from '../migrations.ts';
import { addUse, type DayUse, deleteUseBefore, movePosition, sumUse } from './store.ts';

let test: TestDatabase;
beforeAll(async () => {
  test = await openTestDatabase(budgetsMigrations);
});
afterAll(() => test?.stop());

const use = (day: string, principal: string, tool: string, more: Partial<DayUse> = {}): DayUse => ({
  ...{ day, principal, tool, currency: '', calls: 1, units: 0, tokens: 0, amount: 0 },
  ...more,
});
const always = { since: '2000-01-01', until: '3000-01-01' };

it('is added to what there is, by currency, and told with the names that were called most first [CO-6]', async () => {
  const { db } = test;
  await addUse(
    db,
    'acme',
    [use('2026-03-01', 'user:1', 'a.b', { units: 0.1 }), use('2026-03-02', 'user:1', 'a.c')],
    100,
  );
  await addUse(
    db,
    'acme',
    [
      use('2026-03-01', 'user:1', 'a.b', { units: 0.2, calls: 2 }),
      use('2026-03-01', 'user:1', 'a.b', { currency: 'EUR', amount: 0.000001, tokens: 5 }),
    ],
    100,
  );
  expect(await sumUse(db, 'acme', 'tool', always, 10)).toEqual([
    { name: 'a.b', calls: 4, units: 0.3, tokens: 5, money: { EUR: 0.000001 } },
    { name: 'a.c', calls: 1, units: 0, tokens: 0, money: {} },
  ]);
  expect(await sumUse(db, 'acme', 'day', { ...always, until: '2026-03-02' }, 10)).toMatchObject([
    { name: '2026-03-01', calls: 4 },
  ]);
  expect(await sumUse(db, 'other', 'tool', always, 10)).toEqual([]);
});

it('takes bounded room: what comes to a full day is added up in one row, and old days go [CO-6]', async () => {
  const { db } = test;
  for (const tool of ['a.a', 'a.b', 'a.c', 'a.d', 'a.b'])
    await addUse(db, 'full', [use('2026-03-01', 'user:1', tool), use('2026-03-02', 'user:1', 'a.a')], 2);
  expect(await sumUse(db, 'full', 'tool', { ...always, until: '2026-03-02' }, 10)).toMatchObject([
    { name: 'a.b', calls: 2 },
    { name: 'others', calls: 2 },
    { name: 'a.a', calls: 1 },
  ]);
  await deleteUseBefore(db, '2026-03-02');
  expect(await sumUse(db, 'full', 'day', always, 10)).toMatchObject([{ name: '2026-03-02', calls: 5 }]);
});

it('is added up once, whoever comes first [CO-6]', async () => {
  const { db } = test;
  const all = await Promise.all([movePosition(db, 'acme', 0, 10), movePosition(db, 'acme', 0, 10)]);
  expect(all.filter(Boolean)).toHaveLength(1);
  expect(await movePosition(db, 'acme', 10, 12)).toBe(true);
});
