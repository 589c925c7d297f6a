import type { ServerResponse } from 'node:http';
import { exportJWK, generateKeyPair, importJWK, type JWK, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestProvider } from '../openid.ts';
import { atProvider } from '../openid.ts';
import { type Browser, openBrowser, tokensFor } from '../signin.ts';
import { type SsoWorld, startSso } from '../sso.ts';

// Who attacks here controls a browser, what a victim's browser opens, or answers on the way; never the provider's keys.

let world: SsoWorld;
let one: TestProvider;

const person = (name: string) => ({ email: `${name}@example.com`, email_verified: true, name, groups: ['all'] });
const settings = { groups: { all: { role: 'developer' } } };

beforeAll(async () => {
  world = await startSso({
    one: { settings: { ...settings, title: 'Provider One' }, accounts: { eve: person('eve'), ada: person('ada') } },
    two: { settings, accounts: { mallory: person('mallory') } },
  });
  one = world.providers.one as TestProvider;
});
afterAll(() => world?.stop());

/** Begins in a browser, which then stands before the provider. */
async function begin(name = 'one', query = ''): Promise<{ browser: Browser; asked: URL }> {
  const browser = openBrowser(world.fairlead.url);
  await browser.open(`/auth/sso/${name}${query}`);
  return { browser, asked: browser.page.url };
}

/** What the provider answers, not yet brought back. */
async function answered(asked: URL, account = 'eve', name = 'one'): Promise<URL> {
  const there = openBrowser(world.providers[name]?.url ?? '');
  await atProvider(await there.open(asked), account);
  expect(there.page.url.pathname).toBe(`/auth/sso/${name}/callback`);
  return there.page.url;
}

const signedIn = async (browser: Browser) =>
  (await browser.open('/auth/account')).page.url.pathname === '/auth/account';

async function refuses(browser: Browser, back: URL | string): Promise<void> {
  await browser.open(back);
  expect([browser.page.status, browser.page.text]).toEqual([400, expect.stringContaining('Nobody was signed in')]);
  expect(await signedIn(browser)).toBe(false);
}

describe('an answer', () => {
  it('lets in the browser that began, once [AC-3]', async () => {
    const { browser, asked } = await begin();
    expect(Object.fromEntries(asked.searchParams)).toMatchObject({
      code_challenge_method: 'S256',
      response_type: 'code',
    });
    const back = await answered(asked);
    await browser.open(back);
    expect(browser.page.url.pathname).toBe('/auth/account');
    const cookies = [...browser.cookies.keys()];
    expect(cookies.filter((name) => name.startsWith('fairlead.sso.'))).toEqual([]);
    browser.cookies.delete('fairlead.session_token');
    await refuses(browser, back);
  });

  it('is refused in a browser that did not begin, or began something else [AC-3]', async () => {
    const { asked } = await begin();
    const back = await answered(asked);
    await refuses(openBrowser(world.fairlead.url), back);
    const other = await begin();
    await refuses(other.browser, back);
    // The state of the one, the code of the other.
    const mixed = new URL(back);
    mixed.searchParams.set('state', other.asked.searchParams.get('state') ?? '');
    await refuses((await begin()).browser, mixed);
    await refuses(other.browser, mixed);
  });

  it('is refused with a forged state, and with what another server sealed [AC-3]', async () => {
    const { browser, asked } = await begin();
    const back = await answered(asked);
    for (const state of [
      '',
      'x',
      back.searchParams.get('state')?.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')) ?? '',
    ]) {
      const forged = new URL(back);
      forged.searchParams.set('state', state);
      await refuses(browser, forged);
    }
    const { browser: second, asked: again } = await begin();
    for (const [name, cookie] of second.cookies) {
      if (name.startsWith('fairlead.sso.')) cookie.value = cookie.value.replace(/.{4}$/, 'AAAA');
    }
    await refuses(second, await answered(again));
  });

  it('is refused at the callback of another provider, or in the name of one [AC-3]', async () => {
    const { browser, asked } = await begin('one');
    const back = await answered(asked);
    await refuses(browser, `${back.href.replace('/sso/one/', '/sso/two/')}`);
    const { browser: second, asked: again } = await begin('one');
    const mixed = await answered(again);
    mixed.searchParams.set('iss', world.providers.two?.url ?? '');
    await refuses(second, mixed);
  });

  it('is refused when its ID token was made for another question [AC-3]', async () => {
    const { browser, asked } = await begin();
    asked.searchParams.set('nonce', 'another');
    await refuses(browser, await answered(asked));
  });

  it('tells of what somebody did at the provider, and records it [AC-3]', async () => {
    const { browser, asked } = await begin();
    const there = openBrowser(one.url);
    await atProvider(await there.open(asked), 'not an account');
    expect(there.page.url.searchParams.get('error')).toBe('access_denied');
    await refuses(browser, there.page.url);
    expect(await world.acts('signin.sso')).toContainEqual(
      expect.objectContaining({ subject: 'one', outcome: expect.not.stringMatching('ok') }),
    );
  });
});

describe('an ID token', () => {
  const now = () => Math.floor(Date.now() / 1000);

  /** The token endpoint answers with a token that `make` writes, for the nonce that was asked with. */
  async function withToken(make: (claims: Record<string, unknown>, key: JWK) => Promise<string>): Promise<Browser> {
    const { browser, asked } = await begin();
    const back = await answered(asked, 'ada');
    const claims = {
      iss: one.url,
      aud: 'fairlead-one',
      sub: 'ada',
      iat: now(),
      exp: now() + 300,
      nonce: asked.searchParams.get('nonce'),
      ...person('ada'),
    };
    const id_token = await make(claims, one.key().jwk);
    one.tamper.set('/token', (_, response) => json(response, { access_token: 'x', token_type: 'Bearer', id_token }));
    try {
      return await browser.open(back);
    } finally {
      one.tamper.delete('/token');
    }
  }
  const json = (response: ServerResponse, value: unknown) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  const sign = async (claims: Record<string, unknown>, key: JWK, header = {}) =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS256', kid: key.kid ?? '', ...header })
      .sign(await importJWK(key, 'RS256'));

  it('that is right lets in: what follows is refused for what is wrong with it [AC-3]', async () => {
    expect((await withToken(sign)).page.url.pathname).toBe('/auth/account');
  });

  it.each<[string, (claims: Record<string, unknown>, key: JWK) => Promise<string>]>([
    ['of another issuer', (claims, key) => sign({ ...claims, iss: 'https://evil.example' }, key)],
    ['for another client', (claims, key) => sign({ ...claims, aud: 'somebody-else' }, key)],
    ['that has ended', (claims, key) => sign({ ...claims, iat: now() - 900, exp: now() - 600 }, key)],
    ['without an end', (claims, key) => sign({ ...claims, exp: undefined }, key)],
    ['without a nonce', (claims, key) => sign({ ...claims, nonce: undefined }, key)],
    ['of nobody', (claims, key) => sign({ ...claims, sub: undefined }, key)],
    ['that nobody signed', async (claims) => new UnsecuredJWT(claims).encode()],
    [
      'signed with the client secret',
      async (claims) =>
        new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode('a secret of the test')),
    ],
    [
      'signed with a key of somebody else under the same name',
      async (claims, { kid }) => {
        const { privateKey } = await generateKeyPair('RS256', { extractable: true });
        return sign(claims, { ...(await exportJWK(privateKey)), kid: kid ?? '' });
      },
    ],
  ])('%s lets nobody in [AC-3]', async (_, make) => {
    const browser = await withToken(make);
    expect([browser.page.status, browser.page.text]).toEqual([400, expect.stringContaining('Nobody was signed in')]);
    expect(browser.page.text).toContain('Provider One');
    expect(await signedIn(browser)).toBe(false);
  });

  it('counts with a new key of the provider at once, and with the old one no more [AC-3]', async () => {
    const { jwk: old } = one.key();
    await one.rotate();
    expect((await world.by('one', 'ada')).page.url.pathname).toBe('/auth/account');
    expect((await withToken((claims) => sign(claims, old))).page.status).toBe(400);
  });

  it('is not joined with what the provider says of somebody else [AC-3]', async () => {
    const { browser, asked } = await begin();
    const back = await answered(asked, 'eve');
    one.tamper.set('/me', (_, response) => json(response, { sub: 'ada', ...person('ada') }));
    try {
      await refuses(browser, back);
    } finally {
      one.tamper.delete('/me');
    }
  });
});

describe('a provider that is not there', () => {
  it('is told of with what to do, at the beginning and at the end [AC-3]', async () => {
    const { browser, asked } = await begin();
    const back = await answered(asked, 'ada');
    await one.close();
    try {
      await browser.open(back);
      expect([browser.page.status, browser.page.text]).toEqual([
        503,
        expect.stringContaining('Provider One cannot be reached'),
      ]);
      expect(browser.page.headers.get('retry-after')).toBe('30');
      expect(browser.page.text).toContain('Try again in a minute');
      expect((await browser.open('/auth/sign-in')).page.status).toBe(200);
      expect((await world.by('two', 'mallory')).page.url.pathname).toBe('/auth/account');
    } finally {
      await one.reopen();
    }
    expect((await world.by('one', 'ada')).page.url.pathname).toBe('/auth/account');
  });
});

describe('an address', () => {
  it.each([
    '?to=https://evil.example/',
    '?to=//evil.example/',
    '?to=/auth/device@evil.example',
    '?next=https://evil.example/&redirect_uri=https://evil.example/',
  ])('of somebody else is not gone to: %s [AC-3]', async (query) => {
    const browser = await world.by('one', 'ada', world.browser(), query);
    expect(browser.page.url.href).toBe(`${world.fairlead.url}/auth/account`);
  });

  it('of a program is gone to only where the program registered it [AC-3]', async () => {
    const query = new URLSearchParams({
      client_id: 'nobody',
      redirect_uri: 'https://evil.example/',
      response_type: 'code',
    });
    const browser = await world.by('one', 'ada', world.browser(), `?${query}`);
    expect([browser.page.url.origin, browser.page.status]).toEqual([world.fairlead.url, 400]);
  });

  it('of a provider that there is not is no page [AC-3]', async () => {
    const browser = await world.browser().open('/auth/sso/constructor');
    expect(browser.page.status).toBe(404);
  });
});

describe('a logout token', () => {
  const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
  const post = (token: string) =>
    fetch(`${world.fairlead.url}/auth/sso/one/logout`, {
      method: 'POST',
      body: new URLSearchParams({ logout_token: token }),
    });
  const at = () => Math.floor(Date.now() / 1000);
  const base = () => ({ iss: one.url, aud: 'fairlead-one', sub: 'ada', iat: at(), exp: at() + 100, jti: 'a', events });
  const sign = async (claims: object, jwk = one.key().jwk) =>
    new SignJWT({ ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: jwk.kid ?? '', typ: 'logout+jwt' })
      .sign(await importJWK(jwk, 'RS256'));

  it('ends all of a person when it is the provider that sends it, and nothing else does [AC-3]', async () => {
    const browser = await world.by('one', 'ada');
    const { access_token } = await tokensFor(world.fairlead, browser);
    const { privateKey } = await generateKeyPair('RS256', { extractable: true });
    const foreign = { ...(await exportJWK(privateKey)), kid: one.key().jwk.kid };
    const wrong = [
      '',
      new UnsecuredJWT(base()).encode(),
      await sign(base(), foreign),
      await sign({ ...base(), aud: 'somebody-else' }),
      await sign({ ...base(), iss: world.providers.two?.url }),
      await sign({ ...base(), nonce: 'x' }),
      await sign({ ...base(), events: {} }),
      await sign({ ...base(), events: undefined }),
      await sign({ ...base(), iat: at() - 900, exp: at() + 100 }),
      await sign({ ...base(), sub: undefined }),
    ];
    for (const token of wrong) {
      const { status, headers } = await post(token);
      expect([status, headers.get('cache-control')]).toEqual([400, 'no-store']);
    }
    expect((await world.me(access_token)).status).toBe(200);
    expect(await signedIn(browser)).toBe(true);
    expect((await post(await sign(base()))).status).toBe(200);
    expect((await world.me(access_token)).status).toBe(401);
    expect(await signedIn(browser)).toBe(false);
  });
});
