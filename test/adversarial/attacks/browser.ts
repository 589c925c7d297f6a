import { expect } from 'vitest';
import { callback, goodPassword, openBrowser, register } from '../../signin.ts';
import { type Attack, refused } from '../attack.ts';
import type { World } from '../world.ts';

// Whoever attacks here has a page that the victim's browser opens; the browser sends its cookies along.

type Cookies = ReadonlyMap<string, { value: string }>;
export const cookieHeader = (cookies: Cookies) =>
  [...cookies].map(([name, { value }]) => `${name}=${value}`).join('; ');

/** Every route that takes a form or a click: paths as the router has them, with what an attacker would send. */
export function cookieRoutes({ fairlead }: World): { method: string; path: string }[] {
  const { app } = fairlead.running.house.http({ unready: async () => ({}), draining: () => false });
  const seen = new Set<string>();
  return app.routes
    .filter(({ method, path }) => method !== 'GET' && method !== 'ALL' && path.startsWith('/auth/'))
    .filter(({ method, path }) => !seen.has(`${method} ${path}`) && seen.add(`${method} ${path}`))
    .map(({ method, path }) => ({ method, path }));
}

/** What programs call, which read no cookie: a form of another site is nobody there. */
const withoutCookies = ['/auth/oauth2/token', '/auth/oauth2/revoke', '/auth/oauth2/register', '/auth/device/code'];

const fields = ({ things, victim }: World): Record<string, string> => ({
  answer: 'allow',
  decision: 'approve',
  org: 'default',
  session: things.session ?? '',
  key: things.key ?? '',
  email: 'ada@example.com',
  password: 'another four plain words',
  current: goodPassword,
  code: 'ABCDEFGH',
  client_id: victim.tokens.clientId,
  redirect_uri: callback,
  response_type: 'code',
});

const form = { 'content-type': 'application/x-www-form-urlencoded' };

/** Ways in which another site sends a form, or somebody with a form of their own. */
const forgeries: Record<string, (world: World) => Promise<{ headers: Record<string, string>; extra?: string }>> = {
  'of another site': async ({ victim }) => ({
    headers: { ...form, cookie: cookieHeader(victim.browser.cookies), origin: 'https://evil.example' },
  }),
  'of a page without an origin': async ({ victim }) => ({
    headers: { ...form, cookie: cookieHeader(victim.browser.cookies), origin: 'null' },
  }),
  'of another port': async ({ victim }) => ({
    headers: { ...form, cookie: cookieHeader(victim.browser.cookies), origin: 'http://127.0.0.1.evil.example:7300' },
  }),
  'without a seal': async ({ victim }) => ({ headers: { ...form, cookie: cookieHeader(victim.browser.cookies) } }),
  'with an empty seal': async ({ victim }) => ({
    headers: { ...form, cookie: cookieHeader(victim.browser.cookies) },
    extra: '&seal=',
  }),
  'with the seal of another browser': async (world) => ({
    headers: { ...form, cookie: cookieHeader(world.victim.browser.cookies) },
    extra: `&seal=${encodeURIComponent(await sealOf(world))}`,
  }),
  'with the seal twice': async (world) => ({
    headers: { ...form, cookie: cookieHeader(world.victim.browser.cookies) },
    extra: `&seal=${encodeURIComponent(await sealOf(world))}&seal=x`,
  }),
  'as text': async ({ victim }) => ({
    headers: { 'content-type': 'text/plain', cookie: cookieHeader(victim.browser.cookies) },
  }),
  'as JSON': async ({ victim }) => ({
    headers: { 'content-type': 'application/json', cookie: cookieHeader(victim.browser.cookies) },
  }),
};

/** What stands in a form that the attacker is shown. */
async function sealOf({ attacker, fairlead }: World): Promise<string> {
  const browser = openBrowser(fairlead.url);
  for (const [name, value] of attacker.browser.cookies) browser.cookies.set(name, value);
  await browser.open('/auth/account');
  return /name="seal" value="([^"]+)"/.exec(browser.page.text)?.[1] ?? '';
}

/** Whether an answer says that something was done. */
const says = /is signed in now|was signed in|Connected|The device is signed in/;

/** Addresses that lead out, wherever a page takes one to go on to. */
const outward = [
  '//evil.example',
  '/\\evil.example',
  '\\\\evil.example',
  'https://evil.example',
  'https:evil.example',
  '/auth/approvals/../..//evil.example',
  '/auth/device?x=1\r\nLocation: https://evil.example',
  '/auth/approvals/\r\nSet-Cookie: a=b',
  '/auth/approvals/\u2028',
  'javascript:alert(1)',
  ' https://evil.example',
  '/%5cevil.example',
  '/auth/approvals@evil.example',
];

const redirectUris = [
  'https://evil.example/callback',
  `${callback}.evil.example`,
  `${callback}/../evil`,
  `${callback}?more=1`,
  `${callback}#fragment`,
  'http://127.0.0.1:33418@evil.example/callback',
  'http://evil.example:33418/callback',
  'http://localhost:33418/callback',
  'javascript:alert(1)//callback',
  `${callback}\r\nLocation: https://evil.example`,
  '',
];

const pages = [
  '/auth/sign-in',
  '/auth/account',
  '/auth/account/password',
  '/auth/device',
  '/auth/error',
  '/auth/consent',
  '/auth/invitation?token=x',
  '/auth/approvals',
  '/auth/approvals/x',
  '/auth/connections/start?id=x&ticket=y',
  '/auth/connections/callback?state=x',
  '/auth/sso/none',
  '/auth/oauth2/authorize?client_id=x',
  '/docs',
  '/openapi.json',
  '/',
  '/nothing',
  '/healthz',
  '/api/v1/me',
  '/mcp',
  '/.well-known/oauth-authorization-server',
];

export const browserAttacks: Attack[] = [
  ...Object.entries(forgeries).map(([name, forge]) => ({
    name: `a form ${name}, to every route that there is below /auth`,
    async run(world: World) {
      const routes = cookieRoutes(world).filter(({ path }) => !withoutCookies.includes(path));
      expect(routes.length).toBeGreaterThan(11);
      const { headers, extra = '' } = await forge(world);
      for (const { method, path } of routes) {
        const target = path.replace(':id', world.things.approval ?? '').replace(':name', 'none');
        const body = `${new URLSearchParams(fields(world))}${extra}`;
        const answer = await world.send(target, { key: null, method, headers, body });
        // It is refused, or leads back to a page: what that would have done is compared.
        expect([302, 303, 400, 401, 403, 404, 410, 415], `${path}: ${answer.text}`).toContain(answer.status);
        expect(answer.headers.get('location') ?? '', path).not.toMatch(/[?&]code=/);
        expect(answer.text, path).not.toMatch(says);
        expect(answer.headers.getSetCookie().join(), path).not.toContain('session_token');
      }
      expect(await stillSignedIn(world)).toBe(true);
    },
  })),
  {
    name: 'a form of another site, to what programs call: no cookie is read there',
    async run(world) {
      const cookie = cookieHeader(world.victim.browser.cookies);
      for (const path of withoutCookies) {
        const body = new URLSearchParams(fields(world)).toString();
        const headers = { ...form, cookie, origin: 'https://evil.example' };
        refused(await world.send(path, { key: null, method: 'POST', headers, body }), [400, 401, 403]);
      }
    },
  },
  {
    name: 'a link that would change something',
    async run(world) {
      const cookie = cookieHeader(world.victim.browser.cookies);
      for (const { path } of cookieRoutes(world)) {
        const target = path.replace(':id', world.things.approval ?? '').replace(':name', 'none');
        for (const headers of [{ cookie }, { cookie, 'x-http-method-override': 'POST', 'x-method-override': 'POST' }])
          await world.send(`${target}?${new URLSearchParams({ ...fields(world), _method: 'POST' })}`, {
            key: null,
            headers: headers as Record<string, string>,
          });
      }
      expect(await stillSignedIn(world)).toBe(true);
    },
  },
  {
    name: 'a session that the attacker chose before the victim signs in',
    async run(world) {
      const browser = openBrowser(world.fairlead.url);
      const planted = 'planted-session-token.c2lnbmF0dXJl';
      browser.headers['x-forwarded-for'] = '203.0.113.9';
      browser.cookies.set('fairlead.session_token', { value: planted, attributes: '' });
      await browser.open('/auth/sign-in');
      await browser.submit({ email: 'ada@example.com', password: goodPassword });
      expect(browser.page.url.pathname).toBe('/auth/account');
      expect(browser.cookies.get('fairlead.session_token')?.value).not.toBe(planted);
      const asPlanted = { cookie: `fairlead.session_token=${planted}` };
      expect((await world.send('/auth/account', { key: null, headers: asPlanted })).headers.get('location')).toBe(
        '/auth/sign-in',
      );
      for (const [name, { attributes }] of browser.cookies)
        if (attributes) expect(attributes, name).toMatch(/HttpOnly.*SameSite=(Lax|Strict)|SameSite=.*HttpOnly/i);
    },
    mayChange: ['signin_sessions'], // the victim signs in
  },
  {
    name: 'a session cookie with another signature, cut, doubled, or of the form',
    async run({ victim, send }) {
      const own = victim.browser.cookies.get('fairlead.session_token')?.value ?? '';
      const [token = ''] = decodeURIComponent(own).split('.');
      for (const value of [token, `${token}.`, `${token}.${'A'.repeat(43)}=`, own.slice(0, -3), `${own}${own}`, '""'])
        expect(
          (await send('/auth/account', { key: null, headers: { cookie: `fairlead.session_token=${value}` } })).status,
          value,
        ).toBe(303);
    },
  },
  ...outward.map((to) => ({
    name: `on to ${JSON.stringify(to)} after signing in`,
    async run(world: World) {
      const browser = openBrowser(world.fairlead.url);
      browser.headers['x-forwarded-for'] = '203.0.113.10';
      await browser.open(`/auth/sign-in?${new URLSearchParams({ to })}`);
      await browser.submit({ email: 'ada@example.com', password: goodPassword });
      expect(browser.page.url.origin).toBe(world.fairlead.url);
      expect(browser.page.status, browser.page.text).toBeLessThan(500);
      expect([...browser.cookies.keys()]).not.toContain('a');
    },
    mayChange: ['signin_sessions'], // the victim signs in
  })),
  {
    name: 'an answer for a program, sent where it did not register',
    async run(world) {
      const clientId = await register(world.fairlead);
      for (const uri of redirectUris) {
        const query = new URLSearchParams({
          response_type: 'code',
          client_id: clientId,
          redirect_uri: uri,
          code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
          code_challenge_method: 'S256',
          state: 's',
        });
        const cookie = cookieHeader(world.victim.browser.cookies);
        const { status, headers } = await world.send(`/auth/oauth2/authorize?${query}`, {
          key: null,
          headers: { cookie },
        });
        const location = new URL(headers.get('location') ?? '/', world.fairlead.url);
        expect([location.origin, status < 500], uri).toEqual([world.fairlead.url, true]);
        expect(['/', '/auth/error'], uri).toContain(location.pathname);
      }
    },
  },
  {
    name: 'an authorization without PKCE, with plain, and for more than the person has',
    async run(world) {
      const clientId = await register(world.fairlead);
      const cookie = cookieHeader(world.victim.browser.cookies);
      const base = { response_type: 'code', client_id: clientId, redirect_uri: callback, state: 's' };
      const kinds: Record<string, string>[] = [
        {},
        { code_challenge: 'x'.repeat(43), code_challenge_method: 'plain' },
        { code_challenge: 'x'.repeat(43) },
        { response_type: 'token' },
        { response_type: 'code token' },
        { response_mode: 'fragment', response_type: 'id_token' },
        { request: 'eyJhbGciOiJub25lIn0.e30.' },
        { request_uri: `http://127.0.0.1:${world.trap.port}/request` },
      ];
      for (const more of kinds) {
        const query = new URLSearchParams({ ...base, ...more });
        const { headers, status } = await world.send(`/auth/oauth2/authorize?${query}`, {
          key: null,
          headers: { cookie },
        });
        expect(status).toBeLessThan(500);
        expect(headers.get('location') ?? '', JSON.stringify(more)).not.toMatch(/[?&#](code|access_token|id_token)=/);
      }
    },
  },
  {
    name: 'a page in a frame, with a script, or read as something else',
    async run({ send, victim }) {
      const cookie = cookieHeader(victim.browser.cookies);
      for (const path of pages)
        for (const own of [undefined, cookie]) {
          const { headers, status, text } = await send(path, { key: null, headers: asPage(own) });
          expect(status, path).toBeLessThan(500);
          expect(headers.get('x-frame-options'), path).toBe('DENY');
          expect(headers.get('x-content-type-options'), path).toBe('nosniff');
          expect(headers.get('referrer-policy'), path).toMatch(/^(no-referrer|same-origin)$/);
          const policy = headers.get('content-security-policy') ?? '';
          expect(policy, path).toContain("default-src 'none'");
          expect(policy, path).toContain("frame-ancestors 'none'");
          expect(policy.replace(/style-src [^;]*/, ''), path).not.toContain('unsafe');
          if (path !== '/docs') {
            expect(policy, path).not.toContain('unsafe');
            expect(text, path).not.toMatch(/<script|<style| style=| on\w+=/i);
          }
          if (headers.get('content-type')?.startsWith('text/html') && path.startsWith('/auth'))
            expect(headers.get('cache-control'), path).toBe('no-store');
        }
    },
  },
  {
    name: 'markup in everything that a page shows',
    async run({ send, victim }) {
      const cookie = cookieHeader(victim.browser.cookies);
      const markup = `"><script>alert(1)</script><img src=x onerror=alert(2)>`;
      const value = encodeURIComponent(markup);
      for (const path of [
        `/auth/sign-in?client_id=${value}&redirect_uri=${value}&to=${value}&org=${value}&state=${value}`,
        `/auth/error?error=${value}&error_description=${value}`,
        `/auth/device?user_code=${value}`,
        `/auth/consent?client_id=${value}&scope=${value}&redirect_uri=${value}`,
        `/auth/invitation?token=${value}`,
        `/auth/approvals/${value}`,
        `/auth/connections/start?id=${value}&ticket=${value}`,
        `/auth/connections/callback?state=${value}&error=${value}&error_description=${value}`,
        `/auth/sso/${value}`,
        `/auth/oauth2/authorize?client_id=${value}`,
        `/${value}`,
      ])
        for (const own of [undefined, cookie]) {
          const headers = asPage(own);
          const answer = await send(path, { key: null, headers });
          expect(answer.status, path).toBeLessThan(500);
          const isPage = answer.headers.get('content-type')?.startsWith('text/html');
          if (isPage) expect(answer.text, path).not.toMatch(/<script>alert|<img src=x/);
        }
    },
  },
  {
    name: 'a page of another origin that reads what it asks for',
    async run({ send }) {
      for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1.evil.example', 'file://'])
        for (const path of ['/api/v1/me', '/mcp', '/auth/account', '/openapi.json', '/healthz']) {
          const { status, headers } = await send(path, { headers: { origin } });
          expect([status, headers.get('access-control-allow-origin')], `${origin} ${path}`).toEqual([403, null]);
        }
    },
  },
];

const asPage = (cookie: string | undefined): Record<string, string> => ({
  accept: 'text/html',
  ...(cookie === undefined ? {} : { cookie }),
});

async function stillSignedIn({ victim, send }: World): Promise<boolean> {
  const { status } = await send('/auth/account', {
    key: null,
    headers: { cookie: cookieHeader(victim.browser.cookies) },
  });
  return status === 200;
}
