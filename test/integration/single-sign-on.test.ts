import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fairlead, fixtureUpstream, startFairlead } from '../harness.ts';
import { atProvider, freePort, openTestProvider, type TestProvider } from '../openid.ts';
import { type Browser, keeper, openBrowser, signInWith } from '../signin.ts';

let fairlead: Fairlead;
let provider: TestProvider;

let port = 0;
let here = '';

beforeAll(async () => {
  port = await freePort();
  here = `http://127.0.0.1:${port}`;
  provider = await openTestProvider({
    clients: [
      {
        client_id: 'fairlead',
        client_secret: 'a secret of the test',
        redirect_uris: [`${here}/auth/sso/corp/callback`],
        post_logout_redirect_uris: [`${here}/auth/sign-in`],
        backchannel_logout_uri: `${here}/auth/sso/corp/logout`,
        backchannel_logout_session_required: true,
      },
    ],
    accounts: {
      ada: { email: 'ada@example.com', email_verified: true, name: 'Ada Example', groups: ['engineers', 'unmapped'] },
    },
  });
  fairlead = await startFairlead({
    env: { FAIRLEAD_PORT: String(port) },
    config: {
      upstreams: { fixture: fixtureUpstream() },
      auth: {
        sso: {
          corp: {
            title: 'Example Corp',
            issuer: provider.url,
            clientId: 'fairlead',
            clientSecret: 'a secret of the test',
            scopes: ['openid', 'profile', 'email', 'groups'],
            groups: {
              engineers: { role: 'developer', teams: ['platform'] },
              chiefs: { role: 'admin', teams: ['leads'] },
            },
          },
        },
      },
    },
  });
});
afterAll(async () => {
  await fairlead?.stop();
  await provider?.stop();
});

const open = (): Browser => openBrowser(fairlead.url, [provider.url]);

/** What a person does in the browser that a program opens. */
const through = (browser: Browser, name: string) => async (asked: URL) => {
  await browser.open(asked);
  const [, href = ''] = /<a class="button" href="([^"]+)">Sign in with Example Corp/.exec(browser.page.text) ?? [];
  await browser.open(href.replaceAll('&amp;', '&'));
  await atProvider(browser, name);
  expect(browser.page.text).toContain('Test client wants to use Fairlead in your name');
  await browser.submit({ answer: 'allow' });
  return browser.page.url;
};

const me = async (key: string) => {
  const response = await fairlead.request('/api/v1/me', { key });
  return { status: response.status, body: await response.json() };
};

describe('a person of a provider', () => {
  it('gets in with an MCP client by its URL alone, as a member with the rights of their groups [AC-3]', async () => {
    const client = keeper();
    const session = await signInWith(`${fairlead.url}/mcp`, 'modern', client, through(open(), 'ada'));
    expect((await session.listTools()).tools.length).toBeGreaterThan(0);
    await session.close();
    const token = client.kept.tokens?.access_token ?? '';
    expect(decodeJwt(token)).toMatchObject({ iss: fairlead.url, org: 'default' });
    expect((await me(token)).body).toMatchObject({ name: 'Ada Example', roles: ['developer'], teams: ['platform'] });
  });
});
