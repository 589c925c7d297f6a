import { type IncomingHttpHeaders, request as plainRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fairlead, fixtureUpstream, startFairlead } from '../harness.ts';

let fairlead: Fairlead;
const maxBodyBytes = 20_000;
const page = 'https://agents.example.com';

beforeAll(async () => {
  fairlead = await startFairlead({
    config: {
      server: {
        allowedHosts: ['127.0.0.1', 'localhost', 'mcp.example.com'],
        allowedOrigins: [page],
        maxBodyBytes,
        maxJsonDepth: 20,
      },
      upstreams: { one: { ...fixtureUpstream(), startTimeoutMs: 20_000 } },
    },
  });
});
afterAll(() => fairlead?.stop());

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

/** Sends exactly these headers, which `fetch` would not let anybody do. */
function raw(path: string, { method = 'GET', headers = {}, body = '' } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = plainRequest(`${fairlead.url}${path}`, { method, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

const accept = { accept: 'application/json, text/event-stream' };
const version = '2026-07-28';

const envelope = (revision: string) => ({
  'io.modelcontextprotocol/protocolVersion': revision,
  'io.modelcontextprotocol/clientCapabilities': {},
  'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
});

function modern(method: string, params: Record<string, unknown> = {}, headers: Record<string, string> = {}) {
  const name: Record<string, string> = typeof params.name === 'string' ? { 'mcp-name': params.name } : {};
  return fairlead.request('/mcp', {
    headers: { ...accept, 'mcp-protocol-version': version, 'mcp-method': method, ...name, ...headers },
    json: {
      jsonrpc: '2.0',
      id: 7,
      method,
      params: {
        ...params,
        _meta: envelope(version),
      },
    },
  });
}

const echo = { name: 'one_echo', arguments: { text: 'hi' } };

describe('the Host header', () => {
  it.each([
    'evil.example.com', // a name that an attacker points at this machine
    'mcp.example.com.evil.example',
    'localhost.evil.example',
    '169.254.169.254',
  ])('that says "%s" is refused on every surface [SP-8]', async (host) => {
    for (const path of ['/mcp', '/api/v1/tools', '/healthz', '/metrics', '/.well-known/oauth-protected-resource/mcp']) {
      const { status, text } = await raw(path, { headers: { host, authorization: `Bearer ${fairlead.adminKey}` } });
      expect([path, status]).toEqual([path, 403]);
      expect(JSON.parse(text)).toMatchObject({ code: 'HOST_NOT_ALLOWED', category: 'permission' });
    }
  });

  it.each(['mcp.example.com@evil.example', '127.0.0.1, evil.example', 'a b'])(
    'that is none, such as "%s", is refused [SP-8]',
    async (host) => {
      const { status, headers, text } = await raw('/mcp', { headers: { host } });
      expect(status).toBe(400);
      expect(headers['content-type']).toBe('application/problem+json');
      expect(JSON.parse(text)).toMatchObject({ code: 'INVALID_REQUEST' });
    },
  );

  it.each(['mcp.example.com', 'MCP.example.com:8443', 'localhost:7300', '127.0.0.1'])(
    'that says "%s" is served [SP-8]',
    async (host) => {
      const headers = { host, authorization: `Bearer ${fairlead.adminKey}` };
      expect((await raw('/api/v1/tools', { headers })).status).toBe(200);
    },
  );
});

describe('a web page', () => {
  const from = (origin: string, path = '/api/v1/tools', headers: Record<string, string> = {}) =>
    fairlead.request(path, { headers: { origin, ...headers } });

  it.each(['https://evil.example', 'http://agents.example.com', 'https://agents.example.com.evil.example', 'null'])(
    'of the origin %s is refused before anything happens [SP-8]',
    async (origin) => {
      for (const response of [
        await from(origin),
        await fairlead.request('/mcp', { headers: { ...accept, origin }, json: { jsonrpc: '2.0', id: 1 } }),
        await fairlead.request('/mcp', {
          key: null,
          method: 'OPTIONS',
          headers: { origin, 'access-control-request-method': 'POST' },
        }),
      ]) {
        expect(response.status).toBe(403);
        expect(response.headers.get('access-control-allow-origin')).toBeNull();
        expect(await response.json()).toMatchObject({ code: 'ORIGIN_NOT_ALLOWED' });
      }
    },
  );

  it('of an allowed origin may call, and may read the headers that it needs [SP-8]', async () => {
    const response = await from(page);
    expect(response.status).toBe(200);
    expect(response.headers.get('access-control-allow-origin')).toBe(page);
    expect(response.headers.get('vary')).toMatch(/origin/i);
    const exposed = response.headers.get('access-control-expose-headers')?.toLowerCase();
    for (const name of ['mcp-session-id', 'www-authenticate', 'retry-after', 'x-request-id', 'idempotency-replayed'])
      expect(exposed).toContain(name);
  });

  it('of an allowed origin can read why it was refused [SP-8]', async () => {
    for (const path of ['/mcp', '/api/v1/tools']) {
      const refused = await fairlead.request(path, { key: null, headers: { origin: page } });
      expect(refused.status).toBe(401);
      expect(refused.headers.get('access-control-allow-origin')).toBe(page);
    }
  });

  it.each([
    ['/mcp', 'POST', 'authorization,content-type,mcp-protocol-version,mcp-method,mcp-name,mcp-param-region'],
    ['/mcp/any', 'DELETE', 'authorization,mcp-session-id'],
    ['/mcp', 'GET', 'authorization,last-event-id'],
    ['/api/v1/tools/one.echo/call', 'POST', 'authorization,content-type,idempotency-key,traceparent'],
    ['/api/v1/policies/words', 'PUT', 'authorization,content-type'],
  ])('of an allowed origin gets its preflight for %s %s answered without a key [SP-8]', async (path, method, asked) => {
    const response = await fairlead.request(path, {
      key: null,
      method: 'OPTIONS',
      headers: { origin: page, 'access-control-request-method': method, 'access-control-request-headers': asked },
    });
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-origin')).toBe(page);
    expect(response.headers.get('access-control-allow-methods')).toContain(method);
    const allowed = (response.headers.get('access-control-allow-headers') ?? '').toLowerCase().split(/, */);
    expect(allowed).toEqual(expect.arrayContaining(asked.split(',')));
    expect(response.headers.get('access-control-allow-credentials')).toBeNull();
  });
});

describe('a message', () => {
  const send = (body: string | ReadableStream, headers: Record<string, string> = {}) =>
    fairlead.request('/mcp', {
      method: 'POST',
      body,
      headers: { ...accept, 'content-type': 'application/json', ...headers },
      ...(typeof body === 'string' ? {} : ({ duplex: 'half' } as object)),
    });

  it('that is larger than allowed is refused, also when it does not say how large it is [SP-8]', async () => {
    const large = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'x', params: { a: 'x'.repeat(maxBodyBytes) } });
    for (const body of [large, new Blob([large]).stream()]) {
      const response = await send(body);
      expect(response.status).toBe(413);
      expect(await response.json()).toMatchObject({ jsonrpc: '2.0', error: { code: expect.any(Number) } });
    }
  });

  it('that is nested deeper than allowed is refused [SP-8]', async () => {
    const nested = `${'{"a":'.repeat(30)}1${'}'.repeat(30)}`;
    const response = await send(`{"jsonrpc":"2.0","id":1,"method":"tools/list","params":${nested}}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ jsonrpc: '2.0', error: { code: -32700 } });
  });

  it.each(['{', '', '{"jsonrpc":"2.0",', '\u0000', '{"__proto__":{"admin":true}}', '"\\ud800'])(
    'that is no JSON is a parse error: %j [SP-8]',
    async (body) => {
      const response = await send(body);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ jsonrpc: '2.0', id: null, error: { code: -32700 } });
    },
  );

  it.each(['null', '1', '"text"', '{}', '{"jsonrpc":"1.0","id":1,"method":"tools/list"}', '{"jsonrpc":"2.0","id":{}}'])(
    'that is JSON and no JSON-RPC is refused: %s [SP-8]',
    async (body) => {
      const ofVersion: Record<string, string> = { 'mcp-protocol-version': version, 'mcp-method': 'tools/list' };
      for (const headers of [{}, ofVersion]) {
        const response = await send(body, headers);
        expect(response.status).toBe(400);
        expect(await response.json()).toMatchObject({ jsonrpc: '2.0', error: { code: expect.any(Number) } });
      }
    },
  );

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'application/jsonp', ''])(
    'of the type "%s" is refused, as a form of another site could send it [SP-8]',
    async (type) => {
      const response = await send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' }), { 'content-type': type });
      expect(response.status).toBe(415);
      expect(await response.json()).toMatchObject({ jsonrpc: '2.0', error: { code: expect.any(Number) } });
    },
  );
});

describe('headers and body of the stateless revision', () => {
  it('that agree are served [SP-8]', async () => {
    const response = await modern('tools/call', echo);
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('"hi"');
  });

  it.each([
    ['another method', { 'mcp-method': 'tools/list' }],
    ['another tool', { 'mcp-name': 'one_write' }],
    ['another revision', { 'mcp-protocol-version': '2025-11-25' }],
  ])('that disagree are refused, and nothing is called: %s [SP-8]', async (_, headers) => {
    const calls = async () => (await (await fairlead.request('/api/v1/audit?limit=500')).json()).records.length;
    const before = await calls();
    const response = await modern('tools/call', echo, headers);
    expect(response.status).toBe(400);
    const { jsonrpc, error } = await response.json();
    expect({ jsonrpc, code: error.code }).toEqual({ jsonrpc: '2.0', code: -32020 });
    expect(await calls()).toBe(before);
  });

  it.each(['mcp-method', 'mcp-name'])('that lack %s are refused [SP-8]', async (name) => {
    const all: Record<string, string> = { 'mcp-method': 'tools/call', 'mcp-name': 'one_echo' };
    const headers = Object.fromEntries(Object.entries(all).filter(([key]) => key !== name));
    const response = await fairlead.request('/mcp', {
      headers: { ...accept, 'mcp-protocol-version': version, ...headers },
      json: {
        jsonrpc: '2.0',
        id: 7,
        method: 'tools/call',
        params: { ...echo, _meta: envelope(version) },
      },
    });
    expect(response.status).toBe(400);
    expect((await response.json()).error.code).toBe(-32020);
  });

  it('of a revision that nobody speaks are refused with those that are spoken [SP-4] [SP-8]', async () => {
    const response = await fairlead.request('/mcp', {
      headers: { ...accept, 'mcp-protocol-version': '2031-01-01', 'mcp-method': 'tools/list' },
      json: {
        jsonrpc: '2.0',
        id: 7,
        method: 'tools/list',
        params: { _meta: envelope('2031-01-01') },
      },
    });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain(version);
  });
});

describe('metrics', () => {
  it('are not for whom an untrusted proxy on this machine lets through [SP-8] [SP-18]', async () => {
    expect((await raw('/metrics')).status).toBe(200);
    for (const headers of [{ 'x-forwarded-for': '127.0.0.1' }, { forwarded: 'for=127.0.0.1' }, { via: '1.1 here' }])
      expect((await raw('/metrics', { headers })).status).toBe(401);
  });
});

describe('other methods on /mcp', () => {
  it.each(['PUT', 'PATCH'])('%s is not allowed, and the answer says what is [SP-8]', async (method) => {
    const response = await fairlead.request('/mcp', { method, body: '{}' });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, POST, DELETE, OPTIONS');
  });

  it('HEAD opens no stream, and DELETE and GET without a session are refused [SP-8]', async () => {
    for (const method of ['HEAD', 'DELETE', 'GET']) {
      const response = await fairlead.request('/mcp', { method, headers: { accept: 'text/event-stream' } });
      expect([method, response.status]).toEqual([method, expect.toSatisfy((it) => it >= 400 && it < 500)]);
      await response.body?.cancel();
    }
  });

  it('OPTIONS needs no key and tells a program nothing [SP-8]', async () => {
    const response = await fairlead.request('/mcp', { key: null, method: 'OPTIONS' });
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('every answer', () => {
  it.each([
    ['/healthz', {}],
    ['/api/v1/tools', {}],
    ['/api/v1/nothing', {}],
    ['/mcp', { key: null }],
    ['/mcp', { headers: { origin: 'https://evil.example' } }],
    ['/nothing', {}],
  ])('has the headers that keep browsers from harm, and the id of its request: %s %j [SP-8]', async (path, init) => {
    const { headers } = await fairlead.request(path, init);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('x-request-id')).toMatch(/^req_/);
    expect(headers.get('server')).toBeNull();
    expect(headers.get('x-powered-by')).toBeNull();
  });
});
