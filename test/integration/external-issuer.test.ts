import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fairlead, fixtureUpstream, startFairlead } from '../harness.ts';
import { atProvider, openTestProvider, type TestProvider } from '../openid.ts';
import { callback, keeper, openBrowser, signInWith } from '../signin.ts';

// Without any sign-in of its own: somebody else's authorization server, which this server trusts.

let fairlead: Fairlead;
let provider: TestProvider;

beforeAll(async () => {
  provider = await openTestProvider({
    clients: [
      {
        client_id: 'an-mcp-client',
        token_endpoint_auth_method: 'none',
        application_type: 'native',
        redirect_uris: [callback],
        grant_types: ['authorization_code', 'refresh_token'],
      },
    ],
    accounts: {
      kim: { groups: ['staff', 'platform-team'] },
      lee: { groups: ['visitors'] },
      sam: { groups: ['chiefs'] },
    },
    more: {
      features: {
        resourceIndicators: {
          enabled: true,
          getResourceServerInfo: (_, resource) => ({
            scope: 'tools:read tools:call users:write',
            audience: resource,
            accessTokenFormat: 'jwt',
            jwt: { sign: { alg: 'RS256' } },
          }),
          useGrantedResource: () => true,
        },
      },
      extraTokenClaims: (_, token) => ({
        groups: provider.accounts.get('accountId' in token ? String(token.accountId) : '')?.groups,
      }),
    },
  });
  fairlead = await startFairlead({
    config: {
      upstreams: { fixture: fixtureUpstream() },
      auth: {
        builtIn: false,
        issuers: [
          {
            issuer: provider.url,
            claims: { roles: 'groups', teams: 'groups' },
            roleMap: { staff: 'developer', chiefs: 'admin' },
            teamMap: { 'platform-team': ['platform', 'on-call'] },
          },
        ],
      },
    },
  });
});
afterAll(async () => {
  await fairlead?.stop();
  await provider?.stop();
});

/** The token of an account, as an MCP client gets it that knows this server's URL and the id that the other gave it. */
async function tokenOf(account: string, client = keeper()): Promise<{ token: string; tools: number }> {
  client.kept.client = { client_id: 'an-mcp-client', redirect_uris: [callback] };
  const session = await signInWith(`${fairlead.url}/mcp`, 'modern', client, async (asked) => {
    expect(asked.origin).toBe(provider.url);
    expect(asked.searchParams.get('resource')).toBe(`${fairlead.url}/mcp`);
    const browser = openBrowser(provider.url);
    await atProvider(await browser.open(asked), account);
    return browser.page.url;
  });
  const { tools } = await session.listTools();
  await session.close();
  return { token: client.kept.tokens?.access_token ?? '', tools: tools.length };
}

describe('with an external authorization server alone', () => {
  it('an MCP client is led there by the challenge, and calls with what it gets [AC-3]', async () => {
    const challenged = await fairlead.request('/mcp', { key: null, json: {} });
    expect(challenged.status).toBe(401);
    const [, metadataUrl = ''] =
      /resource_metadata="([^"]+)"/.exec(challenged.headers.get('www-authenticate') ?? '') ?? [];
    expect(await (await fetch(metadataUrl)).json()).toMatchObject({
      resource: `${fairlead.url}/mcp`,
      authorization_servers: [provider.url],
    });
    const { token, tools } = await tokenOf('kim');
    expect(tools).toBeGreaterThan(0);
    expect(decodeJwt(token)).toMatchObject({ iss: provider.url, aud: `${fairlead.url}/mcp`, sub: 'kim' });
    const me = await (await fairlead.request('/api/v1/me', { key: token })).json();
    expect(me).toMatchObject({ kind: 'user', org: 'default', roles: ['developer'], teams: ['platform', 'on-call'] });
  });

  it('groups say what somebody may do, and none gives nothing [AC-3]', async () => {
    const visitor = keeper();
    await expect(tokenOf('lee', visitor)).rejects.toThrow('Unauthorized');
    const key = visitor.kept.tokens?.access_token ?? '';
    expect(await (await fairlead.request('/api/v1/me', { key })).json()).toMatchObject({ roles: [], teams: [] });
    expect((await fairlead.request('/api/v1/tools', { key })).status).toBe(403);
    const { token: chief } = await tokenOf('sam');
    expect(await (await fairlead.request('/api/v1/me', { key: chief })).json()).toMatchObject({ roles: ['admin'] });
  });

  it.each([
    '/auth/sign-in',
    '/auth/account',
    '/auth/consent',
    '/auth/device',
    '/auth/invitation',
    '/auth/jwks',
    '/auth/oauth2/authorize',
    '/auth/sso/corp',
    '/auth/sso/corp/callback',
    '/.well-known/oauth-authorization-server',
    '/.well-known/openid-configuration',
  ])('there is no page or endpoint of a sign-in: %s [AC-3]', async (path) => {
    expect((await fairlead.request(path, { key: null, redirect: 'manual' })).status).toBe(404);
  });

  it('people are not invited here, and that is said [AC-3]', async () => {
    const refused = await fairlead.request('/api/v1/users/invitations', { json: { email: 'kim@example.com' } });
    expect([refused.status, (await refused.json()).code]).toEqual([409, 'SIGN_IN_OFF']);
  });
});
