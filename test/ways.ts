import { randomBytes } from 'node:crypto';
import { type IncomingHttpHeaders, request as plainRequest } from 'node:http';
import { join } from 'node:path';
import { expect } from 'vitest';
import { packageRoot } from '../src/config/index.ts';
import { serveHttpFixture } from './fixtures/servers/http.ts';
import { fixtureUpstream, startFairlead } from './harness.ts';

// A request whose body comes in chunks goes the long way, through the router and the SDK's server; the same one with its
// length announced goes the short way where it is plain. Whoever sends it must not be able to tell.

export const keys = { caller: '', viewer: '', blind: '', revoked: `fl_test_${randomBytes(24).toString('hex')}` };
export const page = 'https://agents.example.com';

/** A server with everything that can come of a call behind it, and the keys of its callers. */
export async function openWays(config: object = {}) {
  const web = await serveHttpFixture('modern');
  const command = process.execPath;
  const fairlead = await startFairlead({
    config: {
      server: { allowedOrigins: [page], maxBodyBytes: 20_000, maxJsonDepth: 20 },
      upstreams: {
        one: { ...fixtureUpstream('legacy'), startTimeoutMs: 20_000 },
        web: { url: web.url, startTimeoutMs: 20_000, callTimeoutMs: 20_000 },
        said: {
          ...{ command, args: [join(packageRoot, 'test/fixtures/servers/listed.ts'), JSON.stringify(listed)] },
          startTimeoutMs: 20_000,
        },
        away: { ...fixtureUpstream('crash'), startTimeoutMs: 3_000 }, // the start waits for so long in vain
      },
      endpoints: {
        open: { toolsets: ['said'], naming: 'bare', anonymous: 'viewer' },
        narrow: { toolsets: ['one'] },
        hidden: { toolsets: ['said'] },
      },
      ...config,
    },
  });
  keys.caller = await fairlead.makeKey(['operator']);
  keys.viewer = await fairlead.makeKey(['viewer']);
  keys.blind = await fairlead.makeKey(['operator'], { scopes: ['tools:read'] });
  return {
    url: fairlead.url,
    fairlead,
    web,
    async stop() {
      await fairlead.stop();
      await web.stop();
    },
  };
}

/** Tools that say what they are told to. */
export const listed = [
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

export interface Asked {
  path: string;
  method: string;
  /** A list where one comes more than once. */
  headers: Record<string, string | string[] | undefined>;
  body: unknown;
  /** Instead of the body. */
  text?: string;
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

export type Way = 'short' | 'long';

/** A request under way. */
export interface Sent {
  /** What has come of the answer by now. */
  text(): string;
  answer: Promise<Answer>;
  leave(): void;
}

export function begin(url: string, { path, method, headers, body, text }: Asked, way: Way): Sent {
  const payload = Buffer.from(text ?? JSON.stringify(body));
  const given = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  const length = way === 'short' ? { 'content-length': String(payload.length) } : { 'transfer-encoding': 'chunked' };
  const { hostname, port } = new URL(url);
  const all = { ...length, ...Object.fromEntries(given) };
  const chunks: Buffer[] = [];
  const told = () => Buffer.concat(chunks).toString('utf8');
  const { promise: answer, resolve, reject } = Promise.withResolvers<Answer>();
  const sent = plainRequest({ hostname, port, path, method, headers: all, agent: false }, (response) => {
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('error', reject);
    response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text: told() }));
  });
  sent.on('error', reject);
  sent.end(payload);
  return {
    text: told,
    answer,
    leave() {
      answer.catch(() => undefined);
      sent.destroy();
    },
  };
}

export function send(url: string, asked: Asked, way: Way): Promise<Answer> {
  return begin(url, asked, way).answer;
}

export async function sendBothWays(url: string, asked: Asked): Promise<Record<Way, Answer>> {
  const long = await send(url, asked, 'long');
  const short = await send(url, asked, 'short');
  return { short, long };
}

/** What two answers must have in common: all but the ids and times that each has for itself, and the framing. */
export function comparable({ status, headers, text }: Answer) {
  const own = ['date', 'x-request-id', 'content-length', 'transfer-encoding', 'connection', 'keep-alive'];
  const told = Object.entries(headers).filter(([name]) => !own.includes(name));
  const withoutIds = text
    .replaceAll(/call_[0-9a-z]{26}/g, 'call_id')
    .replaceAll(/,"_meta":\{"dev\.fairlead\/tool":\{"latency":\{[^}]*\}\}\}/g, '') // of the calls before
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

export type Edit = (asked: Asked) => void;

/** Puts a value at a path of the body; `undefined` takes what is there away. */
export function put(path: string, value: unknown): Edit {
  return (request) => {
    const steps = path.split('.');
    const last = steps.pop() ?? '';
    let at = request.body as Record<string, unknown>;
    for (const step of steps) at = at[step] as Record<string, unknown>;
    if (value === undefined) delete at[last];
    else at[last] = value;
  };
}

export function head(name: string, value: string | string[] | undefined): Edit {
  return ({ headers }) => {
    headers[name] = value;
  };
}

export function meta(key: string, value: unknown): Edit {
  return ({ body }) => {
    const { _meta } = (body as { params: { _meta: Record<string, unknown> } }).params;
    if (value === undefined) delete _meta[key];
    else _meta[key] = value;
  };
}

const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
export const reserved = (name: string) => `io.modelcontextprotocol/${name}`;

/** Of requests with params and `_meta`, whatever the era. */
export const plainEdits: Record<string, Edit> = {
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
    ([null, [], 'x', {}, { _meta: {} }, { _meta: [] }, undefined] as unknown[]).map((v) => [
      `params ${JSON.stringify(v)}`,
      put('params', v),
    ]),
  ),
  'a progress token': meta('progressToken', 'p1'),
  'a progress token of a wrong kind': meta('progressToken', {}),
  'trace context': meta('traceparent', `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`),
  'broken trace context': meta('traceparent', 'rubbish'),
  'trace context of a wrong kind': meta('traceparent', 7),
  baggage: meta('baggage', 'a=b'),
  'meta of its own': meta('com.example/x', { a: 1 }),
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
  'plain text': head('content-type', 'text/plain'),
  'JSON of UTF-8': head('content-type', 'application/json; charset=utf-8'),
  'JSON of another kind': head('content-type', 'application/json-rpc'),
  'no type': head('content-type', undefined),
  'JSON only': head('accept', 'application/json'),
  'no accept': head('accept', undefined),
  'anything accepted': head('accept', '*/*'),
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

/** Of calls, whatever the era. */
export const argumentEdits: Record<string, Edit> = {
  ...Object.fromEntries(
    ([[], 'x', 7, null, undefined, {}, { text: 1, ü: ['x'] }, { n: 'x' }, { n: 3 }] as unknown[]).map((v) => [
      `arguments ${JSON.stringify(v)}`,
      put('params.arguments', v),
    ]),
  ),
};

/** Tools and arguments that bring every kind of end, each in the plainest of requests. */
export const ends: [name: string, args: Record<string, unknown>, capabilities?: object][] = [
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

/** Sends a request with each edit by both ways; the faults are those edits of which an answer tells the way. */
export async function faultsOf(
  url: string,
  make: () => Asked,
  edits: Record<string, Edit>,
  of: (answer: Answer) => unknown,
): Promise<string[]> {
  const faults: string[] = [];
  for (const [what, edit] of Object.entries(edits)) {
    const request = make();
    edit(request);
    const { short, long } = await sendBothWays(url, request);
    try {
      expect(of(short)).toEqual(of(long));
    } catch (error) {
      faults.push(`${what}: ${error instanceof Error ? error.message : error}`);
    }
  }
  return faults;
}
