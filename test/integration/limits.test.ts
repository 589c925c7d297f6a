import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { caller, closeCallers } from '../clients.ts';
import { type Fairlead, fixtureUpstream, startFairlead } from '../harness.ts';
import { listedUpstream } from '../listed.ts';

// Limits: who is refused, what is told, and what counts. Every test has a tool and a rule of its own.

let fairlead: Fairlead;
const inputSchema = { type: 'object', properties: { n: { type: 'integer' } } };
const names = ['rate', 'day', 'shared', 'wide', 'narrow', 'forbidden', 'crowd', 'told', 'address', 'runtime', 'orgs'];
const tools = listedUpstream(names.map((name) => ({ name, inputSchema, annotations: { readOnlyHint: true } })));

beforeAll(async () => {
  fairlead = await startFairlead({
    config: {
      server: { trustedProxies: ['127.0.0.1'] },
      upstreams: { t: tools, slow: fixtureUpstream() },
      endpoints: { here: { toolsets: ['t'] } },
      limits: [
        { name: 'rate', of: { tools: ['t.rate'] }, by: ['principal'], rate: { limit: 3, per: 'hour' } },
        { name: 'day', of: { tools: ['t.day'] }, window: { limit: 2, per: 'day' } },
        { name: 'shared', of: { tools: ['t.shared'] }, rate: { limit: 1, per: 'hour', burst: 2 } },
        { name: 'wide', of: { tools: ['t.wide', 't.narrow'] }, rate: { limit: 5, per: 'day' } },
        { name: 'narrow', of: { tools: ['t.narrow'] }, rate: { limit: 1, per: 'day' } },
        { name: 'forbidden', of: { tools: ['t.forbidden'] }, rate: { limit: 1, per: 'day' } },
        { name: 'crowd', of: { tools: ['t.crowd'] }, rate: { limit: 50, per: 'day' } },
        {
          name: 'told',
          of: { tools: ['t.told'] },
          by: ['principal', 'tool'],
          rate: { limit: 1, per: 'minute', burst: 2 },
        },
        { name: 'address', of: { tools: ['t.address'] }, by: ['address'], rate: { limit: 1, per: 'day' } },
        {
          name: 'viewers',
          for: { roles: ['viewer'] },
          of: { toolsets: ['t'] },
          by: ['principal'],
          rate: { limit: 1, per: 'day' },
        },
        { name: 'endpoint', of: { endpoints: ['here'] }, window: { limit: 1, per: 'day' } },
        { name: 'slots', of: { toolsets: ['slow'] }, concurrency: 2 },
      ],
    },
  });
});
afterEach(closeCallers);
afterAll(() => fairlead?.stop());

const call = (tool: string, { key, headers, ...body }: Record<string, unknown> = {}) =>
  fairlead.request(`/api/v1/tools/${tool}/call`, {
    json: { arguments: {}, ...body },
    ...(key === undefined ? {} : { key: key as string }),
    ...(headers === undefined ? {} : { headers: headers as Record<string, string> }),
  });
const outcomes = async (count: number, tool: string, more?: Record<string, unknown>) => {
  const all: string[] = [];
  for (let n = 0; n < count; n++) all.push((await (await call(tool, more)).json()).outcome);
  return all;
};

it('refuse with the rule, what is left and when to come again, over REST by 429 and the fields of the draft [CO-5]', async () => {
  const first = await call('t.rate');
  expect(first.status).toBe(200);
  expect(first.headers.get('ratelimit-policy')).toBe('"rate";q=3;w=3600');
  expect(first.headers.get('ratelimit')).toMatch(/^"rate";r=2;t=1[12]\d\d$/);
  expect(await outcomes(2, 't.rate')).toEqual(['ok', 'ok']);
  const refused = await call('t.rate');
  expect(refused.status).toBe(429);
  expect(refused.headers.get('ratelimit')).toMatch(/^"rate";r=0;t=3\d\d\d$/);
  const seconds = Number(refused.headers.get('retry-after'));
  expect(seconds).toBeGreaterThan(1_100);
  expect(seconds).toBeLessThanOrEqual(1_200);
  const { outcome, error } = await refused.json();
  expect(outcome).toBe('limited');
  expect(error).toMatchObject({
    code: 'LIMITED',
    category: 'rate_limit',
    retryable: true,
    retryAfter: seconds,
    limit: { rule: 'rate', kind: 'rate', limit: 3, periodSeconds: 3_600, remaining: 0 },
  });
  expect(error.message).toBe('The limit "rate" is reached: 3 calls an hour, and 0 left.');
  // Another caller has calls of its own.
  expect(await outcomes(1, 't.rate', { key: await fairlead.makeKey(['developer']) })).toEqual(['ok']);
});

it.each(['modern', 'sessions'] as const)('tell MCP clients (%s) in the error and in _meta [CO-5]', async (era) => {
  const client = await caller(fairlead, era, { key: await fairlead.makeKey(['developer']) });
  const use = () => client.callTool({ name: 't_told', arguments: {} });
  expect((await use())._meta?.['dev.fairlead/limits']).toMatchObject([{ rule: 'told', limit: 1, remaining: 1 }]);
  await use();
  const refused = await use();
  expect(refused.isError).toBe(true);
  expect(refused._meta).toMatchObject({
    'dev.fairlead/error': { code: 'LIMITED', retryAfter: expect.any(Number), limit: { rule: 'told', remaining: 0 } },
    'dev.fairlead/limits': [{ rule: 'told', remaining: 0 }],
  });
});

it('count all calls of a rule together unless it says otherwise, and days by a sliding window [CO-5]', async () => {
  const other = await fairlead.makeKey(['developer']);
  expect(await outcomes(1, 't.shared')).toEqual(['ok']);
  expect(await outcomes(2, 't.shared', { key: other })).toEqual(['ok', 'limited']);
  expect(await outcomes(3, 't.day')).toEqual(['ok', 'ok', 'limited']);
  const refused = await call('t.day');
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(80_000);
  expect(refused.headers.get('ratelimit-policy')).toBe('"day";q=2;w=86400');
});

it('take from all rules that cover a call, or from none [CO-5]', async () => {
  expect(await outcomes(4, 't.narrow')).toEqual(['ok', 'limited', 'limited', 'limited']);
  const one = await call('t.wide');
  expect(one.headers.get('ratelimit')).toMatch(/^"wide";r=3;/);
});

it('count neither what does not fit nor what policy refuses: both come before [CO-5]', async () => {
  const bad = { arguments: { n: 'one' } };
  expect(await outcomes(3, 't.forbidden', bad)).toEqual(['invalid', 'invalid', 'invalid']);
  const viewer = await fairlead.makeKey(['viewer'], { scopes: ['tools:read'] });
  expect((await call('t.forbidden', { key: viewer })).status).toBe(403);
  expect(await outcomes(2, 't.forbidden')).toEqual(['ok', 'limited']);
});

it('let 50 of 200 through that come at once [CO-5]', async () => {
  const replies = await Promise.all(Array.from({ length: 200 }, () => call('t.crowd')));
  const statuses = Map.groupBy(replies, ({ status }) => status);
  expect([statuses.get(200)?.length, statuses.get(429)?.length]).toEqual([50, 150]);
});

it('count addresses behind the trusted proxy, and by the network where there are more than one can have [CO-5]', async () => {
  const from = (address: string) => outcomes(1, 't.address', { headers: { 'x-forwarded-for': address } });
  expect(await from('203.0.113.7')).toEqual(['ok']);
  expect(await from('203.0.113.7')).toEqual(['limited']);
  expect(await from('198.51.100.1, 203.0.113.7')).toEqual(['limited']); // what the proxy did not see is anybody's word
  expect(await from('203.0.113.8')).toEqual(['ok']);
  expect(await from('2001:db8:1:2::1')).toEqual(['ok']);
  expect(await from('2001:db8:1:2:ffff::9')).toEqual(['limited']);
  expect(await from('2001:db8:1:3::1')).toEqual(['ok']);
});

it('hold for those whom they name: by role, and by endpoint [CO-5]', async () => {
  const viewer = await fairlead.makeKey(['viewer']);
  expect(await outcomes(2, 't.wide', { key: viewer })).toEqual(['ok', 'limited']);
  expect(await outcomes(2, 't.runtime', { endpoint: 'here' })).toEqual(['ok', 'limited']);
  expect(await outcomes(1, 't.runtime')).toEqual(['ok']);
});

it('hold as many calls at once as they say, and let the next one in when one ends [CO-5]', async () => {
  const wait = () => call('slow.sleep', { arguments: { ms: 60_000 }, timeoutMs: 3_000 });
  const running = [wait(), wait()];
  await expect.poll(async () => (await wait()).status).toBe(429);
  const refused = await call('slow.sleep', { arguments: { ms: 1 } });
  expect(refused.headers.get('ratelimit-policy')).toBe('"slots";q=2;qu="concurrent-requests"');
  expect(refused.headers.get('ratelimit')).toBe('"slots";r=0');
  expect(refused.headers.get('retry-after')).toBe('1');
  await Promise.all(running);
  await expect.poll(async () => (await call('slow.sleep', { arguments: { ms: 1 } })).status).toBe(200);
});

it('are added, changed and removed while the server runs, which is an act, and refuse what is wrong [CO-5]', async () => {
  const put = (name: string, settings: unknown) =>
    fairlead.request(`/api/v1/limits/${name}`, { method: 'PUT', json: { settings } });
  expect((await put('rate', { concurrency: 1 })).status).toBe(409);
  const wrong = await (await put('Bad Name', { rate: { limit: 0, per: 'year' } })).json();
  expect(wrong.message).toMatch(/name:.*rate\.limit.*rate\.per/);
  expect((await (await put('empty', {})).json()).message).toContain('must have a rate, a window or a concurrency');
  const added = await put('added', { of: { tools: ['t.run*'] }, rate: { limit: 1, per: 'day' } });
  expect(await added.json()).toMatchObject({ name: 'added', source: 'runtime', settings: { by: [] } });
  expect(await outcomes(2, 't.runtime')).toEqual(['ok', 'limited']);
  const { limits, alone, replicas } = await (await fairlead.request('/api/v1/limits')).json();
  expect(limits.map(({ name }: { name: string }) => name)).toContain('added');
  expect({ alone, replicas }).toEqual({ alone: false, replicas: 1 });
  const operator = await fairlead.makeKey(['operator']);
  expect((await fairlead.request('/api/v1/limits', { key: operator })).status).toBe(200);
  expect((await fairlead.request('/api/v1/limits/added', { method: 'DELETE', key: operator })).status).toBe(403);
  expect((await fairlead.request('/api/v1/limits/rate', { method: 'DELETE' })).status).toBe(409);
  expect((await fairlead.request('/api/v1/limits/added', { method: 'DELETE' })).status).toBe(204);
  expect((await fairlead.request('/api/v1/limits/added', { method: 'DELETE' })).status).toBe(404);
  expect(await outcomes(2, 't.runtime')).toEqual(['ok', 'ok']);
  const { records } = await (await fairlead.request('/api/v1/audit?limit=200&kind=act')).json();
  const acts = records.filter(
    ({ action, outcome }: Record<string, string>) => /^limits/.test(`${action}`) && outcome === 'ok',
  );
  expect(acts.map(({ action, subject }: Record<string, string>) => `${action} ${subject}`)).toEqual([
    'limits.remove added',
    'limits.put added',
  ]);
  expect(acts[1].detail).toMatchObject({ settings: { rate: { limit: 1, per: 'day' } } });
});

it('name the rule in the audit and in the metrics, and say nothing of a store that is well [CO-5]', async () => {
  const { records } = await (await fairlead.request('/api/v1/audit?limit=500&outcome=limited')).json();
  expect(records.find(({ tool }: { tool: string }) => tool === 't.rate')).toMatchObject({
    rule: 'rate',
    errorCode: 'LIMITED',
  });
  const metrics = await (await fairlead.request('/metrics')).text();
  expect(metrics).toMatch(/^fairlead_limit_refusals_total\{rule="crowd"\} 150$/m);
  expect(metrics).toMatch(/^fairlead_limits_alone 0$/m);
  expect((await (await fairlead.request('/readyz')).json()).warnings).toBeUndefined();
});

it('are told to agents with each tool that they concern [CO-5]', async () => {
  const told = await (await fairlead.request('/api/v1/tools/t.told')).json();
  expect(told.rateLimits).toEqual([
    '1 call in any day of all callers together at /mcp/here (limit endpoint)',
    '1 call a minute, 2 at once after a rest for each caller for each tool (limit told)',
    '1 call a day for each caller for some callers (limit viewers)',
  ]);
  const client = await caller(fairlead, 'modern');
  const { tools: listed } = await client.listTools();
  const tool = listed.find(({ name }) => name === 't_told');
  expect(tool?._meta?.['dev.fairlead/tool']).toMatchObject({ rateLimits: told.rateLimits });
});

it('keep organisations apart [CO-5]', async () => {
  await fairlead.request('/api/v1/orgs', { json: { id: 'other', name: 'Other' } });
  const put = (org: string) =>
    fairlead.request(`/api/v1/limits/mine?org=${org}`, {
      method: 'PUT',
      json: { settings: { of: { tools: ['t.orgs'] }, rate: { limit: 1, per: 'day' } } },
    });
  expect((await put('other')).status).toBe(200);
  expect(await outcomes(2, 't.orgs')).toEqual(['ok', 'ok']); // none of theirs
  const { limits } = await (await fairlead.request('/api/v1/limits')).json();
  expect(limits.map(({ name }: { name: string }) => name)).not.toContain('mine');
});
