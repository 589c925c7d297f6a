import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Asked,
  argumentEdits,
  begin,
  comparable,
  type Edit,
  ends,
  faultsOf,
  head,
  keys,
  meta,
  openWays,
  plainEdits,
  put,
  reserved,
  send,
  sendBothWays,
} from '../ways.ts';

const revision = '2026-07-28';

let world: Awaited<ReturnType<typeof openWays>>;

beforeAll(async () => {
  world = await openWays();
});
afterAll(() => world?.stop());

/** Everything in order: what the edits begin with. */
function asked(method: 'tools/call' | 'tools/list', params: Record<string, unknown> = {}): Asked {
  const { name } = params;
  return {
    path: '/mcp',
    method: 'POST',
    headers: {
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      'mcp-protocol-version': revision,
      'mcp-method': method,
      'mcp-name': typeof name === 'string' ? name : undefined,
      authorization: `Bearer ${keys.caller}`,
    },
    body: {
      jsonrpc: '2.0',
      id: 7,
      method,
      params: {
        ...params,
        _meta: {
          'io.modelcontextprotocol/protocolVersion': revision,
          'io.modelcontextprotocol/clientCapabilities': {},
          'io.modelcontextprotocol/clientInfo': { name: 'short', version: '1' },
        },
      },
    },
  };
}

const edits: Record<string, Edit> = {
  ...plainEdits,
  ...Object.fromEntries(
    (['tools/list', 'tools/call', 'prompts/list', 'nothing', 7, null, undefined] as unknown[]).flatMap((v) => [
      [`method ${JSON.stringify(v)}`, put('method', v)],
      ...(typeof v === 'string' || v === undefined ? [[`header of method ${v}`, head('mcp-method', v)]] : []),
    ]),
  ),
  ...Object.fromEntries(
    (['2025-11-25', '2027-01-01', '', 7, null, undefined] as unknown[]).flatMap((v) => [
      [`version ${JSON.stringify(v)}`, meta(reserved('protocolVersion'), v)],
      ...(typeof v === 'string' || v === undefined
        ? [[`header of version ${v}`, head('mcp-protocol-version', v)]]
        : []),
    ]),
  ),
  ...Object.fromEntries(
    (
      [
        { elicitation: {} },
        { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} },
        { elicitation: 7 },
        { experimental: { x: {} }, more: 1 },
        [],
        'x',
        null,
        undefined,
      ] as unknown[]
    ).map((v) => [`capabilities ${JSON.stringify(v)}`, meta(reserved('clientCapabilities'), v)]),
  ),
  ...Object.fromEntries(
    ([{ name: 'x' }, { version: '1' }, { name: 1, version: 2 }, 'x', null, undefined] as unknown[]).map((v) => [
      `client ${JSON.stringify(v)}`,
      meta(reserved('clientInfo'), v),
    ]),
  ),
  'a log level': meta(reserved('logLevel'), 'debug'),
  'an unknown log level': meta(reserved('logLevel'), 'loud'),
  'a reserved key': meta(reserved('unheard-of'), 1),
  'a session': head('mcp-session-id', 'x'),
  'two methods': head('mcp-method', ['tools/call', 'tools/list']),
};

const callEdits: Record<string, Edit> = {
  ...Object.fromEntries(
    (['one_echo', 'nothing', '', 7, null, undefined] as unknown[]).flatMap((v) => [
      [`name ${JSON.stringify(v)}`, put('params.name', v)],
      ...(typeof v === 'string' || v === undefined ? [[`header of name ${v}`, head('mcp-name', v)]] : []),
    ]),
  ),
  'an encoded name': (request) => {
    const { name } = (request.body as { params: { name: string } }).params;
    request.headers['mcp-name'] = `=?base64?${Buffer.from(name).toString('base64')}?=`;
  },
  'a name that is encoded badly': head('mcp-name', '=?base64?***?='),
  ...argumentEdits,
  'a header of a parameter that is none': head('mcp-param-place', 'here'),
};

const calls: Record<string, Record<string, unknown>> = {
  one_echo: { text: 'hello' },
  said_plain: {},
};

describe('a request of the stateless revision', () => {
  it.each([
    ['a listing', () => asked('tools/list'), edits],
    ...Object.entries(calls).map(
      ([name, args]) =>
        [
          `a call of ${name}`,
          () => asked('tools/call', { name, arguments: args }),
          { ...edits, ...callEdits },
        ] as const,
    ),
  ] as [string, () => Asked, Record<string, Edit>][])(
    'is answered alike by the short way and the long one, good, bad or odd: %s [CA-10] [SP-8] [SP-17]',
    async (_, make, all) => {
      const faults = await faultsOf(world.url, make, all, comparable);
      expect(faults).toEqual([]);
      expect(Object.keys(all).length).toBeGreaterThan(85);
    },
  );

  it('is answered alike by both ways whatever a call comes to [CA-10] [SP-6] [SP-17]', async () => {
    for (const [name, args, capabilities = {}] of ends) {
      const request = asked('tools/call', { name, arguments: args });
      meta(reserved('clientCapabilities'), capabilities)(request);
      const { short, long } = await sendBothWays(world.url, request);
      expect({ name, ...comparable(short) }).toEqual({ name, ...comparable(long) });
    }
  });

  it.each(['one_ask', 'web_ask'])(
    'is asked by %s on the short way, and its answer goes on where the question was left [CA-10] [SP-6]',
    async (name) => {
      const request = asked('tools/call', { name, arguments: { question: 'who?' } });
      meta(reserved('clientCapabilities'), { elicitation: { form: {} } })(request);
      const { result } = JSON.parse((await send(world.url, request, 'short')).text);
      expect(result.resultType).toBe('input_required');
      const [key = ''] = Object.keys(result.inputRequests);
      put('params.requestState', result.requestState)(request);
      put('params.inputResponses', { [key]: { action: 'accept', content: { answer: 'me' } } })(request);
      const { result: over } = JSON.parse((await send(world.url, request, 'short')).text);
      expect(over.content[0].text).toContain('me');
    },
  );

  it('goes the short way when it is plain, and is in the books like any other [CA-10] [SP-18]', async () => {
    const counted = async () => {
      const text = await (await world.fairlead.request('/metrics')).text();
      const of = (pattern: RegExp) => Number(pattern.exec(text)?.[1] ?? 0);
      return {
        requests: of(/^http_request_duration_seconds_count\{method="POST",route="\/mcp",status="200"\} (\d+)$/m),
        calls: of(/^mcp_tool_invocations_total\{tool_name="said.plain",status="ok"\} (\d+)$/m),
      };
    };
    const request = asked('tools/call', { name: 'said_plain', arguments: {} });
    const before = await counted();
    const { short, long } = await sendBothWays(world.url, request);
    const after = await counted();
    expect(short.headers['content-length']).toBeDefined(); // it has been written at once
    expect(long.headers['transfer-encoding']).toBe('chunked');
    expect(after).toEqual({ requests: before.requests + 2, calls: before.calls + 2 });
  });

  it('leaves the same audit record by either way [CA-10] [SP-16]', async () => {
    const request = asked('tools/call', { name: 'said_plain', arguments: { password: 'hunter2hunter2', n: 1 } });
    meta('traceparent', `00-${'c'.repeat(32)}-${'d'.repeat(16)}-01`)(request);
    await sendBothWays(world.url, request);
    const { records } = await (await world.fairlead.request('/api/v1/audit?tool=said.plain&limit=2')).json();
    const [short, long] = records.map(({ id, at, durationMs, seq, hash, ...rest }: Record<string, unknown>) => rest);
    expect(short).toMatchObject({ outcome: 'ok', tool: 'said.plain', traceId: 'c'.repeat(32) });
    expect(JSON.stringify(short)).not.toContain('hunter2');
    expect(short).toEqual(long);
  });

  it('cancels its call when its caller goes away [CA-10] [SP-11]', async () => {
    const request = asked('tools/call', { name: 'web_sleep', arguments: { ms: 20_000 } });
    const { called, cancelled } = world.web.state;
    const before = called.length;
    const sent = begin(world.url, request, 'short');
    await expect.poll(() => called.length, { timeout: 10_000 }).toBeGreaterThan(before);
    sent.leave();
    await expect.poll(() => cancelled, { timeout: 10_000 }).toContain('sleep');
  });
});
