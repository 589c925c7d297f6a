import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, exportPKCS8, generateKeyPair } from 'jose';
import Provider from 'oidc-provider';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ExchangeServer, serveExchange } from '../authserver.ts';
import { type HttpFixture, serveHttpFixture } from '../fixtures/servers/http.ts';
import { type Fairlead, startFairlead } from '../harness.ts';
import { openTestIssuer, type TestIssuer } from '../issuer.ts';
import { invited, tokensFor } from '../signin.ts';

const started: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const stop of started.reverse()) await stop();
});

function keep<T extends { stop(): Promise<unknown> }>(service: T): T {
  started.push(() => service.stop());
  return service;
}

/** Calls the tool that says again what it is told. */
async function echo(fairlead: Fairlead, upstream: string, text: string, key?: string) {
  const response = await fairlead.request(`/api/v1/tools/${upstream}.echo/call`, {
    json: { arguments: { text } },
    ...(key === undefined ? {} : { key }),
  });
  return { status: response.status, body: await response.json() };
}

const said = (text: string) => ({ status: 200, body: { result: { content: [{ type: 'text', text }] } } });
const secret = randomBytes(20).toString('hex');

describe('client credentials at a real authorization server', () => {
  let fixture: HttpFixture;
  let fairlead: Fairlead;
  let clients: (string | undefined)[];
  const told: string[] = [];

  beforeAll(async () => {
    fixture = keep(await serveHttpFixture('modern'));
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid: 'first', alg: 'ES256', use: 'sig' };
    const server = createServer((request, response) => provider.callback()(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    keep({
      async stop() {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      },
    });
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const machine = { grant_types: ['client_credentials'], redirect_uris: [], response_types: [] };
    const provider = new Provider(issuer, {
      scopes: ['read'],
      clients: [
        { ...machine, client_id: 'by basic', client_secret: secret, token_endpoint_auth_method: 'client_secret_basic' },
        { ...machine, client_id: 'by-post', client_secret: secret, token_endpoint_auth_method: 'client_secret_post' },
        { ...machine, client_id: 'by-key', jwks: { keys: [jwk] }, token_endpoint_auth_method: 'private_key_jwt' },
      ] as never,
      features: {
        devInteractions: { enabled: false },
        clientCredentials: { enabled: true },
        resourceIndicators: {
          enabled: true,
          getResourceServerInfo: (_, resource) => {
            if (resource !== fixture.url) throw new Error('no such resource');
            return { scope: 'read', accessTokenFormat: 'opaque', audience: resource };
          },
        },
      },
    });
    clients = [];
    fixture.protect(async ({ authorization, rpc }) => {
      const token = await provider.ClientCredentials.find(authorization?.replace('Bearer ', '') ?? '');
      const isGood = token && [token.aud].flat().includes(fixture.url) && token.scope === 'read';
      if (rpc === 'tools/call') clients.push(token?.clientId);
      return isGood ? undefined : { status: 401, challenge: 'Bearer error="invalid_token"' };
    });
    const to = { url: fixture.url, startTimeoutMs: 20_000 };
    const auth = { grant: 'client_credentials', issuer, scopes: ['read'] };
    fairlead = keep(
      await startFairlead({
        log: { write: (line) => void told.push(line) },
        config: {
          upstreams: {
            basic: { ...to, auth: { ...auth, clientId: 'by basic', clientSecret: secret } },
            post: {
              ...to,
              auth: {
                ...auth,
                clientId: 'by-post',
                clientSecret: secret,
                tokenEndpointAuthMethod: 'client_secret_post',
              },
            },
            key: {
              ...to,
              auth: { ...auth, clientId: 'by-key', privateKey: await exportPKCS8(privateKey), keyId: 'first' },
            },
            wrong: {
              ...to,
              startTimeoutMs: 3_000,
              auth: { ...auth, clientId: 'by basic', clientSecret: `${secret}, or not` },
            },
          },
        },
      }),
    );
  });

  it.each([
    ['basic', 'by basic'],
    ['post', 'by-post'],
    ['key', 'by-key'],
  ])('get a token that the upstream takes (%s) [AC-4]', async (upstream, client) => {
    expect(await echo(fairlead, upstream, 'ahoy')).toMatchObject(said('ahoy'));
    expect(clients.at(-1)).toBe(client);
  });

  it('say what is wrong where there is none [AC-4]', async () => {
    const { body } = { body: await (await fairlead.request('/api/v1/upstreams/wrong')).json() };
    expect(body).toMatchObject({
      state: 'failing',
      reason: 'There is no token for the upstream "wrong": its authorization server gives no token (invalid_client)',
    });
  });

  it('are told to nobody [AC-4] [AC-5]', async () => {
    for (const name of ['basic', 'post', 'key', 'wrong']) {
      const shown = await (await fairlead.request(`/api/v1/upstreams/${name}`)).text();
      expect(shown).not.toContain(secret);
      expect(shown).not.toContain('PRIVATE KEY');
      told.push(shown);
    }
    told.push(await (await fairlead.request('/api/v1/audit?limit=500')).text());
    const tokens = fixture.requests.map(({ headers }) => headers.authorization?.replace('Bearer ', '') ?? '');
    for (const hidden of [secret, 'PRIVATE KEY', ...tokens.filter((token) => token !== '')]) {
      expect(told.some((text) => text.includes(hidden))).toBe(false);
    }
  });
});

describe('token exchange', () => {
  let fixture: HttpFixture;
  let exchange: ExchangeServer;
  let issuer: TestIssuer;
  let fairlead: Fairlead;
  /** What callers came with. */
  const brought: string[] = [];
  /** Who called with what text, by the word of the authorization server. */
  const heard: { sub: string | undefined; actor: string | undefined; text: string }[] = [];

  beforeAll(async () => {
    fixture = keep(await serveHttpFixture('both'));
    exchange = keep(await serveExchange({ gateway: secret }));
    issuer = keep(await openTestIssuer({ audience: 'fairlead' }));
    exchange.trust(issuer.url, `${issuer.url}/jwks`);
    fixture.protect(({ authorization, rpc, body }) => {
      const issued = exchange.tokens.get(authorization?.replace('Bearer ', '') ?? '');
      if (!issued || issued.resource !== fixture.url) return { status: 401, challenge: 'Bearer error="invalid_token"' };
      const text = /"text":"([^"]*)"/.exec(body)?.[1] ?? '';
      if (rpc === 'tools/call') heard.push({ sub: issued.sub, actor: issued.actor, text });
      return undefined;
    });
    const auth = { grant: 'token_exchange', issuer: exchange.url, clientId: 'gateway', clientSecret: secret };
    fairlead = keep(
      await startFairlead({
        config: {
          auth: {
            builtIn: true,
            issuers: [{ issuer: issuer.url, audience: 'fairlead', roleMap: { staff: 'admin' } }],
          },
          upstreams: {
            crm: { url: fixture.url, startTimeoutMs: 20_000, auth },
            strict: { url: fixture.url, startTimeoutMs: 20_000, auth: { ...auth, subject: 'caller' } },
          },
        },
      }),
    );
    exchange.trust(fairlead.url, `${fairlead.url}/auth/jwks`);
  });

  const exchanges = () => exchange.asked.filter((form) => form.has('subject_token')).length;

  const outsider = async (sub: string) => {
    const token = await issuer.token({ sub, roles: ['staff'] });
    brought.push(token);
    return token;
  };

  it('gives each caller of an outside issuer a token of their own, whoever calls at once [AC-4]', async () => {
    const [ada, bob] = await Promise.all(['ada', 'bob'].map(outsider));
    const calls = Array.from({ length: 12 }, (_, n) => (n % 2 ? (['bob', bob] as const) : (['ada', ada] as const)));
    const before = exchanges();
    await Promise.all(
      calls.map(async ([name, token]) => expect(await echo(fairlead, 'crm', name, token)).toMatchObject(said(name))),
    );
    expect(heard).toHaveLength(12);
    for (const { sub, text } of heard) expect(sub).toBe(text);
    // One for each of them, however many wait for it.
    expect(exchanges() - before).toBe(2);
  });

  it('vouches for people who signed in here, unless only the word of others counts [AC-4]', async () => {
    const { id, browser } = await invited(fairlead, 'kim@example.com', { role: 'admin' });
    const { access_token: token = '' } = await tokensFor(fairlead, browser, { scope: 'tools:call' });
    brought.push(token);
    expect(await echo(fairlead, 'crm', 'kim', token)).toMatchObject(said('kim'));
    expect(heard.at(-1)).toEqual({ sub: `user:${id}`, actor: undefined, text: 'kim' });
    // With `subject: caller` only an outside issuer's word counts.
    expect(await echo(fairlead, 'strict', 'kim', token)).toMatchObject({
      body: { error: { code: 'CALLER_NOT_VOUCHED_FOR' } },
    });
  });

  it('drops a token that is refused, and calls once more with another [AC-4]', async () => {
    const ada = await outsider('ada');
    await echo(fairlead, 'crm', 'ada', ada);
    exchange.tokens.clear();
    expect(await echo(fairlead, 'crm', 'ada', ada)).toMatchObject(said('ada'));
  });

  it('does not keep what a caller came with until somebody has approved the call, and says what to do [AC-4]', async () => {
    const text = ['strict', 'crm']
      .map((name) => `forbid (principal, action == Action::"callUnattended", resource == Tool::"${name}.echo");`)
      .join('\n');
    await fairlead.request('/api/v1/policies/asks', { method: 'PUT', json: { text } });
    const eve = await outsider('eve');
    const approved = async (upstream: string) => {
      const asked = await echo(fairlead, upstream, 'eve', eve);
      expect(asked.status, JSON.stringify(asked)).toBe(202);
      const { approvalId: id } = asked.body.result.structuredContent;
      const decided = await fairlead.request(`/api/v1/approvals/${id}/decision`, { json: { decision: 'approve' } });
      expect(decided.status, await decided.clone().text()).toBe(200);
      const json = { arguments: { approval_id: id, wait_seconds: 50 } };
      return (await fairlead.request('/api/v1/tools/fairlead.approval_result/call', { key: eve, json })).json();
    };
    const refused = await approved('strict');
    expect(refused).toMatchObject({ outcome: 'tool_error', result: { structuredContent: { state: 'failed' } } });
    expect(refused.result.content[0].text).toMatch(/once somebody had approved it.*auth\.subject: assertion/);
    // By the word of Fairlead it is made, for whoever asked.
    expect(await approved('crm')).toMatchObject({ outcome: 'ok' });
    expect(heard.at(-1)).toMatchObject({ sub: expect.stringMatching(/^jwt:.*:eve$/), text: 'eve' });
    await fairlead.request('/api/v1/policies/asks', { method: 'DELETE' });
  });

  it('does not ask a server again and again that gives no token [AC-4]', async () => {
    exchange.refuses = { status: 503, error: 'temporarily_unavailable' };
    const dan = await outsider('dan');
    const before = exchanges();
    const answers = await Promise.all(Array.from({ length: 5 }, () => echo(fairlead, 'crm', 'dan', dan)));
    exchange.refuses = undefined;
    for (const { body } of answers) expect(body).toMatchObject({ error: { code: 'CREDENTIAL_UNAVAILABLE' } });
    expect(exchanges() - before).toBeLessThan(5);
  });

  it('never shows the upstream what a caller came with [AC-4]', () => {
    const sent = JSON.stringify(fixture.requests.map(({ headers }) => headers));
    expect(brought.length).toBeGreaterThan(3);
    for (const token of brought) expect(sent).not.toContain(token);
  });
});
