import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseFor, type Fairlead, startFairlead } from '../harness.ts';
import { askToken, type Browser, goodPassword, invited, openBrowser, tokensFor } from '../signin.ts';

// Two servers over one Postgres, behind one address: a balancer sends each request to whichever it likes.
const postgres = process.env.TEST_DATABASE_URL;

describe.skipIf(!postgres)('two replicas over one Postgres', () => {
  let one: Fairlead;
  let other: Fairlead;

  beforeAll(async () => {
    one = await startFairlead({});
    other = await startFairlead({
      env: { ...(await databaseFor(one.dataDir)).env, FAIRLEAD_ADMIN_KEY: one.adminKey },
      // What both are called from outside: tokens are for that address, whoever gave them.
      config: { server: { publicUrl: one.url } },
    });
  });
  afterAll(async () => {
    await other?.stop();
    await one?.stop();
  });

  const at = (fairlead: Fairlead, path: string, key: string) => fairlead.request(`/api/v1${path}`, { key });
  const both = async (key: string) =>
    (await Promise.all([one, other].map((each) => at(each, '/me', key)))).map(({ status }) => status);
  /** The same browser at the other replica: cookies are of the address, which is one. */
  function across(browser: Browser): Browser {
    const twin = openBrowser(other.url);
    twin.cookies = browser.cookies;
    return twin;
  }

  it('sign in on one, allow on the other, refresh at both at once, and know of a sign-out at once [AC-1]', async () => {
    const { browser } = await invited(one, 'kim@example.com');
    const twin = across(browser);
    await twin.open('/auth/account');
    expect(twin.page.text).toContain('kim@example.com');
    // What is asked on one is answered on the other.
    const crossing: Browser = {
      ...browser,
      get page() {
        return browser.page;
      },
      open: (url) => browser.open(url),
      async submit(fields, to) {
        const { pathname, search } = browser.page.url;
        await twin.open(`${pathname}${search}`);
        await twin.submit(fields, to);
        browser.page = twin.page;
        return crossing;
      },
    };
    const tokens = await tokensFor(one, crossing);
    expect(twin.page.url.searchParams.get('code')).not.toBeNull();
    expect(await both(tokens.access_token)).toEqual([200, 200]);
    const form = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token, client_id: tokens.clientId };
    const answers = await Promise.all([one, other, one, other].map((each) => askToken(each, form)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(new Set(answers.map(({ body }) => body.refresh_token)).size).toBe(1);
    expect(await both(answers[1]?.body.access_token ?? '')).toEqual([200, 200]);
    await browser.open('/auth/account');
    await browser.submit({}, '/sign-out');
    await twin.open('/auth/account');
    expect(twin.page.url.pathname).toBe('/auth/sign-in');
  });

  it('stop everything of a person within a second wherever it was ended [AC-6]', async () => {
    const { id, browser } = await invited(one, 'lee@example.com');
    const { access_token } = await tokensFor(one, browser);
    const made = await one.request('/api/v1/keys', { json: { name: 'hers', roles: ['viewer'], userId: id } });
    const { secret } = await made.json();
    await expect.poll(() => both(secret)).toEqual([200, 200]);
    expect((await one.request(`/api/v1/users/${id}/revoke`, { json: {} })).status).toBe(200);
    const endedAt = performance.now();
    const statuses = async () => [...(await both(access_token)), ...(await both(secret))];
    let seen = await statuses();
    while (seen.includes(200) && performance.now() - endedAt < 20_000) seen = await statuses();
    expect(seen).toEqual([401, 401, 401, 401]);
    expect(performance.now() - endedAt).toBeLessThan(2_000); // a second, and what a busy machine adds
  });

  it('rotate a key, and open by break-glass, on one for both [AC-6]', async () => {
    const { key, secret } = await (
      await one.request('/api/v1/keys', { json: { name: 'x', roles: ['viewer'] } })
    ).json();
    const rotated = await one.request(`/api/v1/keys/${key.id}/rotate`, { json: { overlapMs: 0 } });
    const newer = (await rotated.json()).secret;
    await expect.poll(async () => [...(await both(secret)), ...(await both(newer))]).toEqual([401, 401, 200, 200]);
    const sealed = (await (await one.request('/api/v1/break-glass', { json: { name: 'safe' } })).json()).secret;
    const json = { reason: 'one of the two replicas is away' };
    await expect.poll(async () => (await at(other, '/me', sealed)).status).toBe(403); // known, and good for nothing else
    const tries = await Promise.all(
      [one, other].map((each) => each.request('/api/v1/break-glass/activate', { key: sealed, json })),
    );
    expect(tries.map(({ status }) => status).sort()).toEqual([200, 401]);
  });

  it('count guesses together [AC-1]', async () => {
    const email = 'lou@example.com';
    const { browser } = await invited(one, email);
    await browser.open('/auth/account');
    const guesser = (each: Fairlead) => openBrowser(each.url).open('/auth/sign-in');
    const [here, there] = [await guesser(one), await guesser(other)];
    for (let tries = 0; tries < 5; tries++)
      for (const stranger of [here, there]) await stranger.submit({ email, password: `wrong password ${tries}` });
    expect([here.page.status, there.page.status]).toEqual([401, 401]);
    await there.submit({ email, password: goodPassword });
    expect(there.page.status).toBe(429);
  });
});
