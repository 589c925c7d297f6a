import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { openTestDatabase, seedDataDir } from '../database.ts';
import { fixtureUpstream, startFairlead } from '../harness.ts';
import { listedUpstream } from '../listed.ts';
import { openProxy } from '../proxy.ts';
import { type Served, serve } from '../served.ts';

// Budgets where servers are killed, where there are two of them, and where their database goes away.

const postgres = process.env.TEST_DATABASE_URL;
const secrets = {
  FAIRLEAD_SECRET: 'the secret of every test, thirty-two bytes or more',
  FAIRLEAD_ADMIN_KEY: 'fl_test_0123456789abcdef0123456789abcdef0123456789abcdef',
};
const config = () => ({
  upstreams: {
    t: listedUpstream(['crowd', 'quick', 'free'].map((name) => ({ name, annotations: { readOnlyHint: true } }))),
    slow: fixtureUpstream(),
  },
  budgets: [
    { name: 'crowd', of: { tools: ['t.crowd'] }, calls: 50 },
    { name: 'quick', of: { tools: ['t.quick', 'slow.sleep'] }, calls: 100_000 },
  ],
});

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
const kept = <T extends { stop(): Promise<unknown> }>(one: T): T => {
  cleanups.push(() => one.stop());
  return one;
};
async function freshDatabase(): Promise<URL> {
  const { database } = kept(await openTestDatabase([], { kind: 'postgres' })); // dropped when it stops
  return new URL(database.pool.options.connectionString ?? '');
}
type Server = { request: Served['request'] };
const account = async (server: Server, name: string) =>
  ((await (await server.request(`/api/v1/budgets/${name}`)).json()) as { accounts: { spent: number; held: number }[] })
    .accounts[0];
const call = (server: Server, tool: string, args: object = {}) =>
  server.request(`/api/v1/tools/${tool}/call`, { json: { arguments: args } });

it('give back what a server held that was killed, and count what it had answered, and once [CO-6]', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-budgets-'));
  cleanups.push(async () => rmSync(folder, { recursive: true, force: true }));
  const env = { ...secrets, ...(postgres ? { DATABASE_URL: (await freshDatabase()).href } : {}) };
  if (!postgres) await seedDataDir(join(folder, 'data'));
  const start = async () => {
    const server = kept(await serve({ dataDir: join(folder, 'data'), config: config(), env }));
    await server.ready();
    return server;
  };
  const first = await start();
  const cut = [0, 1].map(() => call(first, 'slow.sleep', { ms: 600_000 }).catch(() => undefined));
  await expect.poll(async () => (await account(first, 'quick'))?.held, { timeout: 60_000 }).toBe(2);
  let answered = 0;
  let isOver = false;
  const callers = Array.from({ length: 4 }, async () => {
    while (!isOver) {
      const reply = await call(first, 't.quick').catch(() => undefined);
      if (!reply) return;
      if (((await reply.json().catch(() => ({}))) as { outcome?: string }).outcome === 'ok') answered++;
    }
  });
  await expect.poll(() => answered, { timeout: 60_000 }).toBeGreaterThan(40);
  first.kill('SIGKILL'); // in the middle of some of them
  await Promise.all([...cut, ...callers]);
  isOver = true;
  const second = await start();
  await expect.poll(async () => (await account(second, 'quick'))?.held, { timeout: 60_000 }).toBe(0);
  const reported = async () => {
    const { usage } = (await (await second.request('/api/v1/usage?by=tool')).json()) as {
      usage: { name: string; calls: number }[];
    };
    return usage.find(({ name }) => name === 't.quick')?.calls;
  };
  // What had its end in the audit is paid, whether its budget had heard of it or not.
  await expect
    .poll(async () => (await account(second, 'quick'))?.spent === (await reported()), { timeout: 60_000 })
    .toBe(true);
  expect(await reported()).toBeGreaterThanOrEqual(answered);
  expect(await reported()).toBeLessThanOrEqual(answered + callers.length);
});

it('let 50 of 200 through over two servers, and nobody while their database is away [CO-6]', async (test) => {
  if (!postgres) return test.skip('needs Postgres; `npm run test:services` brings it');
  const url = await freshDatabase();
  const proxy = kept(await openProxy({ host: url.hostname, port: Number(url.port || 5432) }));
  url.hostname = '127.0.0.1';
  url.port = String(proxy.port());
  const both = { config: config(), env: { ...secrets, DATABASE_URL: url.href } };
  const servers = [kept(await startFairlead(both)), kept(await startFairlead(both))] as const;
  const crowd = await Promise.all(Array.from({ length: 200 }, (_, n) => call(servers[n % 2 ? 1 : 0], 't.crowd')));
  const statuses = Map.groupBy(crowd, ({ status }) => status);
  expect([statuses.get(200)?.length, statuses.get(429)?.length]).toEqual([50, 150]);
  for (const server of servers)
    await expect.poll(() => account(server, 'crowd'), { timeout: 30_000 }).toMatchObject({ spent: 50, held: 0 });

  const before = (await call(servers[0], 't.quick')).status;
  const running = call(servers[0], 'slow.sleep', { ms: 1_500 });
  await expect.poll(async () => (await account(servers[0], 'quick'))?.held, { timeout: 30_000 }).toBe(1);
  await proxy.lose();
  const refused = await call(servers[0], 't.quick');
  expect([before, refused.status]).toEqual([200, 503]);
  const { outcome, error } = (await refused.json()) as { outcome: string; error: { code: string; retryAfter: number } };
  expect({ outcome, ...error }).toMatchObject({ outcome: 'failed', code: 'BUDGETS_UNAVAILABLE', retryAfter: 2 });
  expect((await call(servers[0], 't.free')).status).toBe(200); // it has no budget
  await running; // ends while nobody can be told what it cost
  await proxy.bringBack();
  await expect.poll(async () => (await call(servers[0], 't.quick')).status, { timeout: 60_000 }).toBe(200);
  await expect
    .poll(async () => await account(servers[1], 'quick'), { timeout: 60_000 })
    .toMatchObject({ spent: 3, held: 0 });
});
