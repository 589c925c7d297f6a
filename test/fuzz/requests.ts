import type { Random } from './random.ts';

/** A request before it becomes bytes: headers as pairs, so that one can be there twice. */
export interface Attempt {
  method: string;
  path: string;
  headers: [name: string, value: string][];
  body: Buffer | undefined;
}

export interface Sample {
  method: string;
  path: string;
  headers?: Record<string, string>;
  json?: unknown;
}

const meta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'fuzz', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

const accept = 'application/json, text/event-stream';

const messages: { method: string; params?: Record<string, unknown>; name?: string }[] = [
  { method: 'server/discover' },
  { method: 'tools/list', params: { cursor: 'eyJvIjowfQ' } },
  { method: 'tools/list' },
  { method: 'tools/call', params: { name: 'one_echo', arguments: { text: 'x' } }, name: 'one_echo' },
  { method: 'tools/call', params: { name: 'one_write', arguments: { text: 'x' } }, name: 'one_write' },
  { method: 'resources/read', params: { uri: 'one+fixture://item/1' }, name: 'one+fixture://item/1' },
  { method: 'resources/list' },
  { method: 'resources/templates/list' },
  { method: 'prompts/list' },
  { method: 'prompts/get', params: { name: 'one_greet', arguments: { who: 'you' } }, name: 'one_greet' },
  {
    method: 'completion/complete',
    params: { ref: { type: 'ref/prompt', name: 'one_greet' }, argument: { name: 'who', value: 'a' } },
  },
  { method: 'ping' },
  { method: 'logging/setLevel', params: { level: 'info' } },
  { method: 'notifications/cancelled', params: { requestId: 1, reason: 'x' } },
  { method: 'notifications/initialized' },
];

/** Right requests of every kind, which the mutations start from. */
export function samples(session: string): Sample[] {
  const rpc = (method: string, params: object | undefined) => ({
    jsonrpc: '2.0',
    ...(method.startsWith('notifications/') ? {} : { id: 1 }),
    method,
    ...(params ? { params } : {}),
  });
  const modern = messages.map(({ method, params, name }) => ({
    method: 'POST',
    path: '/mcp',
    headers: {
      accept,
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      ...(name === undefined ? {} : { 'mcp-name': name }),
    },
    json: rpc(method, { ...params, _meta: meta }),
  }));
  const sessions = messages.map(({ method, params }) => ({
    method: 'POST',
    path: '/mcp',
    headers: { accept, 'mcp-session-id': session, 'mcp-protocol-version': '2025-11-25' },
    json: rpc(method, params),
  }));
  const initialize = rpc('initialize', {
    protocolVersion: '2025-11-25',
    capabilities: { elicitation: {} },
    clientInfo: { name: 'fuzz', version: '1' },
  });
  return [
    ...modern,
    ...sessions,
    { method: 'POST', path: '/mcp', headers: { accept }, json: initialize },
    { method: 'POST', path: '/mcp/team', headers: { accept }, json: initialize },
    { method: 'DELETE', path: '/mcp', headers: { 'mcp-session-id': 'none', 'mcp-protocol-version': '2025-11-25' } },
    { method: 'POST', path: '/api/v1/tools/one.echo/call', json: { arguments: { text: 'x' } } },
    {
      method: 'POST',
      path: '/api/v1/tools/one.write/call',
      headers: { 'idempotency-key': 'abc' },
      json: { arguments: { text: 'x' }, endpoint: 'team' },
    },
    { method: 'GET', path: '/api/v1/tools?limit=10' },
    { method: 'GET', path: '/api/v1/tools/one.echo' },
    { method: 'GET', path: '/api/v1/upstreams' },
    { method: 'POST', path: '/api/v1/upstreams', json: { name: 'two', url: 'http://127.0.0.1:1/mcp' } },
    { method: 'PUT', path: '/api/v1/upstreams/two', json: { url: 'http://127.0.0.1:1/mcp' } },
    { method: 'GET', path: '/api/v1/audit?limit=5&since=2026-01-01&outcome=ok' },
    { method: 'GET', path: '/api/v1/audit/call_1' },
    { method: 'POST', path: '/api/v1/keys', json: { name: 'x', roles: ['viewer'], expiresAt: '2027-01-01T00:00:00Z' } },
    { method: 'DELETE', path: '/api/v1/keys/key_1' },
    { method: 'POST', path: '/api/v1/orgs', json: { id: 'acme', name: 'Acme' } },
    { method: 'GET', path: '/api/v1/policies' },
    { method: 'PUT', path: '/api/v1/policies/mine', json: { text: 'permit (principal, action, resource);' } },
    { method: 'GET', path: '/api/v1/me' },
    { method: 'GET', path: '/.well-known/oauth-protected-resource/mcp/team' },
    { method: 'GET', path: '/openapi.json' },
    { method: 'GET', path: '/healthz' },
    { method: 'GET', path: '/readyz' },
    { method: 'GET', path: '/metrics' },
  ];
}

/** The request as it should be. */
export function attemptOf({ method, path, headers = {}, json }: Sample, key: string): Attempt {
  return {
    method,
    path,
    headers: [
      ['authorization', `Bearer ${key}`],
      ...(json === undefined ? [] : ([['content-type', 'application/json']] as [string, string][])),
      ...Object.entries(headers),
    ],
    body: json === undefined ? undefined : Buffer.from(JSON.stringify(json)),
  };
}

/** The request with one to three things wrong with it. */
export function mutate(random: Random, sample: Sample, key: string): Attempt {
  const wrong = sample.json === undefined ? sample : { ...sample, json: mutateJson(random, sample.json) };
  const attempt = attemptOf(random.once(2) ? wrong : sample, key);
  const times = 1 + random.below(3);
  for (let n = 0; n < times; n++) random.pick(mutations)(random, attempt);
  return attempt;
}

const mutations: ((random: Random, attempt: Attempt) => void)[] = [
  mutateBytes,
  mutateBytes,
  mutateHeaders,
  mutateHeaders,
  mutateHeaders,
  mutatePath,
  (random, attempt) => {
    attempt.method = random.pick(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD', 'QUERY', 'X', 'post']);
  },
];

const oddities: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  Number.MAX_SAFE_INTEGER + 2,
  '',
  ' ',
  '\u0000',
  '\ud800',
  '../../etc/passwd',
  "'; drop table audit; --",
  '%24{env:PATH}',
  'a'.repeat(5_000),
  [],
  [[]],
  [null],
  {},
  { constructor: { prototype: { polluted: true } } },
  { toString: 1, valueOf: null, length: -1 },
  { $ref: 'http://127.0.0.1:1/' },
  '2026-07-28',
  '9999-99-99',
];

/** Replaces, adds, renames or removes one thing somewhere in a value. */
export function mutateJson(random: Random, value: unknown): unknown {
  if (random.once(40)) return random.pick(oddities);
  if (random.once(30)) return Array.from({ length: random.pick([0, 1, 2, 51]) }, () => value);
  if (typeof value !== 'object' || value === null) return random.pick(oddities);
  if (Array.isArray(value)) return value.map((one) => (random.once(2) ? mutateJson(random, one) : one));
  const entries = Object.entries(value);
  const at = random.below(entries.length + 1);
  const [name, inner] = entries[at] ?? [undefined, undefined];
  if (name === undefined || random.once(8)) {
    const odd = random.pick([
      '__proto__',
      'constructor',
      '',
      'id',
      'error',
      'result',
      'a'.repeat(300),
      '\u0000',
      '_meta',
    ]);
    return Object.fromEntries([...entries, [odd, random.pick(oddities)]]);
  }
  if (random.once(6)) return Object.fromEntries(entries.filter(([other]) => other !== name));
  entries[at] = random.once(10) ? [name.toUpperCase(), inner] : [name, mutateJson(random, inner)];
  return Object.fromEntries(entries);
}

function mutateBytes(random: Random, attempt: Attempt): void {
  const body = attempt.body ?? Buffer.from('{}');
  const text = body.toString('utf8');
  const depth = random.pick([10, 65, 129, 5_000, 100_000]);
  const changed: Buffer | string = random.pick<() => Buffer | string>([
    () => body.subarray(0, random.below(body.length + 1)),
    () => Buffer.concat([body, body]),
    () => `${'['.repeat(depth)}${']'.repeat(depth)}`,
    () => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`,
    () =>
      text.replace(/1/, random.pick(['1e999', '-0', '1E400', '123456789012345678901234567890', '01', '0x1', 'NaN'])),
    () => text.replace('{', '{"method":"ping","method":"tools/list","id":7,"id":[],'),
    () => text.replace('{', '{"__proto__":{"admin":true},'),
    () => text.replace('{', '{"\\u005f_proto__":{"admin":true},'),
    () => Buffer.concat([Buffer.from([0xff, 0xfe, 0xc0, 0x80]), body]),
    () => Buffer.from(text, 'utf16le'),
    () => `\ufeff${text}`,
    () =>
      text
        .replace(/"x"/, '"\ud800"')
        .replace(/"id":1/, () => `"id":${random.pick(['null', '{}', '[1]', '1.5', '""', 'true'])}`),
    () => '',
    () => 'null',
    () => '"text"',
    () => text.replaceAll('"', "'"),
    () => {
      const flipped = Buffer.from(body);
      for (let n = 0; n < 3 && flipped.length > 0; n++) flipped[random.below(flipped.length)] = random.below(256);
      return flipped;
    },
  ])();
  attempt.body = typeof changed === 'string' ? Buffer.from(changed) : Buffer.from(changed);
}

const headerValues: Record<string, readonly string[]> = {
  accept: [
    '',
    '*/*',
    'text/html',
    'application/json;q=0',
    'text/event-stream',
    ',,,',
    'application/*',
    'x'.repeat(900),
  ],
  'content-type': [
    '',
    'text/plain',
    'application/json; charset=utf-16',
    'application/json; charset="',
    'multipart/form-data',
    'APPLICATION/JSON',
    'application/vnd.x+json',
    'application/json, text/plain',
  ],
  'mcp-method': ['', 'tools/call', 'nonsense', 'TOOLS/LIST', 'a'.repeat(3_000), '__proto__', 'subscriptions/listen'],
  'mcp-name': ['', 'other_tool', '=?base64?b25l?=', '=?base64?***?=', '%00', '../..', 'constructor'],
  'mcp-protocol-version': [
    '',
    '2025-11-25',
    '2025-03-26',
    '2026-07-28',
    '1900-01-01',
    'latest',
    '2026-07-28, 2025-11-25',
  ],
  'mcp-session-id': ['', 'none', '00000000-0000-0000-0000-000000000000', 'a'.repeat(2_000), '../x', '__proto__'],
  'last-event-id': ['', '0', '-1', 'x_y', 'NaN', 'a'.repeat(1_000)],
  authorization: [
    '',
    'Bearer',
    'Bearer ',
    'Basic eDp5',
    'Bearer a b',
    'Bearer fl_nothing',
    'Bearer eyJhbGciOiJub25lIn0.e30.',
    'bearer x',
  ],
  origin: ['null', 'http://evil.example', 'file://', '', 'http://127.0.0.1:99999', 'javascript:alert(1)'],
  host: ['evil.example', '', '127.0.0.1:99999', '[::1', 'a@b', 'localhost:80:80'],
  'x-forwarded-for': ['1.2.3.4', '', 'garbage', '::ffff:1.2.3.4, , ,', ','.repeat(500)],
  'idempotency-key': ['', 'with space', 'k'.repeat(300), '\u007f', 'same'],
  traceparent: ['00-0-0-00', '00-ffffffffffffffffffffffffffffffff-ffffffffffffffff-01', 'ff-x', '', '00'.repeat(500)],
  baggage: ['=', 'a=b;c', ','.repeat(1_000), '%%%=%%%'],
  'content-encoding': ['gzip', 'br', 'identity', 'x'],
  'if-none-match': ['*', '"x"'],
  range: ['bytes=0-', 'bytes=9-1'],
  cookie: ['a=b', '=;=;'],
};

function mutateHeaders(random: Random, attempt: Attempt): void {
  if (random.once(5)) {
    const gone = random.below(attempt.headers.length);
    attempt.headers = attempt.headers.filter((_, at) => at !== gone);
    return;
  }
  const name = random.pick(Object.keys(headerValues));
  const value = random.pick(headerValues[name] ?? ['']);
  // Now and then it is there twice.
  if (!random.once(6)) attempt.headers = attempt.headers.filter(([other]) => other !== name);
  attempt.headers.push([name, value]);
}

function mutatePath(random: Random, attempt: Attempt): void {
  const odd = random.pick([
    '%',
    '%00',
    '%2e%2e%2f',
    '%ff',
    '..',
    '//',
    '%252f',
    ';x=1',
    '\u00e9',
    'a'.repeat(2_000),
    '__proto__',
    '*',
    '%E0%A4%A',
  ]);
  attempt.path = random.pick<() => string>([
    () => `${attempt.path}/${odd}`,
    () => `${attempt.path}?${odd}=${odd}&limit=-1&cursor=${odd}&org=${odd}`,
    () => `${attempt.path}${attempt.path.includes('?') ? '&' : '?'}limit=1e9&cursor=x&since=${odd}`,
    () => `/${odd}${attempt.path}`,
    () => attempt.path.replace(/[^/]+$/, odd),
    () => attempt.path.replace(/one\.echo|team|two|mine|call_1|key_1/, odd),
    () => attempt.path.toUpperCase(),
    () => `/mcp/${odd}`,
    () => `/.well-known/oauth-protected-resource/${odd}`,
    () => `/docs/${odd}`,
  ])();
}
