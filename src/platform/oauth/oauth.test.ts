import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { createEgress } from '../http/index.ts';
import {
  beginAuthorization,
  clientCredentials,
  createOAuthRequests,
  discover,
  finishAuthorization,
  readAuthorizationServer,
  readChallenge,
  readResource,
  scopesTogether,
  scopeToAsk,
  serverAt,
} from './index.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

/** What answers by path; everything else is not there. */
async function serve(paths: (origin: string) => Record<string, unknown>) {
  const asked: { url: string; body: string; headers: IncomingMessage['headers'] }[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    asked.push({ url: request.url ?? '', body, headers: request.headers });
    const answer = paths(origin)[request.url ?? ''];
    if (answer === undefined) response.writeHead(404).end();
    else if (typeof answer === 'function') (answer as Answer)(request, response, body);
    else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { origin, asked };
}

function requestsTo(...trusted: string[]) {
  const egress = createEgress({ allow: [], log: pino({ level: 'silent' }) });
  cleanups.push(egress.stop);
  return createOAuthRequests({ egress, trusted, signal: new AbortController().signal });
}

const metadata = (issuer: string, more = {}) => ({
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  response_types_supported: ['code'],
  code_challenge_methods_supported: ['S256'],
  ...more,
});
const asPath = '/.well-known/oauth-authorization-server';
const client = { clientId: 'us', clientSecret: 'a secret: of ours' };
const now = Date.now;

describe('a challenge', () => {
  it.each([
    ['Bearer', {}],
    [
      'Bearer realm="a, b", error="insufficient_scope", scope="read write"',
      { error: 'insufficient_scope', scope: 'read write' },
    ],
    ['Basic realm="x", Bearer scope=read', { scope: 'read' }],
    ['Bearer scope="mine", Digest scope="theirs", nonce="n"', { scope: 'mine' }],
    ['bearer resource_metadata="https://a.example/m"', { resourceMetadata: 'https://a.example/m' }],
    ['Bearer resource_metadata="no address"', { resourceMetadata: undefined }],
    [undefined, {}],
  ])('%s is read [AC-2]', (header, found) => expect(readChallenge(header)).toMatchObject(found));

  it('names the scopes to ask for, before all others, without losing those that are held [AC-2]', () => {
    expect(scopeToAsk({ challenged: 'c', configured: ['s'], offered: ['o'] })).toBe('c');
    expect(scopeToAsk({ configured: ['s', 't'], offered: ['o'] })).toBe('s t');
    expect(scopeToAsk({ offered: ['o'] })).toBe('o');
    expect(scopeToAsk({})).toBeUndefined();
    expect(scopeToAsk({ challenged: 'c', held: 'h' })).toBe('h c');
    const server = { ...serverAt('https://a.example/token'), scopes_supported: ['offline_access'] };
    expect(scopeToAsk({ offered: ['o'] }, server)).toBe('o offline_access');
    expect(scopesTogether('a b', undefined, 'b c')).toBe('a b c');
  });
});

describe('metadata', () => {
  it('of another issuer or another resource than the one that was asked are refused [AC-2]', async () => {
    const { origin } = await serve((at) => ({
      [asPath]: metadata('https://evil.example'),
      '/.well-known/oauth-protected-resource/mcp': {
        resource: 'https://other.example/mcp',
        authorization_servers: [at],
      },
      '/.well-known/oauth-protected-resource/mcp-beside': { resource: `${at}/mcp`, authorization_servers: [at] },
    }));
    const requests = requestsTo(origin);
    await expect(readAuthorizationServer(origin, requests)).rejects.toMatchObject({
      reason: 'the metadata of its authorization server name another one',
    });
    const other = { reason: 'its metadata are those of another resource' };
    await expect(readResource(`${origin}/mcp`, requests)).rejects.toMatchObject(other);
    await expect(readResource(`${origin}/mcp-beside`, requests)).rejects.toMatchObject(other);
  });

  it('lead nowhere inside, unless the operator wrote that down [AC-2]', async () => {
    const inside = await serve((at) => ({ [asPath]: metadata(at) }));
    const { origin } = await serve((at) => ({
      '/.well-known/oauth-protected-resource/mcp': { resource: `${at}/mcp`, authorization_servers: [inside.origin] },
    }));
    await expect(discover(`${origin}/mcp`, requestsTo(origin))).rejects.toMatchObject({
      reason: expect.stringMatching(/is not public, and egress.allow in fairlead.yaml/),
    });
    expect(inside.asked).toEqual([]);
    const found = await discover(`${origin}/mcp`, requestsTo(origin, inside.origin));
    expect(found).toMatchObject({ resource: `${origin}/mcp`, server: { issuer: inside.origin } });
  });
});

describe('a token', () => {
  it('is asked for with the proof of the client, and what it is for [AC-4]', async () => {
    const { origin, asked } = await serve(() => ({
      '/token': { access_token: 't', token_type: 'bearer', expires_in: 60 },
    }));
    const asking = { server: serverAt(`${origin}/token`), client, requests: requestsTo(origin), now };
    const set = await clientCredentials(asking, { resource: 'https://api.example', scope: 'read' });
    expect(set).toMatchObject({ accessToken: 't', scope: 'read' });
    expect(set.expiresAt).toBeGreaterThan(now() + 50_000);
    const [request] = asked;
    expect(Object.fromEntries(new URLSearchParams(request?.body))).toEqual({
      grant_type: 'client_credentials',
      scope: 'read',
      resource: 'https://api.example',
    });
    const basic = Buffer.from(request?.headers.authorization?.slice(6) ?? '', 'base64').toString();
    expect(basic).toBe('us:a+secret%3A+of+ours');
  });

  it('that no header can hold, or of a kind that is not spoken here, is none [AC-2]', async () => {
    for (const answer of [
      { access_token: 'a\nb', token_type: 'Bearer' },
      { token_type: 'Bearer' },
      { access_token: 't', token_type: 'DPoP' },
      { access_token: 't', token_type: 'N_A' },
    ]) {
      const { origin } = await serve(() => ({ '/token': answer }));
      const asking = { server: serverAt(`${origin}/token`), client, requests: requestsTo(origin), now };
      await expect(clientCredentials(asking, { resource: origin })).rejects.toThrow(/^its authorization server g/);
    }
  });

  it('is not asked for where everybody on the way could read the secret, nor where a redirect leads [AC-4]', async () => {
    const { origin, asked } = await serve((at) => ({
      '/token': ((_, response) => response.writeHead(307, { location: `${at}/elsewhere` }).end()) satisfies Answer,
    }));
    const open = { server: serverAt('http://as.example/token'), client, requests: requestsTo(), now };
    await expect(clientCredentials(open, { resource: origin })).rejects.toThrow('not reached by https');
    const asking = { server: serverAt(`${origin}/token`), client, requests: requestsTo(origin), now };
    await expect(clientCredentials(asking, { resource: origin })).rejects.toThrow('HTTP 307');
    expect(asked.map(({ url }) => url)).toEqual(['/token']);
  });

  it('that is refused is told by its code alone [AC-4]', async () => {
    const { origin } = await serve(() => ({
      '/token': ((_, response) =>
        response
          .writeHead(400)
          .end('{"error":"invalid_grant","error_description":"for eyes inside"}')) satisfies Answer,
    }));
    const asking = { server: serverAt(`${origin}/token`), client, requests: requestsTo(origin), now };
    await expect(clientCredentials(asking, { resource: origin })).rejects.toMatchObject({
      reason: 'its authorization server gives no token (invalid_grant)',
      code: 'invalid_grant',
      detail: 'for eyes inside',
      retryable: false,
    });
  });
});

describe('a code', () => {
  const beginning = {
    redirectUri: 'http://127.0.0.1:1/back',
    resource: 'https://api.example',
    scope: 'read',
    state: 's',
  };

  it('is asked for only where it is protected by PKCE with S256 [AC-2]', async () => {
    for (const methods of [undefined, ['plain']]) {
      const server = metadata('https://as.example', { code_challenge_methods_supported: methods });
      const starting = beginAuthorization({ server, client, requests: requestsTo() }, beginning);
      await expect(starting).rejects.toThrow('PKCE');
    }
  });

  it('goes to nobody but the server that was asked, as it was when it was asked [AC-2]', async () => {
    const { origin, asked } = await serve(() => ({ '/token': { access_token: 't', token_type: 'Bearer' } }));
    const server = metadata(origin, { authorization_response_iss_parameter_supported: true });
    const asking = { server, client, requests: requestsTo(origin), now };
    const { url, pending } = await beginAuthorization(asking, beginning);
    const query = Object.fromEntries(new URL(url).searchParams);
    expect(query).toMatchObject({ code_challenge_method: 'S256', resource: 'https://api.example', state: 's' });
    const answer = (more: Record<string, string>) => new URLSearchParams({ code: 'c', state: 's', ...more });
    const refused: [typeof asking, URLSearchParams][] = [
      [asking, answer({})], // promised, and not there
      [asking, answer({ iss: 'https://evil.example' })],
      [asking, answer({ iss: `${origin}/` })],
      [asking, answer({ iss: origin, state: 'another' })],
      [asking, answer({ iss: 'https://evil.example', error: 'access_denied' })],
      [{ ...asking, server: { ...server, issuer: 'https://evil.example' } }, answer({ iss: 'https://evil.example' })],
      [{ ...asking, server: { ...server, token_endpoint: 'https://evil.example/token' } }, answer({ iss: origin })],
      [{ ...asking, client: { ...client, clientId: 'another' } }, answer({ iss: origin })],
    ];
    for (const [as, with_] of refused)
      await expect(finishAuthorization(as, pending, with_)).rejects.toThrow(/answer|another/);
    expect(asked).toEqual([]);
    await expect(finishAuthorization(asking, pending, answer({ iss: origin, error: 'access_denied' }))).rejects.toThrow(
      'access_denied',
    );
    const set = await finishAuthorization(asking, pending, answer({ iss: origin }));
    expect(set).toMatchObject({ accessToken: 't', scope: 'read' });
    const form = new URLSearchParams(asked[0]?.body);
    expect(form.get('code_verifier')).toBe(pending.codeVerifier);
    expect(form.get('resource')).toBe('https://api.example');
  });
});
