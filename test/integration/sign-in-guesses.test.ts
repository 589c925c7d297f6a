import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fairlead, startFairlead } from '../harness.ts';
import { askToken, goodPassword, invited, openBrowser } from '../signin.ts';

let fairlead: Fairlead;

beforeAll(async () => {
  fairlead = await startFairlead({});
  await fairlead.request('/api/v1/orgs', { json: { id: 'acme' } });
});
afterAll(() => fairlead?.stop());

const me = async (key: string) => (await fairlead.request('/api/v1/me', { key })).json();

describe('somebody who guesses passwords', () => {
  it('does not lock out the person, in a browser from which they signed in before [AC-1]', async () => {
    const email = 'kim@example.com';
    const { browser } = await invited(fairlead, email);
    await browser.open('/auth/account');
    await browser.submit({}, '/sign-out');
    const stranger = await openBrowser(fairlead.url).open('/auth/sign-in');
    for (let tries = 0; tries < 11; tries++) await stranger.submit({ email, password: `wrong password ${tries}` });
    expect(stranger.page.status).toBe(429);
    await browser.submit({ email, password: 'mistyped once or twice' });
    expect(browser.page.status).toBe(401);
    await browser.submit({ email, password: goodPassword });
    expect(browser.page.url.pathname).toBe('/auth/account');
    await stranger.submit({ email, password: goodPassword });
    expect(stranger.page.status).toBe(429);
  });

  it('gains nothing by a cookie of another account, or by one that was made up [AC-1]', async () => {
    const { browser } = await invited(fairlead, 'own@example.com');
    await invited(fairlead, 'victim@example.com');
    await browser.open('/auth/account');
    await browser.submit({}, '/sign-out');
    const [name = '', cookie] = [...browser.cookies].find(([name]) => name.startsWith('fairlead.known.')) ?? [];
    expect(cookie?.attributes).toMatch(/(?=.*Path=\/auth)(?=.*HttpOnly)(?=.*SameSite=Lax)/);
    for (let tries = 0; tries < 11; tries++) {
      browser.cookies.set(name, { value: `${'x'.repeat(24)}~${'0'.repeat(64)}`, attributes: '' });
      await browser.submit({ email: 'victim@example.com', password: `wrong password ${tries}` });
    }
    expect(browser.page.status).toBe(429);
  });
});

describe('a device', () => {
  it('is let in to the organisation that its person chose, and stays in it [AC-1]', async () => {
    const email = 'two@example.com';
    const { browser } = await invited(fairlead, email, { role: 'operator' });
    const json = { email, role: 'viewer' };
    const { link } = await (await fairlead.request('/api/v1/users/invitations?org=acme', { json })).json();
    await (await openBrowser(fairlead.url).open(link)).submit({ password: goodPassword });

    const client_id = 'fairlead-cli';
    const asked = await fetch(`${fairlead.url}/auth/device/code`, {
      method: 'POST',
      body: new URLSearchParams({ client_id, scope: '*' }),
    });
    const { device_code, user_code } = (await asked.json()) as { device_code: string; user_code: string };
    await browser.open('/auth/device');
    await browser.submit({ code: user_code });
    expect(browser.page.text).toMatch(/<select id="org"[\s\S]*default, as operator[\s\S]*acme, as viewer/);
    await browser.submit({ answer: 'allow', org: 'acme' });
    const first = await askToken(fairlead, {
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code,
      client_id,
    });
    expect(await me(first.body.access_token)).toMatchObject({ org: 'acme', roles: ['viewer'] });
    const { refresh_token } = first.body;
    const next = await askToken(fairlead, { grant_type: 'refresh_token', refresh_token, client_id });
    expect(await me(next.body.access_token)).toMatchObject({ org: 'acme', roles: ['viewer'] });
    const { sessions } = await (await fairlead.request('/api/v1/sessions?org=acme')).json();
    // All that was asked for, as far as the role there has it.
    const scopes = ['offline_access', 'tools:call', 'tools:read'];
    expect(sessions).toContainEqual(expect.objectContaining({ kind: 'terminal', scopes }));
    const { records } = await (await fairlead.request('/api/v1/audit?kind=act&org=acme&limit=100')).json();
    expect(records).toContainEqual(expect.objectContaining({ action: 'signin.device', org: 'acme' }));
  });
});
