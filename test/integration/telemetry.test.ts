import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { caller, closeCallers } from '../clients.ts';
import { type HttpFixture, serveHttpFixture } from '../fixtures/servers/http.ts';
import { type Fairlead, startFairlead } from '../harness.ts';
import { listedUpstream } from '../listed.ts';
import { type OtlpSink, serveOtlp } from '../otlp.ts';

let fairlead: Fairlead;
let otlp: OtlpSink;
let fixtures: Record<'legacy' | 'modern', HttpFixture>;
const lines: string[] = [];
const metricsToken = 'a token for those who scrape';

beforeAll(async () => {
  otlp = await serveOtlp();
  fixtures = { legacy: await serveHttpFixture('legacy'), modern: await serveHttpFixture('modern') };
  fairlead = await startFairlead({
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url },
    log: { write: (line) => void lines.push(line) },
    config: {
      server: { trustedProxies: ['127.0.0.1'], metricsToken },
      upstreams: {
        legacy: { url: fixtures.legacy.url, startTimeoutMs: 20_000 },
        modern: { url: fixtures.modern.url, startTimeoutMs: 20_000 },
        counted: listedUpstream([
          { name: 'look', annotations: { readOnlyHint: true }, inputSchema: withNumber },
          { name: 'fail', result: { isError: true, content: [] } },
        ]),
        'harbour-tools': { ...listedUpstream([{ name: 'secret-plan' }]), org: 'harbourmaster' },
      },
    },
  });
});
afterEach(closeCallers);
afterAll(async () => {
  await fairlead?.stop();
  await otlp?.stop();
  for (const fixture of Object.values(fixtures ?? {})) await fixture.stop();
});

const withNumber = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] };
const eras = ['sessions', 'modern'] as const;

const rest = (tool: string, args: object, more: { key?: string; headers?: Record<string, string> } = {}) =>
  fairlead.request(`/api/v1/tools/${tool}/call`, { json: { arguments: args }, ...more });

describe('spans', () => {
  it('are one for each call and one for each stage that ran, over 2,000 calls [SP-18]', async () => {
    const before = otlp.spans.length;
    const clients = await Promise.all(eras.map((era) => caller(fairlead, era)));
    // Of ten calls eight go all the way (sixteen stages), one is of an unknown tool (three), one is invalid (four).
    const kinds = [
      { tool: 'counted.nothing', args: { n: 1 }, spans: 1 + 3 },
      { tool: 'counted.look', args: { n: 'one' }, spans: 1 + 4 },
      ...Array.from({ length: 8 }, (_, n) => ({ tool: 'counted.look', args: { n }, spans: 1 + 16 })),
    ];
    const callIds = new Set<string>();
    const calls = 2_000;
    let expected = 0;
    let next = 0;
    const worker = async () => {
      for (let n = next++; n < calls; n = next++) {
        const kind = kinds[n % kinds.length];
        if (!kind) continue;
        expected += kind.spans;
        const client = n % 4 === 0 ? clients[Math.floor(n / 4) % 2] : undefined;
        if (!client) callIds.add((await (await rest(kind.tool, kind.args)).json()).callId);
        else {
          const result = await client
            .callTool({ name: kind.tool, arguments: kind.args })
            .catch(({ data }) => ({ _meta: data }));
          const meta = result._meta as Record<string, string | { callId: string }>;
          const error = meta['dev.fairlead/error'] as { callId: string } | undefined;
          callIds.add(error?.callId ?? String(meta['dev.fairlead/callId']));
        }
      }
    };
    await Promise.all(Array.from({ length: 16 }, worker));
    expect(callIds.size).toBe(calls);

    const arrived = () => otlp.spans.slice(before);
    const rootsOf = (spans: typeof otlp.spans) =>
      spans.filter(({ attributes }) => callIds.has(attributes['fairlead.call.id'] ?? ''));
    await expect.poll(() => arrived().length, { timeout: 100_000 }).toBeGreaterThanOrEqual(Math.ceil(expected * 0.999));
    // The span of a call ends last, and so it arrives among the last.
    await expect.poll(() => rootsOf(arrived()).length, { timeout: 20_000 }).toBeGreaterThanOrEqual(calls * 0.999);
    const spans = arrived();
    expect(spans.length).toBeLessThanOrEqual(expected);
    expect(new Set(spans.map(({ traceId, spanId }) => `${traceId} ${spanId}`)).size).toBe(spans.length);
    const rootIds = new Set(rootsOf(spans).map(({ spanId }) => spanId));
    const stages = spans.filter(({ attributes }) => attributes['fairlead.stage'] !== undefined);
    expect(stages.every(({ parentSpanId }) => rootIds.has(parentSpanId ?? ''))).toBe(true);
  }, 240_000);

  it('say what was called and how it ended, in the words of the conventions for MCP [SP-18]', async () => {
    const { callId } = await (await rest('counted.fail', {})).json();
    const client = await caller(fairlead, 'sessions');
    await client.getPrompt({ name: 'legacy_greet', arguments: { who: 'Ann' } });
    await client.readResource({ uri: 'legacy+fixture://item/of-nobody-else' });
    const named = (name: string) => otlp.spans.find((span) => span.name === name);
    await expect.poll(() => named('resources/read'), { timeout: 10_000 }).toBeDefined();
    const failed = otlp.spans.find(({ attributes }) => attributes['fairlead.call.id'] === callId);
    expect(failed).toMatchObject({
      name: 'tools/call counted.fail',
      failed: true,
      attributes: {
        'mcp.method.name': 'tools/call',
        'gen_ai.operation.name': 'execute_tool',
        'gen_ai.tool.name': 'counted.fail',
        'error.type': 'tool_error',
        'fairlead.call.outcome': 'tool_error',
        'fairlead.upstream': 'counted',
        'client.address': '127.0.0.1',
      },
    });
    expect(named('prompts/get legacy_greet')).toMatchObject({
      attributes: { 'gen_ai.prompt.name': 'legacy_greet', 'mcp.session.id': expect.any(String) },
    });
    expect(otlp.bodies.join()).not.toContain('of-nobody-else'); // a URI may hold anything
  });
});

describe('trace context', () => {
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const spanId = 'b7ad6b7169203331';
  const context = {
    traceparent: `00-${traceId}-${spanId}-01`,
    tracestate: 'vendor=opaque',
    baggage: 'team=harbour',
  };

  const lastCall = (upstream: 'legacy' | 'modern') =>
    fixtures[upstream].requests.findLast(({ rpc }) => rpc === 'tools/call')?.meta as Record<string, string>;

  const goesOn = async (upstream: 'legacy' | 'modern') => {
    const passedOn = lastCall(upstream);
    expect(passedOn).toMatchObject({ tracestate: context.tracestate, baggage: context.baggage });
    const [, trace, parent] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-01$/.exec(passedOn.traceparent ?? '') ?? [];
    expect(trace).toBe(traceId);
    await expect.poll(() => otlp.spans.find((span) => span.spanId === parent), { timeout: 10_000 }).toBeDefined();
    const dispatch = otlp.spans.find((span) => span.spanId === parent);
    expect(dispatch?.name).toBe('dispatch');
    const root = otlp.spans.find((span) => span.spanId === dispatch?.parentSpanId);
    expect(root).toMatchObject({ traceId, parentSpanId: spanId, name: expect.stringContaining('tools/call') });
  };

  it.each(eras.flatMap((era) => (['legacy', 'modern'] as const).map((upstream) => ({ era, upstream }))))(
    "is taken from _meta of a caller with $era and passed on to a $upstream upstream's _meta [SP-18]",
    async ({ era, upstream }) => {
      const client = await caller(fairlead, era);
      const { _meta } = await client.callTool({ name: `${upstream}_echo`, arguments: { text: 'x' }, _meta: context });
      await goesOn(upstream);
      const callId = String(_meta?.['dev.fairlead/callId']);
      expect(await (await fairlead.request(`/api/v1/audit/${callId}`)).json()).toMatchObject({ traceId });
    },
  );

  it.each(['legacy', 'modern'] as const)(
    'is taken from the headers of REST and passed on to a %s upstream [SP-18]',
    async (upstream) => {
      expect((await rest(`${upstream}.echo`, { text: 'x' }, { headers: context })).status).toBe(200);
      await goesOn(upstream);
    },
  );

  it('is begun where there is none, or none that can be read [SP-18]', async () => {
    for (const traceparent of ['', '00-nonsense-01', `00-${'0'.repeat(32)}-${spanId}-01`]) {
      await rest('modern.echo', { text: 'x' }, traceparent ? { headers: { traceparent } } : {});
      expect(lastCall('modern').traceparent).toMatch(/^00-(?!0{32})[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    }
  });
});

describe('metrics', () => {
  /** The value of a sample with exactly these labels; undefined when there is none. */
  async function sample(name: string, labels: Record<string, string> = {}): Promise<number | undefined> {
    const text = await (await fairlead.request('/metrics', { key: null })).text();
    const wanted = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
    const line = text.split('\n').find((each) => {
      const [, found, inside = ''] = /^([a-z_]+)(?:\{(.*)\})? /.exec(each) ?? [];
      return found === name && wanted.every((label) => inside.includes(label));
    });
    return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ') + 1));
  }

  it('count calls by tool and outcome, and time them [SP-18]', async () => {
    const counts = async () => ({
      ok: (await sample('mcp_tool_invocations_total', { tool_name: 'counted.look', status: 'ok' })) ?? 0,
      invalid: (await sample('mcp_tool_invocations_total', { tool_name: 'counted.look', status: 'invalid' })) ?? 0,
      failed: (await sample('mcp_tool_invocations_total', { tool_name: 'counted.fail', status: 'tool_error' })) ?? 0,
      unknown: (await sample('mcp_tool_invocations_total', { tool_name: 'unknown', status: 'denied' })) ?? 0,
      timed: (await sample('mcp_tool_duration_seconds_count', { tool_name: 'counted.look' })) ?? 0,
      requests:
        (await sample('http_request_duration_seconds_count', {
          method: 'POST',
          route: '/api/v1/tools/:id/call',
          status: '400',
        })) ?? 0,
    });
    const before = await counts();
    await rest('counted.look', { n: 1 });
    await rest('counted.look', { n: 2 });
    await rest('counted.look', { n: 'three' });
    await rest('counted.fail', {});
    await rest('counted.not-there', {});
    const after = await counts();
    const grown = Object.fromEntries(
      Object.entries(after).map(([name, value]) => [name, value - before[name as keyof typeof before]]),
    );
    expect(grown).toEqual({ ok: 2, invalid: 1, failed: 1, unknown: 1, timed: 3, requests: 1 });
  });

  it('tell how the house is: connections, upstreams, pool, audit queue and event loop [SP-18]', async () => {
    const open = (await sample('mcp_active_connections')) ?? 0;
    await caller(fairlead, 'sessions');
    await expect.poll(() => sample('mcp_active_connections')).toBeGreaterThan(open);
    await closeCallers();
    expect(await sample('fairlead_upstream_state', { upstream: 'counted', state: 'live' })).toBe(1);
    for (const name of [
      'fairlead_pool_connections',
      'fairlead_pool_idle',
      'fairlead_pool_waiting',
      'fairlead_audit_queue_used',
      'fairlead_audit_queue_size',
      'nodejs_eventloop_lag_seconds',
      'process_resident_memory_bytes',
    ])
      expect([name, await sample(name)]).toEqual([name, expect.any(Number)]);
  });

  it('never name a tenant, nor what belongs to one, nor what a stranger wrote [SP-18]', async () => {
    await fairlead.running.house.access.orgs.create({ id: 'harbourmaster' });
    const key = await fairlead.makeKey(['admin'], { org: 'harbourmaster' });
    await expect
      .poll(async () => (await rest('harbour-tools.secret-plan', {}, { key })).status, { timeout: 20_000 })
      .toBe(200);
    await rest('a-tool-that-a-stranger-made-up', {});
    await fairlead.request('/a-path-that-a-stranger-made-up');
    await fairlead.request('/mcp/an-endpoint-that-is-not-there');
    const text = await (await fairlead.request('/metrics')).text();
    expect(text).not.toMatch(/harbour|secret-plan|made-up|an-endpoint/);
    expect(await sample('mcp_tool_invocations_total', { tool_name: 'other', status: 'ok' })).toBeGreaterThan(0);
  });

  it('are for this machine, and for others only with the token [SP-18]', async () => {
    const from = (address: string, key: string | null) =>
      fairlead.request('/metrics', { key, headers: { 'x-forwarded-for': address } });
    expect((await fairlead.request('/metrics', { key: null })).status).toBe(200);
    expect((await from('203.0.113.9', metricsToken)).status).toBe(200);
    for (const key of [null, fairlead.adminKey, `${metricsToken}x`, metricsToken.slice(1)]) {
      const refused = await from('203.0.113.9', key);
      expect(refused.status).toBe(401);
      expect(await refused.text()).not.toContain('mcp_tool');
    }
    expect((await from('127.0.0.1, 203.0.113.9', null)).status).toBe(401); // what a client wrote itself is not believed
  });
});

describe('the log', () => {
  it('blames nobody for a caller that hangs up in the middle of its request [SP-18]', async () => {
    const { hostname, port } = new URL(fairlead.url);
    const head = [
      `Host: ${hostname}`,
      `Authorization: Bearer ${fairlead.adminKey}`,
      'Content-Type: application/json',
      'Content-Length: 1000',
    ];
    const before = lines.length;
    const since = () => lines.slice(before).map((line) => JSON.parse(line) as Record<string, unknown>);
    for (const [n, path] of ['/api/v1/tools/counted.look/call', '/api/v1/keys', '/mcp'].entries()) {
      const socket = connect(Number(port), hostname);
      socket.write(`POST ${path} HTTP/1.1\r\n${head.join('\r\n')}\r\n\r\n{"arguments":`);
      await pause(100);
      socket.destroy();
      const ends = () => since().filter(({ message, method }) => message === 'request' && method === 'POST');
      await expect.poll(() => ends().length, { timeout: 10_000 }).toBe(n + 1);
      expect(ends().at(-1)).toMatchObject({ status: 499 });
    }
    expect(since().filter(({ severity }) => severity === 'ERROR')).toEqual([]);
  });

  it('is one JSON object a line, and those of a call and its request can be joined [SP-18]', async () => {
    const client = await caller(fairlead, 'modern');
    const { _meta } = await client.callTool({ name: 'counted_look', arguments: { n: 1 } });
    const overRest = await rest('counted.look', { n: 2 });
    const requestId = overRest.headers.get('x-request-id');
    const { callId } = await overRest.json();
    const parsed = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    for (const line of parsed()) {
      expect(line).toMatchObject({
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        severity: expect.stringMatching(/^(DEBUG|INFO|WARN|ERROR)$/),
        service: 'fairlead',
        message: expect.any(String),
      });
    }
    for (const id of [callId, _meta?.['dev.fairlead/callId']]) {
      const [call, ...more] = parsed().filter(({ executionId }) => executionId === id);
      expect(more).toEqual([]);
      expect(call).toMatchObject({
        severity: 'INFO',
        requestId: expect.stringMatching(/^req_/),
        userId: expect.stringMatching(/^key:/),
        orgId: 'default',
        tool: 'counted.look',
        durationMs: expect.any(Number),
        outcome: 'ok',
        traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
      });
      if (id === callId) expect(call?.requestId).toBe(requestId);
      const request = parsed().find((line) => line.message === 'request' && line.requestId === call?.requestId);
      expect(request).toMatchObject({ method: 'POST', status: 200, durationMs: expect.any(Number) });
    }
  });
});
