import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { UpstreamStatus } from '../../src/capabilities/upstreams/index.ts';
import { caller, closeCallers, textOf } from '../clients.ts';
import { serveHttpFixture } from '../fixtures/servers/http.ts';
import { type Fairlead, fixtureUpstream, startFairlead } from '../harness.ts';

// Ten upstreams, of which one hangs, one crashes in a loop and one answers after half a minute.

let fairlead: Fairlead;
let atReady: UpstreamStatus[];
const good = Array.from({ length: 7 }, (_, n) => `good-${n}`);
const bad = ['hangs', 'crashes', 'slow'];
const http: Awaited<ReturnType<typeof serveHttpFixture>>[] = [];

beforeAll(async () => {
  const pipes = good.slice(0, 3).map((name) => [name, { ...fixtureUpstream('legacy'), startTimeoutMs: 20_000 }]);
  for (let n = 3; n < good.length; n++) http.push(await serveHttpFixture('both'));
  const web = good.slice(3).map((name, n) => [name, { url: http[n]?.url, startTimeoutMs: 20_000 }]);
  fairlead = await startFairlead({
    config: {
      upstreams: {
        ...Object.fromEntries([...pipes, ...web]),
        hangs: fixtureUpstream('hang'),
        crashes: fixtureUpstream('crash'),
        slow: fixtureUpstream('slow', '30000'),
      },
    },
  });
  atReady = fairlead.running.house.upstreams.list('default');
});
afterEach(closeCallers);
afterAll(async () => {
  await fairlead?.stop();
  for (const server of http) await server.stop();
});

describe('with three bad upstreams among ten', () => {
  it('the server is ready once each was listed or has spent its start time-out [SP-10]', async () => {
    expect(atReady.find(({ name }) => name === 'slow')?.state).not.toBe('live'); // nobody waited for it
    for (const name of good) expect(atReady.find((one) => one.name === name)?.state).toBe('live');
    const ready = await fairlead.request('/readyz', { key: null });
    expect(ready.status).toBe(200);
  });

  it.each(['sessions', 'modern'] as const)(
    'a client with %s sees all of the good ones at once [SP-10]',
    async (era) => {
      const client = await caller(fairlead, era);
      const { tools, _meta } = await client.listTools();
      const sizes = good.map((name) => tools.filter((tool) => tool.name.startsWith(`${name}_`)).length);
      expect(Math.min(...sizes)).toBeGreaterThan(10);
      expect(new Set(sizes).size).toBe(1); // each of them complete
      const incomplete = _meta?.['dev.fairlead/incomplete'] as { toolset: string; reason: string }[];
      expect(incomplete.map(({ toolset }) => toolset).sort()).toEqual(expect.arrayContaining(['crashes', 'hangs']));
      for (const { reason } of incomplete) expect(reason).toMatch(/\w/);
      expect(textOf(await client.callTool({ name: 'good-0_echo', arguments: { text: 'fine' } }))).toBe('fine');
    },
  );

  it('the bad ones say in status and REST what is wrong with them [SP-10]', async () => {
    const client = await caller(fairlead, 'modern');
    const { contents } = await client.readResource({ uri: 'fairlead://status' });
    const { toolsets } = JSON.parse((contents[0] as { text: string }).text);
    const rest = (await (await fairlead.request('/api/v1/upstreams')).json()) as {
      upstreams: { name: string; state: string; reason?: string }[];
    };
    for (const name of bad.slice(0, 2)) {
      for (const list of [toolsets, rest.upstreams]) {
        const entry = list.find((one: { toolset?: string; name?: string }) => (one.toolset ?? one.name) === name);
        expect(entry.state).not.toBe('live');
        expect(entry.reason).toMatch(/\w/);
      }
    }
  });

  it('the slow one is served as soon as it is there [SP-10]', { timeout: 90_000 }, async () => {
    const client = await caller(fairlead, 'modern');
    await expect
      .poll(
        async () =>
          (await client.listTools(undefined, { cacheMode: 'bypass' })).tools.some(({ name }) => name === 'slow_echo'),
        { timeout: 80_000, interval: 1_000 },
      )
      .toBe(true);
  });
});

describe('an upstream that is down when the server starts again', () => {
  it('still has the tools that were known, marked stale [SP-10]', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'fairlead-restart-'));
    const server = await serveHttpFixture('both');
    const config = { upstreams: { web: { url: server.url, startTimeoutMs: 10_000 } } };
    const first = await startFairlead({ config, dataDir });
    await first.stop();
    await server.stop();
    const second = await startFairlead({
      config: { upstreams: { web: { url: server.url, startTimeoutMs: 500 } } },
      dataDir,
    });
    try {
      const client = await caller(second, 'sessions');
      const { tools } = await client.listTools();
      expect(tools.find(({ name }) => name === 'web_echo')?._meta?.['dev.fairlead/status']).toBe('stale');
    } finally {
      await closeCallers();
      await second.stop();
      rmSync(dataDir, { recursive: true, force: true });
    }
  }, 60_000);
});

describe('an upstream that was there and is gone', () => {
  it('leaves its tools behind, marked stale, and a call says at once why it fails [SP-10]', async () => {
    const server = http[3];
    const client = await caller(fairlead, 'sessions');
    await server?.stop();
    await client.callTool({ name: 'good-6_echo', arguments: { text: 'x' } }).catch(() => undefined);
    await expect
      .poll(
        async () => {
          const { tools } = await client.listTools(undefined, { cacheMode: 'bypass' });
          return tools.find(({ name }) => name === 'good-6_echo')?._meta?.['dev.fairlead/status'];
        },
        { timeout: 60_000, interval: 500 },
      )
      .toBe('stale');
    const result = await client.callTool({ name: 'good-6_echo', arguments: { text: 'x' } });
    expect(result.isError).toBe(true);
    expect(result._meta?.['dev.fairlead/error']).toMatchObject({ category: 'external_service', retryable: true });
  }, 90_000);
});
