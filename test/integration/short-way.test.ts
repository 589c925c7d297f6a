import { randomBytes } from 'node:crypto';
import { type IncomingHttpHeaders, request as plainRequest } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/config/index.ts';
import { serveHttpFixture } from '../fixtures/servers/http.ts';
import { type Fairlead, fixtureUpstream, startFairlead } from '../harness.ts';

// A request whose body comes in chunks goes the long way, through the router and the SDK's server; the same one with its
// length announced goes the short way where it is plain. Whoever sends it must not be able to tell.

const revision = '2026-07-28';
const keys = { caller: '', viewer: '', blind: '', revoked: `fl_test_${randomBytes(24).toString('hex')}` };
const page = 'https://agents.example.com';

const listed = [
  { name: 'plain', result: { content: [{ type: 'text', text: 'ü "plain"' }] } },
  { name: 'empty', result: { content: [] } },
  { name: 'failed', result: { content: [{ type: 'text', text: 'no' }], isError: true } },
  { name: 'structured', result: { content: [], structuredContent: { a: [1, { b: null }] } } },
  {
    name: 'promised',
    outputSchema: { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] },
    result: { content: [], structuredContent: { n: 'no number' } },
  },
  { name: 'image', result: { content: [{ type: 'image', data: 'aGVsbG8=', mimeType: 'image/png' }] } },
  { name: 'noted', result: { content: [{ type: 'text', text: 'x', annotations: { priority: 1 }, _meta: { a: 1 } }] } },
  { name: 'linked', result: { content: [{ type: 'resource_link', uri: 'file:///a', name: 'a' }] } },
  { name: 'odd', result: { content: [{ type: 'text', text: 'x' }], more: { kept: true }, _meta: { 'a/b': 1 } } },
  { name: 'strange', result: { content: [{ type: 'hologram', size: 3 }] } },
  { name: 'typed', inputSchema: { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] } },
  {
    name: 'mirrored',
    inputSchema: { type: 'object', properties: { place: { type: 'string', 'x-mcp-header': 'Place' } } },
  },
];

let fairlead: Fairlead;
let web: Awaited<ReturnType<typeof serveHttpFixture>>;

beforeAll(async () => {
  web = await serveHttpFixture('modern');
  const command = process.execPath;
  fairlead = await startFairlead({
    config: {
      server: { allowedOrigins: [page], maxBodyBytes: 20_000, maxJsonDepth: 20 },
      upstreams: {
        one: { ...fixtureUpstream('legacy'), startTimeoutMs: 20_000 },
        web: { url: web.url, startTimeoutMs: 20_000, callTimeoutMs: 20_000 },
        said: {
          ...{ command, args: [join(packageRoot, 'test/fixtures/servers/listed.ts'), JSON.stringify(listed)] },
          startTimeoutMs: 20_000,
        },
        away: { ...fixtureUpstream('crash'), startTimeoutMs: 20_000 },
      },
      endpoints: {
        open: { toolsets: ['said'], naming: 'bare', anonymous: 'viewer' },
        narrow: { toolsets: ['one'] },
        hidden: { toolsets: ['said'] },
      },
    },
  });
  keys.caller = await fairlead.makeKey(['operator']);
  keys.viewer = await fairlead.makeKey(['viewer']);
  keys.blind = await fairlead.makeKey(['operator'], { scopes: ['tools:read'] });
});
afterAll(async () => {
  await fairlead?.stop();
  await web?.stop();
});

interface Asked {
  path: string;
  method: string;
  /** A list where one comes more than once. */
  headers: Record<string, string | string[] | undefined>;
  body: unknown;
  /** Instead of the body. */
  text?: string;
}

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

type Way = 'short' | 'long';

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

function send({ path, method, headers, body, text }: Asked, way: Way): Promise<Answer> {
  const payload = Buffer.from(text ?? JSON.stringify(body));
  const given = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  const length = way === 'short' ? { 'content-length': String(payload.length) } : { 'transfer-encoding': 'chunked' };
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(fairlead.url);
    const all = { ...length, ...Object.fromEntries(given) };
    const sent = plainRequest({ hostname, port, path, method, headers: all, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const answer = Buffer.concat(chunks).toString('utf8');
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text: answer });
      });
    });
    sent.on('error', reject);
    sent.end(payload);
  });
}

/** What two answers must have in common: all but the ids and times that each has for itself, and the framing. */
function comparable({ status, headers, text }: Answer) {
  const own = ['date', 'x-request-id', 'content-length', 'transfer-encoding', 'connection', 'keep-alive'];
  const told = Object.entries(headers).filter(([name]) => !own.includes(name));
  const withoutIds = text
    .replaceAll(/call_[0-9a-z]{26}/g, 'call_id')
    .replaceAll(/"requestState":"[^"]+"/g, '"requestState":"sealed"');
  return { status, headers: Object.fromEntries(told.sort()), body: parsed(withoutIds) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

type Edit = (asked: Asked) => void;

/** Puts a value at a path of the body; `undefined` takes what is there away. */
function put(path: string, value: unknown): Edit {
  return (request) => {
    const steps = path.split('.');
    const last = steps.pop() ?? '';
    let at = request.body as Record<string, unknown>;
    for (const step of steps) at = at[step] as Record<string, unknown>;
    if (value === undefined) delete at[last];
    else at[last] = value;
  };
}

function head(name: string, value: string | string[] | undefined): Edit {
  return ({ headers }) => {
    headers[name] = value;
  };
}

function meta(key: string, value: unknown): Edit {
  return ({ body }) => {
    const { _meta } = (body as { params: { _meta: Record<string, unknown> } }).params;
    if (value === undefined) delete _meta[key];
    else _meta[key] = value;
  };
}

const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
const reserved = (name: string) => `io.modelcontextprotocol/${name}`;

const edits: Record<string, Edit> = {
  'as it is': () => undefined,
  ...Object.fromEntries(
    ([0, -1, 2 ** 53, 1.5, 'text', '', 'ü"', null, true, [], {}, undefined] as unknown[]).map((id) => [
      `id ${JSON.stringify(id)}`,
      put('id', id),
    ]),
  ),
  ...Object.fromEntries(
    (['1.0', 2, null, undefined] as unknown[]).map((v) => [`jsonrpc ${JSON.stringify(v)}`, put('jsonrpc', v)]),
  ),
  ...Object.fromEntries(
    (['tools/list', 'tools/call', 'prompts/list', 'nothing', 7, null, undefined] as unknown[]).flatMap((v) => [
      [`method ${JSON.stringify(v)}`, put('method', v)],
      ...(typeof v === 'string' || v === undefined ? [[`header of method ${v}`, head('mcp-method', v)]] : []),
    ]),
  ),
  ...Object.fromEntries(
    ([null, [], 'x', {}, { _meta: {} }, { _meta: [] }, undefined] as unknown[]).map((v) => [
      `params ${JSON.stringify(v)}`,
      put('params', v),
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
  'a progress token': meta('progressToken', 'p1'),
  'a progress token of a wrong kind': meta('progressToken', {}),
  'a log level': meta(reserved('logLevel'), 'debug'),
  'an unknown log level': meta(reserved('logLevel'), 'loud'),
  'trace context': meta('traceparent', `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`),
  'broken trace context': meta('traceparent', 'rubbish'),
  'trace context of a wrong kind': meta('traceparent', 7),
  baggage: meta('baggage', 'a=b'),
  'meta of its own': meta('com.example/x', { a: 1 }),
  'a reserved key': meta(reserved('unheard-of'), 1),
  'a key too many': put('extra', 1),
  'a parameter too many': put('params.extra', { a: 1 }),
  'a request state that is none': put('params.requestState', 'x'),
  'a request state of a wrong kind': put('params.requestState', 7),
  'answers to nothing': put('params.inputResponses', {}),
  'a cursor': put('params.cursor', 'x'),
  'a cursor of a wrong kind': put('params.cursor', 7),
  'a list of one': (request) => {
    request.body = [request.body];
  },
  'no JSON': (request) => {
    request.text = '{"jsonrpc":';
  },
  'no body': (request) => {
    request.text = '';
  },
  'a text': (request) => {
    request.text = '"tools/call"';
  },
  'a prototype': (request) => {
    request.text = JSON.stringify(request.body).replace('{', '{"__proto__":{"x":1},');
  },
  'a byte order mark': (request) => {
    request.text = `\ufeff${JSON.stringify(request.body)}`;
  },
  'a key twice': (request) => {
    request.text = JSON.stringify(request.body).replace('{', '{"id":9,');
  },
  'deep nesting': (request) => {
    request.text = JSON.stringify(request.body).replace('"_meta"', `"arguments":${nested(25)},"_meta"`);
  },
  'a body that is too long': put('params.arguments', { text: 'x'.repeat(21_000) }),
  'no key': head('authorization', undefined),
  'an unknown key': head('authorization', `Bearer ${keys.revoked}`),
  'another scheme': head('authorization', 'Basic eDp5'),
  'an empty key': head('authorization', 'Bearer '),
  'two keys': (request) => {
    request.headers.authorization = [`Bearer ${keys.caller}`, `Bearer ${keys.revoked}`];
  },
  'a key without the scope': (request) => {
    request.headers.authorization = `Bearer ${keys.blind}`;
  },
  'another host': head('host', 'evil.example.com'),
  'a host that is none': head('host', 'user@127.0.0.1'),
  'an origin': head('origin', page),
  'a strange origin': head('origin', 'https://evil.example.com'),
  'an address that somebody forwarded': head('x-forwarded-for', '203.0.113.7'),
  'a session': head('mcp-session-id', 'x'),
  'plain text': head('content-type', 'text/plain'),
  'JSON of UTF-8': head('content-type', 'application/json; charset=utf-8'),
  'JSON of another kind': head('content-type', 'application/json-rpc'),
  'no type': head('content-type', undefined),
  'JSON only': head('accept', 'application/json'),
  'no accept': head('accept', undefined),
  'anything accepted': head('accept', '*/*'),
  'two methods': head('mcp-method', ['tools/call', 'tools/list']),
  'an encoding': head('content-encoding', 'gzip'),
  'a query': (request) => {
    request.path = '/mcp?a=1';
  },
  'a slash': (request) => {
    request.path = '/mcp/';
  },
  'an unknown endpoint': (request) => {
    request.path = '/mcp/nowhere';
  },
  'an endpoint': (request) => {
    request.path = '/mcp/narrow';
  },
  'an endpoint of which policy lets its caller have nothing': (request) => {
    request.path = '/mcp/hidden';
    request.headers.authorization = `Bearer ${keys.viewer}`;
  },
  'an endpoint of which policy lets another caller have something': (request) => {
    request.path = '/mcp/hidden';
  },
  'an endpoint for anybody': (request) => {
    request.path = '/mcp/open';
  },
  'an endpoint for anybody, by nobody': (request) => {
    request.path = '/mcp/open';
    request.headers.authorization = undefined;
  },
  'an endpoint for anybody, with a wrong key': (request) => {
    request.path = '/mcp/open';
    request.headers.authorization = `Bearer ${keys.revoked}`;
  },
  'an encoded endpoint': (request) => {
    request.path = '/mcp/%6farrow';
  },
  put: (request) => {
    request.method = 'PUT';
  },
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
  ...Object.fromEntries(
    ([[], 'x', 7, null, undefined, {}, { text: 1, ü: ['x'] }, { n: 'x' }, { n: 3 }] as unknown[]).map((v) => [
      `arguments ${JSON.stringify(v)}`,
      put('params.arguments', v),
    ]),
  ),
  'a header of a parameter that is none': head('mcp-param-place', 'here'),
};

const calls: Record<string, Record<string, unknown>> = {
  one_echo: { text: 'hello' },
  said_plain: {},
};

/** Tools and arguments that bring every kind of end, each in the plainest of requests. */
const ends: [name: string, args: Record<string, unknown>, capabilities?: object][] = [
  ...listed.map(({ name }): [string, Record<string, unknown>] => [`said_${name}`, {}]),
  ['said.plain', {}],
  ['said_typed', { n: 1 }],
  ['said_typed', { n: 'x' }],
  ['said_mirrored', { place: 'here' }],
  ['one_write', { text: 'x' }],
  ['one_refuse', {}],
  ['one_needs_page', {}],
  ['one_capabilities', {}, { elicitation: {} }],
  ['one_ask', { question: 'who?' }],
  ['web_echo', { text: 'x' }],
  ['web_refuse', {}],
  ['web_ask', { question: 'who?' }],
  ['web_ask', { question: 'who?' }, { elicitation: { form: {} } }],
  ['web_capabilities', {}, { sampling: {} }],
  ['away_echo', {}],
  ['nowhere_echo', {}],
  ['x'.repeat(300), {}],
];

async function bothWays(request: Asked) {
  const long = await send(request, 'long');
  const short = await send(request, 'short');
  return { short, long };
}

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
      const faults: string[] = [];
      for (const [what, edit] of Object.entries(all)) {
        const request = make();
        edit(request);
        const { short, long } = await bothWays(request);
        try {
          expect(comparable(short)).toEqual(comparable(long));
        } catch (error) {
          faults.push(`${what}: ${error instanceof Error ? error.message : error}`);
        }
      }
      expect(faults).toEqual([]);
      expect(Object.keys(all).length).toBeGreaterThan(85);
    },
  );

  it('is answered alike by both ways whatever a call comes to [CA-10] [SP-6] [SP-17]', async () => {
    for (const [name, args, capabilities = {}] of ends) {
      const request = asked('tools/call', { name, arguments: args });
      meta(reserved('clientCapabilities'), capabilities)(request);
      const { short, long } = await bothWays(request);
      expect({ name, ...comparable(short) }).toEqual({ name, ...comparable(long) });
    }
  });

  it.each(['one_ask', 'web_ask'])(
    'is asked by %s on the short way, and its answer goes on where the question was left [CA-10] [SP-6]',
    async (name) => {
      const request = asked('tools/call', { name, arguments: { question: 'who?' } });
      meta(reserved('clientCapabilities'), { elicitation: { form: {} } })(request);
      const { result } = JSON.parse((await send(request, 'short')).text);
      expect(result.resultType).toBe('input_required');
      const [key = ''] = Object.keys(result.inputRequests);
      put('params.requestState', result.requestState)(request);
      put('params.inputResponses', { [key]: { action: 'accept', content: { answer: 'me' } } })(request);
      const { result: over } = JSON.parse((await send(request, 'short')).text);
      expect(over.content[0].text).toContain('me');
    },
  );

  it('goes the short way when it is plain, and is in the books like any other [CA-10] [SP-18]', async () => {
    const counted = async () => {
      const text = await (await fairlead.request('/metrics')).text();
      const of = (pattern: RegExp) => Number(pattern.exec(text)?.[1] ?? 0);
      return {
        requests: of(/^http_request_duration_seconds_count\{method="POST",route="\/mcp",status="200"\} (\d+)$/m),
        calls: of(/^mcp_tool_invocations_total\{tool_name="said.plain",status="ok"\} (\d+)$/m),
      };
    };
    const request = asked('tools/call', { name: 'said_plain', arguments: {} });
    const before = await counted();
    const { short, long } = await bothWays(request);
    const after = await counted();
    expect(short.headers['content-length']).toBeDefined(); // it has been written at once
    expect(long.headers['transfer-encoding']).toBe('chunked');
    expect(after).toEqual({ requests: before.requests + 2, calls: before.calls + 2 });
  });

  it('leaves the same audit record by either way [CA-10] [SP-16]', async () => {
    const request = asked('tools/call', { name: 'said_plain', arguments: { password: 'hunter2hunter2', n: 1 } });
    meta('traceparent', `00-${'c'.repeat(32)}-${'d'.repeat(16)}-01`)(request);
    await bothWays(request);
    const { records } = await (await fairlead.request('/api/v1/audit?tool=said.plain&limit=2')).json();
    const [short, long] = records.map(({ id, at, durationMs, seq, hash, ...rest }: Record<string, unknown>) => rest);
    expect(short).toMatchObject({ outcome: 'ok', tool: 'said.plain', traceId: 'c'.repeat(32) });
    expect(JSON.stringify(short)).not.toContain('hunter2');
    expect(short).toEqual(long);
  });

  it('cancels its call when its caller goes away [CA-10] [SP-11]', async () => {
    const request = asked('tools/call', { name: 'web_sleep', arguments: { ms: 20_000 } });
    const { hostname, port } = new URL(fairlead.url);
    const payload = JSON.stringify(request.body);
    const before = web.state.called.length;
    const headers = { ...request.headers, 'content-length': String(payload.length) } as Record<string, string>;
    const sent = plainRequest({ hostname, port, path: '/mcp', method: 'POST', headers });
    sent.on('error', () => undefined);
    sent.end(payload);
    await expect.poll(() => web.state.called.length, { timeout: 10_000 }).toBeGreaterThan(before);
    sent.destroy();
    await expect.poll(() => web.state.cancelled, { timeout: 10_000 }).toContain('sleep');
  });
});
