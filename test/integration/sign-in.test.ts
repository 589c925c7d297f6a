import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fairlead, fixtureUpstream, startFairlead } from '../harness.ts';
import { callback, goodPassword, invited, keeper, openBrowser, signInWith } from '../signin.ts';

let fairlead: Fairlead;

beforeAll(async () => {
  fairlead = await startFairlead({ config: { upstreams: { fixture: fixtureUpstream() } } });
});
afterAll(() => fairlead?.stop());

describe('a person with an MCP client', () => {
  it.each(['sessions', 'modern'] as const)('signs in by the URL alone (%s)', async (era) => {
    await invited(fairlead, `kim-${era}@example.com`, { role: 'developer', teams: ['platform'] });
    const provider = keeper();
    const client = await signInWith(`${fairlead.url}/mcp`, era, provider, async (asked) => {
      const browser = await openBrowser(fairlead.url).open(asked);
      expect(browser.page.text).toContain('Sign in');
      await browser.submit({ email: `kim-${era}@example.com`, password: goodPassword });
      expect(browser.page.text).toContain('Test client wants to use Fairlead in your name');
      expect(browser.page.text).toContain('Use them in your name');
      await browser.submit({ answer: 'allow' });
      expect(browser.page.url.href).toMatch(new RegExp(`^${callback}\\?`));
      return browser.page.url;
    });
    const { tools } = await client.listTools();
    expect(tools.length).toBeGreaterThan(0);
    await client.close();

    const token = provider.kept.tokens?.access_token ?? '';
    expect(decodeJwt(token)).toMatchObject({ iss: fairlead.url, aud: `${fairlead.url}/mcp`, org: 'default' });
    const me = await (await fairlead.request('/api/v1/me', { key: token })).json();
    expect(me).toMatchObject({ kind: 'user', org: 'default', roles: ['developer'], teams: ['platform'] });
    expect(me.id).toMatch(/^user:usr_/);
    expect(me.scopes).toEqual(['tools:read', 'tools:call']);
  });
});
