// What a decision costs: remembered, and with a policy that reads the arguments; what a listing of 500 tools costs; and how
// long it takes to make past decisions anew.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPolicy, type Policy } from '../src/capabilities/policy/index.ts';
import type { Principal } from '../src/kernel/principal.ts';
import type { Tool } from '../src/kernel/tool.ts';
import { createBus } from '../src/platform/bus/index.ts';
import { type Figure, report, setting } from './figures.ts';
import { rehearsalFigures } from './rehearsal.ts';
import { openStorage } from './storage.ts';

const rounds = setting('BENCH_ROUNDS', 5);
const times = setting('BENCH_TIMES', 3_000);

const principal: Principal = {
  id: 'key:1',
  kind: 'user',
  org: 'acme',
  name: 'Ada',
  roles: ['operator'],
  scopes: [],
  credential: { kind: 'api_key', id: '1' },
};

const tools = Array.from({ length: 500 }, (_, n): Tool => {
  const name = `tool_${n}`;
  return {
    org: 'acme',
    id: `set-${n % 10}.${name}`,
    toolset: `set-${n % 10}`,
    name,
    definition: { name, inputSchema: {} },
    digest: 'sha256:0',
    annotations: { readOnly: n % 2 === 0, destructive: n % 3 === 0, idempotent: false, openWorld: n % 5 === 0 },
    tags: [],
    status: 'live',
  };
});

const storage = await openStorage();
const bus = await createBus({ log: storage.log });
const folder = join(storage.dataDir, 'policies');
mkdirSync(folder, { recursive: true });
writeFileSync(
  join(folder, 'reads.cedar'),
  'forbid (principal, action, resource) when { context.arguments has path && context.arguments.path like "/etc/*" };\n',
);

async function withPolicy<T>(changes: object, use: (policy: Policy) => T): Promise<T> {
  const policy = createPolicy({
    db: storage.database.db,
    bus,
    clock: { now: () => Date.now() },
    log: storage.log,
    shipped: true,
    environment: 'dev',
    projections: Object.fromEntries(tools.map(({ id }) => [id, { path: '/path' }])),
    ...changes,
  });
  await policy.start();
  try {
    return use(policy);
  } finally {
    await policy.stop();
  }
}

/** Microseconds of processor time of one `run`, on average over a round. */
function micros(run: (n: number) => unknown, each = times): number[] {
  return Array.from({ length: rounds }, () => {
    const before = process.cpuUsage();
    for (let n = 0; n < each; n++) run(n);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / each;
  });
}

const toolAt = (n: number) => tools[n % tools.length] ?? (tools[0] as Tool);
const figures: Figure[] = [];
try {
  await withPolicy({}, (policy) => {
    if (!policy.decide(principal, toolAt(0), {}).allowed) throw new Error('the bench measures refusals');
    figures.push({
      what: 'a decision, remembered',
      rounds: micros((n) => policy.decide(principal, toolAt(n), { n })),
      unit: 'us',
    });
    const listings = micros(() => policy.visible(principal, tools), 30).map((one) => one / 1_000);
    figures.push({ what: 'what is visible of 500 tools', rounds: listings, unit: 'ms', goal: '2 ms' });
  });
  await withPolicy({ folder }, (policy) => {
    if (policy.decide(principal, toolAt(0), { path: '/etc/passwd' }).allowed)
      throw new Error('the policy is not in force');
    if (!policy.decide(principal, toolAt(0), { path: '/home' }).allowed) throw new Error('the bench measures refusals');
    let fresh = 0; // what was decided before is remembered
    const run = (n: number) => policy.decide(principal, toolAt(n), { path: `/home/${fresh++}` });
    figures.push({
      what: 'a decision that reads the arguments',
      rounds: micros(run, times / 10),
      unit: 'us',
      goal: '130 us',
    });
  });
  figures.push(...(await rehearsalFigures(storage, bus, principal, tools)));
} finally {
  await bus.stop();
  await storage.stop();
}
report('Policy', figures);
