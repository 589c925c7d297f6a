import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fairlead, type FairleadRequest, fixtureUpstream, startFairlead } from '../harness.ts';

let fairlead: Fairlead;
let developer: string;
let viewer: string;

beforeAll(async () => {
  fairlead = await startFairlead({
    config: {
      server: { maxBodyBytes: 20_000, maxJsonDepth: 20 },
      upstreams: {
        fixture: { ...fixtureUpstream(), tools: { write: { annotations: { destructive: false } } } },
        // The fixture says nothing of these; as if it were unknown what a second call would do.
        single: { ...fixtureUpstream(), maxConcurrentCalls: 1, tools: { sleep: { annotations: { readOnly: false } } } },
        hidden: { ...fixtureUpstream('crash'), startTimeoutMs: 500 },
      },
      endpoints: { bare: { toolsets: ['fixture'], naming: 'bare' } },
      projections: { 'fixture.write': { text: '/text' } },
    },
  });
  const text =
    'forbid (principal, action, resource) when { context.arguments has text && context.arguments.text == "no" };';
  const saved = await fairlead.request('/api/v1/policies/words', { method: 'PUT', json: { text } });
  expect(saved.status).toBe(200);
  developer = await fairlead.makeKey(['developer']);
  viewer = await fairlead.makeKey(['viewer']);
});
afterAll(() => fairlead.stop());

const callPath = (tool: string) => `/api/v1/tools/${encodeURIComponent(tool)}/call`;

async function call(tool: string, json: unknown, more: FairleadRequest = {}) {
  const response = await fairlead.request(callPath(tool), { key: developer, json, ...more });
  return { response, status: response.status, body: await response.json() };
}

describe('a call over REST', () => {
  it('runs the tool and gives its result with the call id [SP-12]', async () => {
    const { status, body } = await call('fixture.echo', { arguments: { text: 'hi' } });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      callId: expect.stringMatching(/^call_/),
      outcome: 'ok',
      result: { content: [{ type: 'text', text: 'hi' }] },
    });
    const record = await (await fairlead.request(`/api/v1/audit/${body.callId}`)).json();
    expect(record).toMatchObject({ kind: 'call', surface: 'rest', tool: 'fixture.echo', outcome: 'ok' });
  });

  it('takes the id, the wire name, and the name at an endpoint [SP-12]', async () => {
    for (const [tool, endpoint] of [['fixture.echo'], ['fixture_echo'], ['echo', 'bare']] as const) {
      expect(await call(tool, { arguments: { text: 1 }, endpoint })).toMatchObject({ status: 200 });
    }
    expect(await call('echo', {})).toMatchObject({ status: 404 });
    expect(await call('fixture.echo', { endpoint: 'nowhere' })).toMatchObject({
      status: 404,
      body: { error: { code: 'UNKNOWN_ENDPOINT' } },
    });
  });

  it('says that arguments are missing, denied, unknown or failing by its status [SP-17]', async () => {
    const cases = [
      { tool: 'fixture.refuse', json: {}, key: fairlead.adminKey, status: 400, outcome: 'invalid' },
      { tool: 'fixture.write', json: { arguments: { text: 'no' } }, status: 403, outcome: 'denied' },
      { tool: 'fixture.write', json: { arguments: { text: 'yes' } }, key: viewer, status: 404, outcome: 'denied' },
      { tool: 'fixture.nothing', json: {}, status: 404, outcome: 'denied' },
      {
        tool: 'fixture.ask',
        json: { arguments: { question: '?' } },
        key: fairlead.adminKey,
        status: 502,
        outcome: 'failed',
      },
      { tool: 'fixture.sleep', json: { arguments: { ms: 20_000 }, timeoutMs: 100 }, status: 504, outcome: 'failed' },
    ];
    for (const { tool, json, key = developer, status, outcome } of cases) {
      const answer = await call(tool, json, { key });
      expect([tool, answer.status, answer.body.outcome]).toEqual([tool, status, outcome]);
      const { callId, error } = answer.body;
      expect(error).toEqual({
        code: expect.stringMatching(/^[A-Z_]+$/),
        category: expect.any(String),
        retryable: expect.any(Boolean),
        message: expect.any(String),
        suggestedAction: expect.any(String),
        callId,
        ...(error.retryAfter === undefined ? {} : { retryAfter: expect.any(Number) }),
      });
      expect(JSON.stringify(answer.body)).not.toMatch(/node_modules|\.ts:|\n {4}at /);
    }
  });

  it('is answered with 401 and the way to a token without a good credential [SP-14] [SP-17]', async () => {
    for (const key of [null, 'fl_wrong', 'a.b.c']) {
      const { response, body } = await call('fixture.echo', {}, { key });
      expect(response.status).toBe(401);
      expect(response.headers.get('content-type')).toBe('application/problem+json');
      expect(response.headers.get('www-authenticate')).toContain('/.well-known/oauth-protected-resource');
      expect(body).toMatchObject({
        status: 401,
        category: 'authentication',
        code: expect.stringMatching(/^CREDENTIAL_/),
      });
    }
  });

  it('names the scope that a key lacks [SP-14]', async () => {
    const key = await fairlead.makeKey(['developer'], { scopes: ['tools:read'] });
    const { response, body } = await call('fixture.echo', {}, { key });
    expect(response.status).toBe(403);
    expect(response.headers.get('www-authenticate')).toContain('scope="tools:call"');
    expect(body).toMatchObject({ code: 'FORBIDDEN' });
  });

  it('goes on in the trace of its caller [SP-18]', async () => {
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-01` };
    const { body } = await call('fixture.echo', {}, { headers });
    expect(await (await fairlead.request(`/api/v1/audit/${body.callId}`)).json()).toMatchObject({ traceId });
  });

  it('is refused with 503 and the time to wait when the audit has no place for it [SP-16] [SP-17]', async () => {
    const { audit } = fairlead.running.house;
    const places: { release(): void }[] = [];
    while (audit.stats().queued < audit.stats().queueSize) places.push(audit.reserve());
    const { response, status, body } = await call('fixture.echo', { arguments: { text: 'hi' } });
    for (const place of places) place.release();
    expect(status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(body).toMatchObject({ outcome: 'failed', error: { code: 'AUDIT_QUEUE_FULL', retryable: true } });
    expect(await call('fixture.echo', { arguments: { text: 'hi' } })).toMatchObject({ status: 200 });
  });

  it('ends when its caller goes away [SP-11]', async () => {
    const gone = new AbortController();
    const started = call(
      'single.sleep',
      { arguments: { ms: 20_000, n: 'gone' } },
      { key: fairlead.adminKey, signal: gone.signal },
    );
    setTimeout(() => gone.abort(), 300);
    await expect(started).rejects.toThrow();
    await expect
      .poll(
        async () => {
          const page = await fairlead.request('/api/v1/audit?tool=single.sleep&outcome=cancelled');
          return (await page.json()).records.length;
        },
        { timeout: 5_000 },
      )
      .toBe(1);
  });
});

describe('a request that is not valid', () => {
  const send = (body: string, headers: Record<string, string> = { 'content-type': 'application/json' }) =>
    fairlead.request(callPath('fixture.echo'), { method: 'POST', key: developer, body, headers });

  it('is a problem with all of its faults and none of its values [SP-8] [SP-17]', async () => {
    const response = await send(JSON.stringify({ arguments: 'hunter2', timeoutMs: -1, more: 'hunter2' }));
    expect(response.status).toBe(400);
    const problem = await response.json();
    expect(problem.message).toMatch(/body\.arguments: .*body\.timeoutMs: .*body: /);
    expect(JSON.stringify(problem)).not.toContain('hunter2');
  });

  it.each([
    ['malformed JSON', '{', 400],
    ['JSON of another kind', '[]', 400],
    ['a key __proto__', '{"arguments": {"__proto__": {"admin": true}}}', 400],
    ['more nesting than allowed', `{"arguments": ${'{"a":'.repeat(30)}1${'}'.repeat(31)}`, 400],
    ['more bytes than allowed', JSON.stringify({ arguments: { text: 'x'.repeat(30_000) } }), 413],
  ])('is refused for %s [SP-8]', async (_, body, status) => {
    const response = await send(body);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
  });

  it('is refused when it is not declared as JSON [SP-8]', async () => {
    expect((await send('{}', { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await send('a=b', { 'content-type': 'application/x-www-form-urlencoded' })).status).toBe(415);
  });

  it.each([
    '/api/v1/tools/%E0%A4%A',
    '/api/v1/tools/%00',
    '/api/v1/audit?limit=0',
    '/api/v1/audit?limit=501',
    '/api/v1/audit?since=yesterday',
    '/api/v1/audit?cursor=%F0%9F%92%A9',
    '/api/v1/audit?unknown=1',
    '/api/v1/audit?since=99999999999999999',
    '/api/v1/audit/%2e%2e%2f',
    '/api/v1/keys?org=..%2f..',
    '/api/v1/nothing',
    '/api/v1/audit/a%00',
    '/api/v1/audit?tool=a%00',
    '/api/v1/keys/a%00',
    '/api/v1/orgs/a%00',
    '/api/v1/policies/a%00',
    '/api/v1/upstreams/a%00',
  ])('never leads to a 5xx: GET %s [SP-8]', async (path) => {
    const response = await fairlead.request(path);
    expect([400, 404]).toContain(response.status);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
  });

  it.each([
    ['/api/v1/orgs', { id: 'nul', name: 'a\0' }],
    ['/api/v1/keys', { name: 'a\0', roles: ['viewer'] }],
    ['/api/v1/upstreams', { name: 'nul', settings: { url: 'https://example.com/', headers: { 'x-a': 'a\0' } } }],
    ['/api/v1/policies/check', { text: 'permit (principal, action, resource);\0' }],
  ])('never leads to a 5xx: POST %s with a character that no database takes [SP-8]', async (path, json) => {
    expect((await fairlead.request(path, { json })).status).toBe(400);
  });

  it('may hold any character in the arguments of a tool [SP-12]', async () => {
    const { body } = await call('fixture.echo', { arguments: { text: 'a\0b' } });
    expect(body.result.content[0].text).toBe('a\0b');
  });

  it('is told which methods an address takes [SP-17]', async () => {
    const response = await fairlead.request('/api/v1/audit', { method: 'DELETE' });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET');
  });
});

describe('tools over REST', () => {
  it('are listed as policy lets the caller see them [SP-12] [SP-15]', async () => {
    const ids = async (key: string, query = '') => {
      const { tools } = await (await fairlead.request(`/api/v1/tools${query}`, { key })).json();
      return tools.map(({ id }: { id: string }) => id);
    };
    expect(await ids(viewer)).not.toContain('fixture.write');
    expect(await ids(developer)).toContain('fixture.write');
    expect(await ids(developer, '?endpoint=bare&toolset=single')).toEqual([]);
    const everything = await (await fairlead.request('/api/v1/tools')).json();
    expect(everything.tools.find(({ id }: { id: string }) => id === 'fixture.echo')).toMatchObject({
      wireName: 'fixture_echo',
      status: 'live',
      annotations: { readOnly: true },
    });
    expect(everything.incomplete).toEqual([{ toolset: 'hidden', reason: expect.any(String) }]);
  });

  it('are described whole, and are not there for who may not call them [SP-12]', async () => {
    const echo = await fairlead.request('/api/v1/tools/fixture_echo', { key: viewer });
    expect(await echo.json()).toMatchObject({ id: 'fixture.echo', definition: { inputSchema: { type: 'object' } } });
    expect((await fairlead.request('/api/v1/tools/fixture.write', { key: viewer })).status).toBe(404);
  });
});

describe('an idempotency key', () => {
  const headers = (key: string) => ({ headers: { 'idempotency-key': key } });
  const recordsOf = async (tool: string, query = '') => {
    const page = await fairlead.request(`/api/v1/audit?tool=${tool}&limit=500${query}`);
    return (await page.json()).records as Record<string, unknown>[];
  };
  /** How often it ran: a record that repeats an end is none of a run. */
  const runs = async (tool: string) =>
    (await recordsOf(tool, '&outcome=ok')).filter(({ replayed }) => replayed !== true).length;

  it('makes a repeated call give the first answer without running again [SP-12]', async () => {
    const before = await runs('fixture.write');
    const first = await call('fixture.write', { arguments: { text: 'once' } }, headers('once'));
    const second = await call('fixture.write', { arguments: { text: 'once' } }, headers('once'));
    expect(second.body).toEqual(first.body);
    expect(first.response.headers.get('idempotency-replayed')).toBeNull();
    expect(second.response.headers.get('idempotency-replayed')).toBe('true');
    expect(await runs('fixture.write')).toBe(before + 1);
    const other = await call('fixture.write', { arguments: { text: 'twice' } }, headers('once'));
    expect(other).toMatchObject({ status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } });
    expect(other.response.headers.get('content-type')).toBe('application/problem+json');
  });

  it('leaves a record of each repetition, which names the call that ran [SP-16]', async () => {
    const send = (text: string) => call('fixture.write', { arguments: { text } }, headers('on-record'));
    const { callId } = (await send('noted')).body;
    await send('noted');
    const told = await recordsOf('fixture.write', `&parent=${callId}`);
    expect(told).toMatchObject([
      { surface: 'rest', outcome: 'ok', replayed: true, arguments: { text: 'noted' }, decision: { allowed: true } },
    ]);
    expect(told[0]?.id).not.toBe(callId);
    const refused = await send('something else');
    const record = await (await fairlead.request(`/api/v1/audit/${refused.body.callId}`)).json();
    expect(record).toMatchObject({ outcome: 'invalid', errorCode: 'IDEMPOTENCY_KEY_REUSED' });
    expect(record).not.toHaveProperty('replayed');
  });

  it('gives nothing to who has lost the right to the call meanwhile [SP-15]', async () => {
    const send = () => call('fixture.write', { arguments: { text: 'while I may' } }, headers('right'));
    const first = await send();
    expect(first.status).toBe(200);
    const path = '/api/v1/policies/later';
    const text = 'forbid (principal, action, resource == Tool::"fixture.write");';
    await fairlead.request(path, { method: 'PUT', json: { text } });
    const refused = await send();
    expect(refused).toMatchObject({ status: 404, body: { outcome: 'denied' } });
    expect(JSON.stringify(refused.body)).not.toContain('while I may');
    await fairlead.request(path, { method: 'DELETE' });
    expect((await send()).body).toEqual(first.body);
  });

  it('lets one of many calls at once run, and the others come back for its answer [SP-12]', async () => {
    const before = await runs('fixture.sleep');
    const send = () => call('fixture.sleep', { arguments: { ms: 300 } }, headers('crowd'));
    const all = await Promise.all(Array.from({ length: 8 }, send));
    const busy = all.filter(({ status }) => status === 409);
    expect(all.filter(({ status }) => status === 200).length + busy.length).toBe(8);
    expect(busy.length).toBeGreaterThan(0);
    for (const { response, body } of busy) {
      expect(body).toMatchObject({ code: 'IDEMPOTENCY_IN_PROGRESS', retryable: true });
      expect(response.headers.get('retry-after')).toBe('1');
    }
    expect((await send()).response.headers.get('idempotency-replayed')).toBe('true');
    expect(await runs('fixture.sleep')).toBe(before + 1);
  });

  it('stays free after a refusal, and is kept after a failure that may have had an effect [SP-12]', async () => {
    expect(await call('fixture.nothing', {}, headers('free'))).toMatchObject({ status: 404 });
    expect(await call('fixture.write', { arguments: { text: 'now' } }, headers('free'))).toMatchObject({ status: 200 });
    const slow = { arguments: { ms: 20_000 }, timeoutMs: 2_000 }; // enough to be dispatched on any machine
    const admin = { key: fairlead.adminKey, ...headers('slow') };
    expect(await call('single.sleep', slow, admin)).toMatchObject({ status: 504 });
    const again = await call('single.sleep', slow, admin);
    expect(again.status).toBe(504);
    expect(again.response.headers.get('idempotency-replayed')).toBe('true');
  });

  it('of one principal says nothing to another [SP-14]', async () => {
    const body = { arguments: { text: 'mine' } };
    await call('fixture.echo', body, headers('mine'));
    const { response } = await call('fixture.echo', body, { key: viewer, ...headers('mine') });
    expect(response.headers.get('idempotency-replayed')).toBeNull();
  });
});
