import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importJWK, SignJWT } from 'jose';
import { expect, it } from 'vitest';
import { databaseFor, type Fairlead, startFairlead } from '../harness.ts';
import { atProvider } from '../openid.ts';
import { openBrowser, tokensFor } from '../signin.ts';
import { startSso } from '../sso.ts';

// Two servers over one database, behind one address: a browser begins at one of them and comes back to the other.

it('any replica ends what another began, and all forget whom one of them was told to [AC-3]', async ({ skip }) => {
  if (!process.env.TEST_DATABASE_URL) skip('needs a Postgres that two servers share: TEST_DATABASE_URL');
  const dataDir = mkdtempSync(join(tmpdir(), 'fairlead-replicas-'));
  const ada = { email: 'ada@example.com', email_verified: true, name: 'Ada', groups: ['engineers'] };
  const settings = { groups: { engineers: { role: 'developer' } } };
  const shared = await databaseFor(dataDir);
  const env = { ...shared.env, FAIRLEAD_ADMIN_KEY: 'fl_test_0123456789abcdef0123456789abcdef0123456789abcdef' };
  const world = await startSso({ corp: { settings, accounts: { ada } } }, { env });
  let other: Fairlead | undefined;
  try {
    const { fairlead, providers } = world;
    const same = { ...env, FAIRLEAD_PUBLIC_URL: fairlead.url };
    other = await startFairlead({ env: same, config: { auth: { sso: world.sso } } });

    const browser = await openBrowser(fairlead.url).open('/auth/sso/corp');
    const there = openBrowser(providers.corp?.url ?? '');
    await atProvider(await there.open(browser.page.url), 'ada');
    const second = openBrowser(other.url);
    for (const [name, cookie] of browser.cookies) second.cookies.set(name, cookie);
    await second.open(`${other.url}${there.page.url.pathname}${there.page.url.search}`);
    expect(second.page.url.pathname).toBe('/auth/account');

    for (const [name, cookie] of second.cookies) browser.cookies.set(name, cookie);
    const { access_token } = await tokensFor(fairlead, browser);
    const at = async (server: Fairlead) => (await server.request('/api/v1/me', { key: access_token })).status;
    expect([await at(fairlead), await at(other)]).toEqual([200, 200]);

    const now = Math.floor(Date.now() / 1000);
    const jwk = providers.corp?.key().jwk ?? { kid: '' };
    const logout_token = await new SignJWT({
      iss: providers.corp?.url,
      aud: 'fairlead-corp',
      sub: 'ada',
      iat: now,
      exp: now + 100,
      jti: 'one',
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    })
      .setProtectedHeader({ alg: 'RS256', kid: jwk.kid })
      .sign(await importJWK(jwk, 'RS256'));
    const body = new URLSearchParams({ logout_token });
    expect((await fetch(`${other.url}/auth/sso/corp/logout`, { method: 'POST', body })).status).toBe(200);
    await expect.poll(() => at(fairlead)).toBe(401);
    expect((await browser.open('/auth/account')).page.url.pathname).toBe('/auth/sign-in');
  } finally {
    await other?.stop();
    await world.stop();
    await shared.drop();
    rmSync(dataDir, { recursive: true, force: true });
  }
});
