import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { serveHttpFixture } from '../../../test/fixtures/servers/http.ts';
import { call, createUpstreamWorld, enters, httpAt, textOf } from '../../../test/upstreams.ts';
import { openApiUpstream } from '../../config/schema.ts';
import { defineError } from '../../kernel/errors.ts';
import { subjectBehind } from '../../kernel/principal.ts';
import type { Authorizer, CredentialsPort } from './types.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function http(eras: Parameters<typeof serveHttpFixture>[0]) {
  const server = await serveHttpFixture(eras);
  cleanups.push(server.stop);
  return server;
}

const NotConnected = defineError('TEST_NOT_CONNECTED', {
  status: 401,
  category: 'authentication',
  retryable: false,
  message: 'Nobody has connected {who}.',
  action: 'Connect.',
});

/** Tokens by subject, with what was refused; a subject without one has no credential. */
function tokensOf(tokens: Record<string, string>, isPersonal = false) {
  const refused: Parameters<Authorizer['refused']>[0][] = [];
  const renewed: Record<string, string> = {};
  const port: CredentialsPort = {
    isPersonal: () => isPersonal,
    authorizerFor(_, who) {
      const subject = who && isPersonal ? subjectBehind(who) : 'fairlead';
      return {
        async headers() {
          const token = tokens[subject];
          if (token === undefined) throw NotConnected({ who: subject });
          return { authorization: `Bearer ${token}` };
        },
        async refused(refusal) {
          refused.push(refusal);
          const next = renewed[subject];
          if (next === undefined || tokens[subject] === next) return false;
          tokens[subject] = next;
          return true;
        },
      };
    },
  };
  return { port, tokens, renewed, refused };
}

const invalid = { status: 401, challenge: 'Bearer error="invalid_token"' } as const;

describe.each(['modern', 'legacy'] as const)('credentials towards an upstream of the %s era', (era) => {
  it('go with each request and beat a header of the settings [AC-4]', async () => {
    const server = await http(era);
    server.protect(({ authorization }) => (authorization === 'Bearer good' ? undefined : invalid));
    const world = createUpstreamWorld({}, [], tokensOf({ fairlead: 'good' }).port);
    const upstream = world.start(
      'peer',
      httpAt(server.url, { headers: { Authorization: 'Bearer written', 'X-A': 'a' } }),
    );
    await enters(upstream, 'live');
    expect(await textOf(call(upstream, 'echo', { text: 'ahoy' }))).toBe('ahoy');
    expect(server.requests.every(({ headers }) => headers['x-a'] === 'a')).toBe(true);
  });

  it('are renewed when refused, and the call made once more, also of a tool that changes something [AC-4]', async () => {
    const server = await http(era);
    const { port, renewed, refused } = tokensOf({ fairlead: 'old' });
    const world = createUpstreamWorld({}, [], port);
    const upstream = world.start('peer', httpAt(server.url, { retries: 0 }));
    await enters(upstream, 'live');
    const before = server.requests.length;
    server.protect(({ authorization, rpc }) =>
      rpc !== 'tools/call' || authorization === 'Bearer new' ? undefined : invalid,
    );
    renewed.fairlead = 'new';
    expect(await textOf(call(upstream, 'echo', { text: 'ahoy' }))).toBe('ahoy');
    expect(refused).toEqual([{ ...invalid, sent: { authorization: 'Bearer old' } }]);
    expect(server.requests.slice(before).filter(({ rpc }) => rpc === 'tools/call')).toHaveLength(2);
  });

  it('are asked for more after a challenge for more scope, once [AC-2]', async () => {
    const server = await http(era);
    const { port, renewed, refused } = tokensOf({ fairlead: 'narrow' });
    const world = createUpstreamWorld({}, [], port);
    const upstream = world.start('peer', httpAt(server.url, { retries: 0 }));
    await enters(upstream, 'live');
    const challenge = 'Bearer error="insufficient_scope", scope="read write"';
    server.protect(({ rpc }) => (rpc === 'tools/call' ? { status: 403, challenge } : undefined));
    renewed.fairlead = 'wide';
    await expect(call(upstream, 'echo', { text: 'ahoy' })).rejects.toMatchObject({ code: 'UPSTREAM_UNAUTHORIZED' });
    expect(refused).toEqual([{ status: 403, challenge, sent: { authorization: 'Bearer narrow' } }]);
    expect(server.requests.filter(({ rpc }) => rpc === 'tools/call')).toHaveLength(2);
  });

  it('are not asked for anew when access is denied for another reason [AC-4]', async () => {
    const server = await http(era);
    const { port, refused } = tokensOf({ fairlead: 'good' });
    const upstream = createUpstreamWorld({}, [], port).start('peer', httpAt(server.url, { retries: 0 }));
    await enters(upstream, 'live');
    server.protect(({ rpc }) => (rpc === 'tools/call' ? { status: 403, challenge: 'Bearer' } : undefined));
    await expect(call(upstream, 'echo', { text: 'ahoy' })).rejects.toMatchObject({ code: 'UPSTREAM_UNAUTHORIZED' });
    expect(refused).toEqual([]);
  });

  it('of people are kept apart, each with a connection of their own [AC-4]', async () => {
    const server = await http(era);
    const world = createUpstreamWorld({}, [], tokensOf({ fairlead: 'f', 'user:a': 'a', 'user:b': 'b' }, true).port);
    const upstream = world.start('peer', httpAt(server.url));
    await enters(upstream, 'live');
    const whoami = (principal: string) => textOf(call(upstream, 'echo', { text: principal }, { principal }));
    expect(await Promise.all(['user:a', 'user:b', 'user:a'].map(whoami))).toEqual(['user:a', 'user:b', 'user:a']);
    const calls = server.requests.filter(({ rpc }) => rpc === 'tools/call');
    expect(calls.map(({ headers }) => headers.authorization).sort()).toEqual(['Bearer a', 'Bearer a', 'Bearer b']);
    const sessions = new Map(calls.map(({ headers }) => [headers.authorization, headers['mcp-session-id']]));
    if (era === 'legacy') expect(new Set(sessions.values()).size).toBe(2);
  });

  it('that a caller lacks are named to that caller, and to nobody else [AC-4]', async () => {
    const server = await http(era);
    const world = createUpstreamWorld({}, [], tokensOf({ 'user:a': 'a' }, true).port);
    const upstream = world.start('peer', httpAt(server.url));
    await enters(upstream, 'failing'); // nobody lists it
    for (let tries = 0; tries < 8; tries++) {
      const lacking = call(upstream, 'echo', { text: '1' }, { principal: 'user:b' });
      await expect(lacking).rejects.toMatchObject({ code: 'TEST_NOT_CONNECTED' });
    }
    expect(await textOf(call(upstream, 'echo', { text: '2' }, { principal: 'user:a' }))).toBe('2');
  });
});

it('credentials go with the requests of an API, and with its document where that is not for everybody [AC-4]', async () => {
  const seen: [string | undefined, string | undefined][] = [];
  const server = createServer((request, response) => {
    seen.push([request.url, request.headers.authorization]);
    if (request.headers.authorization !== 'Bearer good') response.writeHead(401).end();
    else if (request.url === '/openapi.json') response.end(JSON.stringify(document));
    else response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const document = {
    openapi: '3.1.0',
    info: { title: 'T', version: '1' },
    security: [{ login: [] }],
    components: { securitySchemes: { login: { type: 'oauth2', flows: {} } } },
    paths: { '/one': { get: { operationId: 'one', responses: { 200: { description: '' } } } } },
  };
  const { port, renewed } = tokensOf({ fairlead: 'good' });
  const settings = openApiUpstream.parse({ openapi: `${baseUrl}/openapi.json`, baseUrl, startTimeoutMs: 15_000 });
  const upstream = createUpstreamWorld({}, [], port).start('api', settings);
  await enters(upstream, 'live');
  renewed.fairlead = 'good';
  expect(await textOf(call(upstream, 'one'))).toContain('true');
  expect(seen).toEqual([
    ['/openapi.json', undefined],
    ['/openapi.json', 'Bearer good'],
    ['/one', 'Bearer good'],
  ]);
});
