import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { sign } from '@octokit/webhooks-methods';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { run } from '../cli/run.ts';
import { caller, closeCallers } from '../clients.ts';
import { type Fairlead, fixtureUpstream, startFairlead } from '../harness.ts';

// Results that are told again, before a real API that counts what reaches it.

const trackerSecret = 'a secret of the tracker';
let api: Server;
let fairlead: Fairlead;
let developer: string;
let requests: string[] = [];
let value = 'first';
let failing = false;

const asQuery = (name: string) => ({ name, in: 'query', schema: { type: 'string' } });
const reads = ['plain', 'shared', 'brief', 'slow', 'other'];
const document = {
  openapi: '3.0.3',
  info: { title: 'Values', version: '1' },
  paths: {
    ...Object.fromEntries(
      reads.map((name) => [
        `/${name}`,
        {
          get: {
            operationId: name,
            parameters: [asQuery('q'), asQuery('ms')],
            responses: { 200: { description: 'A value' } },
          },
        },
      ]),
    ),
    '/change': { post: { operationId: 'change', responses: { 200: { description: 'Changed' } } } },
    '/untold': { post: { operationId: 'untold', responses: { 200: { description: 'Changed' } } } },
  },
};

beforeAll(async () => {
  api = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://here');
    requests.push(pathname.slice(1));
    const told = value; // as it was when the request came
    if (request.method === 'POST') value = 'changed';
    await pause(Number(searchParams.get('ms') ?? 0));
    response.writeHead(failing ? 500 : 200, { 'content-type': 'text/plain' });
    response.end(`${told} ${searchParams.get('q') ?? ''}`);
  }).listen(0, '127.0.0.1');
  await once(api, 'listening');
  const baseUrl = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
  fairlead = await startFairlead({
    config: {
      upstreams: {
        api: {
          openapi: document,
          baseUrl,
          retries: 0,
          tools: { plain: { cost: { units: 2, amount: 0.5, currency: 'EUR' } } },
        },
        fix: { ...fixtureUpstream('legacy'), tools: { ask: { annotations: { readOnly: true } } } },
      },
      caching: {
        results: [
          { tools: ['api.shared'], ttlSeconds: 600, shared: true, tags: ['values'] },
          { tools: ['api.brief'], ttlSeconds: 1 },
          { tools: ['api.*'], ttlSeconds: 600, tags: ['values', 'all'] },
          { tools: ['fix.*'], ttlSeconds: 600 },
        ],
        invalidations: [
          { tools: ['api.change'], tags: ['values'] },
          { events: ['hook.tracker.*'], tags: ['all'] },
        ],
      },
      events: { sources: { tracker: { format: 'github', secrets: trackerSecret } } },
    },
  });
  developer = await fairlead.makeKey(['developer']);
});
beforeEach(async () => {
  await fairlead.request('/api/v1/cache/invalidate', { json: {} });
  requests = [];
  value = 'first';
  failing = false;
});
afterEach(closeCallers);
afterAll(async () => {
  await fairlead?.stop();
  api?.close();
});

interface Told {
  outcome: string;
  text: string;
  note: { ageSeconds: number; expiresInSeconds: number } | undefined;
}

async function call(tool: string, args: Record<string, unknown> = {}, key = fairlead.adminKey): Promise<Told> {
  const reply = await fairlead.request(`/api/v1/tools/api.${tool}/call`, { key, json: { arguments: args } });
  const { outcome, result } = await reply.json();
  return { outcome, text: result?.content?.[0]?.text ?? '', note: result?._meta?.['dev.fairlead/cache'] };
}

it('tells the same caller the same result of the same call, and says so [CO-7]', async () => {
  expect(await call('plain', { q: 'a' })).toMatchObject({
    outcome: 'ok',
    text: expect.stringContaining('first a'),
    note: undefined,
  });
  value = 'second';
  const again = await call('plain', { q: 'a' });
  expect(again.text).toContain('first a');
  expect(again.note).toEqual({ ageSeconds: expect.any(Number), expiresInSeconds: expect.any(Number) });
  expect(again.note?.expiresInSeconds).toBeGreaterThan(500);
  expect((await call('plain', { q: 'b' })).text).toContain('second b');
  expect(requests).toEqual(['plain', 'plain']);
  for (const era of ['modern', 'sessions'] as const) {
    const client = await caller(fairlead, era);
    const result = await client.callTool({ name: 'api_plain', arguments: { q: 'a' } });
    expect(JSON.stringify(result.content)).toContain('first a');
    expect(result._meta?.['dev.fairlead/cache']).toMatchObject({ ageSeconds: expect.any(Number) });
  }
  expect(requests).toHaveLength(2);
});

it('keeps callers apart unless the tool tells everybody the same [CO-7]', async () => {
  await call('plain', { q: 'a' });
  expect((await call('plain', { q: 'a' }, developer)).note).toBeUndefined();
  await call('shared', { q: 'a' });
  expect((await call('shared', { q: 'a' }, developer)).note).toBeDefined();
  expect(requests).toEqual(['plain', 'plain', 'shared']);
});

it('decides anew who may call: what is kept is for nobody else [CO-7]', async () => {
  await call('shared', { q: 'a' });
  const text = 'forbid (principal in Role::"viewer", action, resource in Toolset::"api");';
  const viewer = await fairlead.makeKey(['viewer']);
  expect((await call('shared', { q: 'a' }, viewer)).outcome).toBe('ok');
  const saved = await fairlead.request('/api/v1/policies/none', { method: 'PUT', json: { text } });
  expect(saved.status).toBe(200);
  expect((await call('shared', { q: 'a' }, viewer)).outcome).toBe('denied');
  await fairlead.request('/api/v1/policies/none', { method: 'DELETE' });
});

it('makes a call once for all who ask at once, and each its own when that comes to nothing [CO-7]', async () => {
  const all = await Promise.all(Array.from({ length: 12 }, () => call('slow', { ms: '800' })));
  expect(new Set(all.map(({ text }) => text)).size).toBe(1);
  expect(all.filter(({ note }) => note === undefined)).toHaveLength(1);
  expect(requests).toEqual(['slow']);
  failing = true;
  const failed = await Promise.all(Array.from({ length: 3 }, () => call('slow', { q: 'fails', ms: '500' })));
  expect(failed.every(({ outcome }) => outcome !== 'ok')).toBe(true);
  expect(requests).toHaveLength(4);
  failing = false;
  expect((await call('slow', { q: 'fails' })).note).toBeUndefined(); // failures are not kept
});

it('lets whoever waits for another call go at its own end [CO-7]', async () => {
  const slow = call('slow', { q: 'long', ms: '4000' });
  await expect.poll(() => requests.length).toBe(1);
  const startedAt = performance.now();
  const hurried = await fairlead.request('/api/v1/tools/api.slow/call', {
    json: { arguments: { q: 'long', ms: '4000' }, timeoutMs: 300 },
  });
  expect(hurried.status).toBe(504);
  expect(performance.now() - startedAt).toBeLessThan(3_500);
  expect((await slow).outcome).toBe('ok');
});

it('tells a result no more once a call has made it untrue, also one that was under way [CO-7]', async () => {
  await call('plain', { q: 'a' });
  await call('brief', { q: 'a' });
  const underWay = call('slow', { ms: '1500' });
  await expect.poll(() => requests.at(-1)).toBe('slow');
  const waiting = call('slow', { ms: '1500' });
  expect((await call('change')).outcome).toBe('ok');
  expect((await call('plain', { q: 'a' })).text).toContain('changed a');
  expect((await underWay).text).toContain('first');
  expect((await waiting).text).toContain('changed'); // it asked before, but may not be told what was before
  expect((await call('slow', { ms: '1500' })).text).toContain('changed');
  await call('plain', { q: 'c' });
  value = 'unseen';
  await call('untold');
  expect((await call('plain', { q: 'c' })).note).toBeDefined(); // a call that nobody named changes nothing here
});

it('keeps a result for as long as its entry says [CO-7]', async () => {
  await call('brief', { q: 'z' });
  expect((await call('brief', { q: 'z' })).note).toBeDefined();
  await expect.poll(async () => (await call('brief', { q: 'z' })).note).toBeUndefined();
});

it('keeps nothing of tools that change something, nor of what was asked on the way [CO-7]', async () => {
  await call('change');
  await call('change');
  expect(requests).toEqual(['change', 'change']);
  const wrote = () => fairlead.request('/api/v1/tools/fix.write/call', { json: { arguments: { text: 'x' } } });
  await wrote();
  const { result } = await (await wrote()).json();
  expect(result._meta?.['dev.fairlead/cache']).toBeUndefined();
  let asked = 0;
  const client = await caller(fairlead, 'sessions', { answer: () => `answer ${++asked}` });
  for (const n of [1, 2]) {
    const answered = await client.callTool({ name: 'fix_ask', arguments: { question: 'which' } });
    expect(JSON.stringify(answered.content)).toContain(`answer ${n}`);
  }
});

it('is emptied by tag by whoever knows better, which is an act; figures tell what it saved [CO-7]', async () => {
  await call('plain', { q: 'm' });
  await call('plain', { q: 'm' });
  await call('brief', { q: 'm' });
  const kept = await (await fairlead.request('/api/v1/cache')).json();
  expect(kept).toEqual({ entries: 2, bytes: expect.any(Number) });
  const cli = (...args: string[]) =>
    run(args, { env: { FAIRLEAD_URL: fairlead.url, FAIRLEAD_KEY: fairlead.adminKey } });
  expect((await cli('cache', 'show')).stdout).toMatch(/^2 results, \d+ bytes\.\n$/);
  expect((await cli('cache', 'clear', '--tag', 'all')).stdout).toBe('Cleared: 1 result on the server that answered.\n');
  expect((await call('plain', { q: 'm' })).note).toBeUndefined();
  expect((await fairlead.request('/api/v1/cache/invalidate', { key: developer, json: {} })).status).toBe(403);
  const { records } = await (await fairlead.request('/api/v1/audit?limit=20&kind=act')).json();
  expect(records.find(({ subject }: { subject: string }) => subject === 'all')).toMatchObject({
    action: 'cache.invalidate',
  });
  const metrics = await (await fairlead.request('/metrics')).text();
  expect(metrics).toMatch(/^fairlead_cache_lookups_total\{tool_name="api.plain",result="hit"\} [1-9]/m);
  expect(metrics).toMatch(/^fairlead_cache_lookups_total\{tool_name="api.plain",result="miss"\} [1-9]/m);
  const [, saved] = /^fairlead_cache_saved_amount_total\{currency="EUR"\} (\S+)$/m.exec(metrics) ?? [];
  const [, hits] = /^fairlead_cache_lookups_total\{tool_name="api.plain",result="hit"\} (\S+)$/m.exec(metrics) ?? [];
  expect(Number(saved)).toBe(Number(hits) * 0.5);
  expect(metrics).toMatch(/^fairlead_cache_saved_units_total [1-9]/m);
});

it('tells a result no more after an event that makes it untrue, such as what a sender signed [CO-7] [CO-9]', async () => {
  await call('plain', { q: 'a' });
  await call('shared', { q: 'a' });
  const body = JSON.stringify({ issue: 7 });
  const headers = { 'x-hub-signature-256': await sign(trackerSecret, body), 'x-github-event': 'issues' };
  value = 'second';
  expect((await fairlead.request('/hooks/tracker', { key: null, method: 'POST', body, headers })).status).toBe(202);
  await expect.poll(async () => (await call('plain', { q: 'a' })).text, { timeout: 30_000 }).toContain('second a');
  expect((await call('shared', { q: 'a' })).text).toContain('first a'); // of another tag
});
