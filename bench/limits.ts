// What counting a call costs: with no rule, with ten that do not cover it, and with one and five that do; in memory, and on
// Postgres and Redis where TEST_DATABASE_URL and TEST_REDIS_URL name them.
import { createLimits } from '../src/capabilities/limits/index.ts';
import { limit } from '../src/config/limit-schema.ts';
import type { LimitSettings } from '../src/config/schema.ts';
import type { Call } from '../src/kernel/call.ts';
import { systemClock } from '../src/kernel/clock.ts';
import type { Tool } from '../src/kernel/tool.ts';
import { createBus } from '../src/platform/bus/index.ts';
import { type Figure, report, setting } from './figures.ts';
import { openStorage } from './storage.ts';

const rounds = setting('BENCH_ROUNDS', 5);
const times = setting('BENCH_TIMES', 2_000);
const atOnce = 100;

const tool: Tool = {
  org: 'acme',
  id: 'git.status',
  toolset: 'git',
  name: 'status',
  definition: { name: 'status', inputSchema: {} },
  digest: 'sha256:0',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: false },
  tags: [],
  status: 'live',
};
const call = {
  id: 'call_1',
  principal: { id: 'key:1', kind: 'agent', org: 'acme', name: 'Ada', roles: ['developer'], scopes: [] },
  tool,
} as unknown as Call & { tool: Tool };

const rule = (n: number, toolset: string): LimitSettings =>
  limit.parse({
    name: `rule-${n}`,
    of: { toolsets: [toolset] },
    by: ['principal'],
    rate: { limit: 1_000_000_000, per: 'second' },
  });
const some = (count: number, toolset = 'git') => Array.from({ length: count }, (_, n) => rule(n, toolset));
const cases: [string, LimitSettings[]][] = [
  ['no rule at all', []],
  ['10 rules for others', some(10, 'other')],
  ['1 rule', some(1)],
  ['5 rules', some(5)],
];

for (const [store, base, redisUrl] of [
  ['in memory', '', undefined],
  ['Postgres', process.env.TEST_DATABASE_URL, undefined],
  ['Redis', process.env.TEST_DATABASE_URL, process.env.TEST_REDIS_URL],
] as const) {
  if (base === undefined || (store === 'Redis' && redisUrl === undefined)) continue;
  const isMemory = store === 'in memory';
  const storage = await openStorage(base);
  const bus = await createBus({ log: storage.log });
  const figures: Figure[] = [];
  for (const [what, declared] of cases) {
    const limits = createLimits({
      database: storage.database,
      ...(redisUrl === undefined ? {} : { redisUrl }),
      bus,
      clock: systemClock,
      log: storage.log,
      id: 'bench',
      declared,
      refused: () => undefined,
    });
    await limits.start();
    const count = isMemory || declared.length === 0 ? times * 100 : times;
    const one: number[] = [];
    const many: number[] = [];
    for (let round = 0; round <= rounds; round++) {
      let startedAt = performance.now();
      for (let n = 0; n < count; n++) {
        const reserved = limits.reserve(call);
        if (reserved instanceof Promise) await reserved;
      }
      const each = ((performance.now() - startedAt) * 1_000) / count;
      if (round > 0) one.push(each); // the first is for the compilers
      if (isMemory || declared !== cases[2]?.[1]) continue;
      startedAt = performance.now();
      for (let n = 0; n < count; n += atOnce)
        await Promise.all(Array.from({ length: atOnce }, () => limits.reserve(call)));
      if (round > 0) many.push((count * 1_000) / (performance.now() - startedAt));
    }
    figures.push({ what, rounds: one, unit: 'µs a call', digits: 2, ...(isMemory ? { goal: 'a few' } : {}) });
    if (many.length > 0) figures.push({ what: `${what}, ${atOnce} at once`, rounds: many, unit: 'calls a second' });
    await limits.stop();
  }
  await bus.stop();
  await storage.stop();
  report(`Counting a call: ${store}`, figures);
}
