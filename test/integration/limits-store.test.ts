import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { startRedis } from '../../scripts/services/redis.ts';
import { openTestDatabase } from '../database.ts';
import { type Fairlead, fixtureUpstream, startFairlead } from '../harness.ts';
import { listedUpstream } from '../listed.ts';
import { openProxy } from '../proxy.ts';
import { serve } from '../served.ts';

// Two servers over one store of limits that goes away under load, and comes back: with all that it held, or with nothing.

const postgres = process.env.TEST_DATABASE_URL;
const redis = process.env.TEST_REDIS_URL;
const secrets = {
  FAIRLEAD_SECRET: 'the secret of every test, thirty-two bytes or more',
  FAIRLEAD_ADMIN_KEY: 'fl_test_0123456789abcdef0123456789abcdef0123456789abcdef',
};
const upstream = () => listedUpstream(['rate', 'day'].map((name) => ({ name, annotations: { readOnlyHint: true } })));
const perSecond = 20;
const burst = 40;
const perDay = 150;
const callersEach = 3;
/** The bound: what a replica did not see yet of what the others were granted, once when the store goes and once when it is back. */
// And what the other replica let through since this one last heard from the store: a busy machine makes that a second.
const underWay = 2 * 2 * callersEach + perSecond;
const config = {
  upstreams: { t: upstream() },
  limits: [
    { name: 'rate', of: { tools: ['t.rate'] }, rate: { limit: perSecond, per: 'second', burst } },
    { name: 'day', of: { tools: ['t.day'] }, window: { limit: perDay, per: 'day' } },
  ],
};

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
const kept = <T extends { stop(): Promise<unknown> }>(one: T): T => {
  cleanups.push(() => one.stop());
  return one;
};

/** Two servers on one database, through a proxy to what is going to be lost. */
async function startTwo(env: Record<string, string>, databaseUrl: string): Promise<[Fairlead, Fairlead]> {
  const both = { config, env: { ...env, ...secrets, DATABASE_URL: databaseUrl } };
  const first = kept(await startFairlead(both));
  const second = kept(await startFairlead(both));
  for (const each of [first, second]) await expect.poll(() => stateOf(each)).toEqual({ alone: false, replicas: 2 });
  return [first, second];
}

const stateOf = ({ running }: Fairlead) => running.house.limits.state();

async function freshDatabase(): Promise<URL> {
  const { database } = kept(await openTestDatabase([], { kind: 'postgres' })); // dropped when it stops
  return new URL(database.pool.options.connectionString ?? '');
}

/** Calls one after the other, from several callers at once, on both servers. */
function load(servers: readonly Fairlead[], tool: string) {
  let isOver = false;
  const passed: number[] = [];
  const refused: number[] = [];
  const others: string[] = [];
  const startedAt = performance.now();
  const worker = async (server: Fairlead) => {
    while (!isOver) {
      const reply = await server.request(`/api/v1/tools/t.${tool}/call`, { json: { arguments: {} } });
      const { outcome, error } = await reply.json();
      if (outcome === 'ok') passed.push(performance.now());
      else if (outcome === 'limited') refused.push(performance.now());
      else others.push(`${reply.status} ${error?.code}`);
      if (outcome !== 'ok') await pause(10);
    }
  };
  const workers = servers.flatMap((server) => Array.from({ length: callersEach }, () => worker(server)));
  return {
    passed,
    refused,
    others,
    seconds: () => (performance.now() - startedAt) / 1_000,
    async end() {
      isOver = true;
      await Promise.all(workers);
    },
  };
}

/** Loses the store in the middle of the load, has both go on alone for a while, and brings it back. */
async function loseUnderLoad(
  servers: readonly [Fairlead, Fairlead],
  lose: () => Promise<void>,
  back: () => Promise<void>,
) {
  const rate = load(servers, 'rate');
  const day = load(servers, 'day');
  await expect.poll(() => rate.refused.length).toBeGreaterThan(20);
  const before = rate.passed.length;
  await lose();
  for (const each of servers) await expect.poll(() => stateOf(each).alone).toBe(true);
  const [metrics, ready] = await Promise.all([
    servers[0].request('/metrics').then((reply) => reply.text()),
    servers[0].request('/readyz').then((reply) => reply.json()),
  ]);
  expect(metrics).toMatch(/^fairlead_limits_alone 1$/m);
  expect(metrics).toMatch(/^fairlead_limits_replicas 2$/m);
  expect(ready.warnings).toContain(
    'the store of limits does not answer: each replica goes by its share of every limit',
  );
  await expect.poll(() => rate.passed.length).toBeGreaterThan(before + 2 * perSecond); // they go on
  await back();
  for (const each of servers) await expect.poll(() => stateOf(each).alone).toBe(false);
  const afterwards = rate.passed.length;
  await expect.poll(() => rate.passed.length).toBeGreaterThan(afterwards + perSecond);
  const seconds = rate.seconds();
  await Promise.all([rate.end(), day.end()]);
  const inAll = Math.max(seconds, rate.seconds());
  expect([...rate.others, ...day.others].filter((other) => !other.startsWith('503'))).toEqual([]);
  return { rate: rate.passed.length, mostByRate: burst + perSecond * inAll, day: day.passed.length };
}

it('let no more through when Redis stops under load and comes back with nothing [CO-5]', async (test) => {
  if (!redis || !postgres) return test.skip('needs Redis and Postgres; `npm run test:services` brings them');
  const target = { host: '127.0.0.1', port: 0 };
  const aim = async () => {
    const service = kept(await startRedis());
    target.port = Number(new URL(service.url).port);
    return service;
  };
  const first = await aim();
  const proxy = kept(await openProxy(target));
  const servers = await startTwo({ REDIS_URL: `redis://127.0.0.1:${proxy.port()}` }, (await freshDatabase()).href);
  const passed = await loseUnderLoad(
    servers,
    async () => {
      await first.stop();
      await proxy.lose();
    },
    async () => {
      await aim(); // another one, empty
      await proxy.bringBack();
    },
  );
  expect(passed.rate).toBeLessThanOrEqual(passed.mostByRate + underWay);
  expect(passed.day).toBeLessThanOrEqual(perDay + underWay);
});

it('let no more through when Postgres is cut off under load and comes back [CO-5]', async (test) => {
  if (!postgres) return test.skip('needs Postgres; `npm run test:services` brings it');
  const url = await freshDatabase();
  const proxy = kept(await openProxy({ host: url.hostname, port: Number(url.port || 5432) }));
  url.hostname = '127.0.0.1';
  url.port = String(proxy.port());
  const servers = await startTwo({ REDIS_URL: '' }, url.href);
  const passed = await loseUnderLoad(servers, proxy.lose, proxy.bringBack);
  expect(passed.rate).toBeLessThanOrEqual(passed.mostByRate + underWay);
  expect(passed.day).toBeLessThanOrEqual(perDay + underWay);
});

it('end the leases of a server that was killed, and of nobody else [CO-5]', async (test) => {
  if (!postgres) return test.skip('needs Postgres; `npm run test:services` brings it');
  const url = (await freshDatabase()).href;
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-limits-'));
  cleanups.push(async () => rmSync(folder, { recursive: true, force: true }));
  const start = async (name: string) => {
    const served = await serve({
      dataDir: join(folder, name),
      config: {
        upstreams: { slow: fixtureUpstream() },
        limits: [{ name: 'slots', of: { toolsets: ['slow'] }, concurrency: 3 }],
      },
      env: { ...secrets, DATABASE_URL: url, ...(redis ? { REDIS_URL: redis } : {}) },
    });
    kept(served);
    await served.ready();
    return served;
  };
  const [first, second] = await Promise.all([start('a'), start('b')]);
  const sleep = (served: typeof first, ms: number) =>
    served.request('/api/v1/tools/slow.sleep/call', { json: { arguments: { ms } } });
  const cut = [sleep(first, 120_000), sleep(first, 120_000)].map((reply) => reply.catch(() => undefined));
  const longer = sleep(second, 40_000); // outlives a lease: it is renewed
  await expect.poll(async () => (await sleep(second, 1)).status).toBe(429);
  first.kill('SIGKILL');
  await Promise.all(cut);
  const both = async () => (await Promise.all([sleep(second, 200), sleep(second, 200)])).map(({ status }) => status);
  await expect.poll(both, { timeout: 40_000 }).toEqual([200, 200]);
  const held = [sleep(second, 3_000), sleep(second, 3_000)];
  await expect.poll(async () => (await sleep(second, 1)).status).toBe(429); // the third is there still
  expect((await Promise.all(held)).map(({ status }) => status)).toEqual([200, 200]);
  expect((await longer).status).toBe(200);
});
