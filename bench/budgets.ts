// What it costs a call to be paid from budgets: with none at all, with ten that do not cover it, and with one and five that do. A
// call holds, and ends what it held; the end is not waited for. Embedded, and on Postgres where TEST_DATABASE_URL names one.
import { createBudgets } from '../src/capabilities/budgets/index.ts';
import { budget } from '../src/config/budget-schema.ts';
import type { BudgetSettings } from '../src/config/schema.ts';
import type { Call } from '../src/kernel/call.ts';
import { systemClock } from '../src/kernel/clock.ts';
import type { Tool } from '../src/kernel/tool.ts';
import { createBus } from '../src/platform/bus/index.ts';
import { type Figure, report, setting } from './figures.ts';
import { openStorage } from './storage.ts';

const rounds = setting('BENCH_ROUNDS', 5);
const times = setting('BENCH_TIMES', 1_000);
const atOnce = 100;

const call = {
  id: 'call_1',
  principal: { id: 'key:1', kind: 'agent', org: 'acme', name: 'Ada', roles: ['developer'], scopes: [] },
  tool: { org: 'acme', id: 'git.status', toolset: 'git', name: 'status', guidance: { cost: { units: 1 } } },
} as unknown as Call & { tool: Tool };
const cost = { calls: 1, units: 1 } as const;

const one = (n: number, toolset: string): BudgetSettings =>
  budget.parse({ name: `budget-${n}`, of: { toolsets: [toolset] }, by: ['principal'], calls: 1_000_000_000 });
const some = (count: number, toolset = 'git') => Array.from({ length: count }, (_, n) => one(n, toolset));
const cases: [string, BudgetSettings[]][] = [
  ['no budget at all', []],
  ['10 budgets for others', some(10, 'other')],
  ['1 budget', some(1)],
  ['5 budgets', some(5)],
];

for (const [store, base] of [
  ['embedded', ''],
  ['Postgres', process.env.TEST_DATABASE_URL],
] as const) {
  if (base === undefined) continue;
  const storage = await openStorage(base);
  const bus = await createBus({ log: storage.log });
  const figures: Figure[] = [];
  for (const [what, declared] of cases) {
    const budgets = createBudgets({
      ...{ database: storage.database, bus, clock: systemClock, log: storage.log, id: 'bench', declared },
      happenings: { publish: async () => undefined },
      recordedCosts: async () => new Map(),
      expect: ({ tool }) => ({ expense: tool.guidance?.cost, isOpen: false }),
      refused: () => undefined,
    });
    await budgets.start();
    const isPaid = declared.some(({ of }) => of?.toolsets?.includes('git'));
    const count = isPaid ? times : times * 100;
    const make = async () => {
      const reserved = budgets.reserve(call);
      if (reserved instanceof Promise) (await reserved)?.end(cost);
    };
    const single: number[] = [];
    const many: number[] = [];
    for (let round = 0; round <= rounds; round++) {
      let startedAt = performance.now();
      for (let n = 0; n < count; n++) {
        const reserved = budgets.reserve(call);
        if (reserved instanceof Promise) (await reserved)?.end(cost);
      }
      if (round > 0) single.push(((performance.now() - startedAt) * 1_000) / count); // the first is for the compilers
      if (!isPaid) continue;
      startedAt = performance.now();
      for (let n = 0; n < count; n += atOnce) await Promise.all(Array.from({ length: atOnce }, make));
      if (round > 0) many.push((count * 1_000) / (performance.now() - startedAt));
    }
    figures.push({ what, rounds: single, unit: 'µs a call', digits: 2 });
    if (many.length > 0) figures.push({ what: `${what}, ${atOnce} at once`, rounds: many, unit: 'calls a second' });
    await budgets.stop();
  }
  await bus.stop();
  await storage.stop();
  report(`Paying for a call: ${store}`, figures);
}
