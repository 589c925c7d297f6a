import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { call, caller, createUpstreamWorld, enters, httpAt, textOf } from '../../../test/upstreams.ts';

interface Request {
  id: number;
  method: string;
  params: { name?: string; arguments?: Record<string, unknown>; _meta: Record<string, unknown> };
}

type Answer = (response: ServerResponse, request: Request, url?: string) => void;

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

const json = (status: number, body: unknown, headers: Record<string, string> = {}): Answer => {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
};
const result = (value: unknown): Answer => {
  return (response, { id }) => json(200, { jsonrpc: '2.0', id, result: value })(response, {} as Request);
};
const refused = (status: number, error: unknown): Answer => {
  return (response, { id }) => json(status, { jsonrpc: '2.0', id, error })(response, {} as Request);
};
const events = (...messages: ((request: Request) => unknown)[]): Answer => {
  return (response, request) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const message of messages) response.write(`event: message\ndata: ${JSON.stringify(message(request))}\n\n`);
    response.end();
  };
};
const good = { content: [{ type: 'text', text: 'good' }], resultType: 'complete' };

/** A server of the stateless revision that answers calls of its one tool in an odd way. */
async function odd(answer: Answer, more: Record<string, unknown> = {}) {
  const seen: { headers: IncomingHttpHeaders; request: Request; url: string | undefined }[] = [];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const request: Request = JSON.parse(Buffer.concat(chunks).toString('utf8') || '{}');
      const cached = { ttlMs: 0, cacheScope: 'private', resultType: 'complete' };
      if (request.method === 'tools/call') {
        seen.push({ headers: incoming.headers, request, url: incoming.url });
        answer(response, request, incoming.url);
      } else if (request.method === 'server/discover') {
        result({ ...cached, supportedVersions: ['2026-07-28'], capabilities: { tools: {} } })(response, request);
      } else if (request.method === 'tools/list') {
        const tools = [{ name: 'odd', inputSchema: { type: 'object' } }];
        result({ ...cached, tools })(response, request);
      } else refused(404, { code: -32_601, message: 'Method not found' })(response, request);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
  const upstream = createUpstreamWorld({ maxMessageBytes: 10_000 }).start('peer', httpAt(url, { retries: 0, ...more }));
  await enters(upstream, 'live');
  return { upstream, seen };
}

describe('a call exchanged with a stateless upstream directly', () => {
  it('says all that the revision wants, and what the file adds [CA-10]', async () => {
    const { upstream, seen } = await odd(result(good), { headers: { 'X-Team': 'blue', Accept: 'nothing' } });
    expect(await textOf(call(upstream, 'odd', { a: 1 }))).toBe('good');
    const { headers, request } = seen[0] ?? expect.fail('it was not called');
    expect(headers).toMatchObject({
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': 'odd',
      'x-team': 'blue',
    });
    expect(request.params).toMatchObject({
      name: 'odd',
      arguments: { a: 1 },
      _meta: {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientInfo': { name: 'fairlead' },
        'io.modelcontextprotocol/clientCapabilities': {},
      },
    });
  });

  it('takes an answer, progress and log messages from a stream of events [CA-10]', async () => {
    const { upstream } = await odd(
      events(
        ({ params }) => ({
          jsonrpc: '2.0',
          method: 'notifications/progress',
          params: { progressToken: params._meta.progressToken, progress: 1, total: 2, message: 'half' },
        }),
        () => ({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: 'said' } }),
        ({ id }) => ({ jsonrpc: '2.0', id, result: good }),
      ),
    );
    const { link, progress, logs } = caller('one');
    expect(await textOf(call(upstream, 'odd', {}, { link }))).toBe('good');
    expect(progress).toEqual([{ progress: 1, total: 2, message: 'half' }]);
    expect(logs).toEqual(['said']);
  });

  it.each<[string, Answer, string]>([
    ['no JSON', json(200, '{"jsonrpc"'), 'UPSTREAM_PROTOCOL'],
    ['an answer to something else', json(200, { jsonrpc: '2.0', id: 1, result: good }), 'UPSTREAM_PROTOCOL'],
    ['a result that is none', result('text'), 'UPSTREAM_PROTOCOL'],
    ['a result of no type', result({ content: [] }), 'UPSTREAM_PROTOCOL'],
    ['a result of an unknown type', result({ ...good, resultType: 'task' }), 'UPSTREAM_PROTOCOL'],
    ['content of an unknown kind', result({ ...good, content: [{ type: 'hologram' }] }), 'UPSTREAM_PROTOCOL'],
    ['a question about nothing', result({ resultType: 'input_required' }), 'UPSTREAM_PROTOCOL'],
    ['nesting without end', result({ ...good, structuredContent: nested(200) }), 'UPSTREAM_PROTOCOL'],
    ['HTML', json(200, '<html>', { 'content-type': 'text/html' }), 'UPSTREAM_PROTOCOL'],
    ['nothing', json(202, ''), 'UPSTREAM_PROTOCOL'],
    ['a compressed answer', json(200, 'x', { 'content-encoding': 'gzip' }), 'UPSTREAM_PROTOCOL'],
    ['a stream without an answer', events(), 'UPSTREAM_UNAVAILABLE'],
    [
      'an answer that is too long',
      result({ content: [{ type: 'text', text: 'x'.repeat(20_000) }] }),
      'UPSTREAM_ANSWER_TOO_LARGE',
    ],
    ['a long stream', events(() => ({ text: 'x'.repeat(20_000) })), 'UPSTREAM_ANSWER_TOO_LARGE'],
    ['an error', refused(200, { code: -32_000, message: 'no' }), 'UPSTREAM_REJECTED'],
    ['an error of an odd kind', refused(200, 'no'), 'UPSTREAM_PROTOCOL'],
    ['wrong parameters', refused(400, { code: -32_602, message: 'no' }), 'UPSTREAM_INVALID_PARAMS'],
    ['another tool', refused(400, { code: -32_020, message: 'headers and body disagree' }), 'UPSTREAM_UNAVAILABLE'],
    ['a refusal in words', json(400, 'no'), 'UPSTREAM_REJECTED'],
    ['no entry', json(401, ''), 'UPSTREAM_UNAUTHORIZED'],
    ['too many', json(429, '', { 'retry-after': '60' }), 'UPSTREAM_BUSY'],
    ['a failure', json(503, ''), 'UPSTREAM_UNAVAILABLE'],
    ['a connection that breaks', (response) => response.destroy(), 'UPSTREAM_UNAVAILABLE'],
  ])('is judged like any other when what comes back is %s [CA-10] [SP-11]', async (_, answer, code) => {
    const { upstream } = await odd(answer);
    await expect(call(upstream, 'odd')).rejects.toMatchObject({ code });
  });

  it('keeps what it does not know, and goes where it is sent within its origin [CA-10]', async () => {
    const kept = { ...good, more: { kept: true }, structuredContent: [1] };
    const { upstream, seen } = await odd((response, request, url) => {
      if (url === '/elsewhere') result(kept)(response, request);
      else response.writeHead(307, { location: '/elsewhere' }).end();
    });
    const reply = await call(upstream, 'odd');
    expect(reply).toMatchObject({ kind: 'result', result: { more: { kept: true }, structuredContent: [1] } });
    expect(seen.at(-1)?.url).toBe('/elsewhere');
  });
});

function nested(levels: number): unknown {
  return levels === 0 ? 1 : { a: nested(levels - 1) };
}
