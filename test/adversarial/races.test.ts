import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Fairlead, startFairlead } from '../harness.ts';
import { type Ledger, openLedger } from '../ledger.ts';
import {
  askToken,
  type Browser,
  callback,
  goodPassword,
  invited,
  openBrowser,
  register,
  tokensFor,
} from '../signin.ts';

// What counts once is used by fifty at once: exactly one of them wins.

const crowd = 50;
const fewer = 16; // where each costs a password's hash, which is meant to take long
let ledger: Ledger;
let fairlead: Fairlead;
let browser: Browser;
let operator: string;
let other: string;

beforeAll(async () => {
  ledger = openLedger();
  fairlead = await startFairlead({
    config: {
      ...ledger.config,
      server: { trustedProxies: ['127.0.0.1'] },
      egress: { allow: ['localhost'] },
      auth: { builtIn: true },
    },
  });
  ({ browser } = await invited(fairlead, 'ada@example.com', { role: 'operator' }));
  operator = await fairlead.makeKey(['operator']);
  other = await fairlead.makeKey(['operator']);
});
afterAll(async () => {
  await fairlead?.stop();
  ledger?.remove();
});

/** All of them at once; resolves to what came of each. */
const all = <T>(act: (n: number) => Promise<T>, length = crowd): Promise<T[]> =>
  Promise.all(Array.from({ length }, (_, n) => act(n)));
const count = <T>(list: readonly T[], wanted: T) => list.filter((each) => each === wanted).length;
const post = async (path: string, json: unknown, key = fairlead.adminKey, headers = {}) => {
  const response = await fairlead.request(path, { json, key, headers });
  return { status: response.status, headers: response.headers, body: await response.json() };
};

/** Sends the form that the browser shows, from so many places at once; resolves to where each was led. */
async function formAtOnce(page: Browser, fieldsOf: (n: number) => Record<string, string>): Promise<string[]> {
  const seal = /name="seal" value="([^"]+)"/.exec(page.page.text)?.[1] ?? '';
  const cookie = [...page.cookies].map(([name, { value }]) => `${name}=${value}`).join('; ');
  return all(async (n) => {
    const response = await fetch(page.page.url, {
      method: 'POST',
      redirect: 'manual',
      headers: {
        cookie,
        'content-type': 'application/x-www-form-urlencoded',
        'x-forwarded-for': `198.51.100.${n}`,
      },
      body: new URLSearchParams({ seal, ...fieldsOf(n) }).toString(),
    });
    expect(response.status, await response.text()).toBeLessThan(500);
    return response.headers.get('location') ?? String(response.status);
  }, fewer);
}

async function signsIn(email: string, password: string, n: number): Promise<boolean> {
  const visitor = openBrowser(fairlead.url);
  visitor.headers['x-forwarded-for'] = `198.51.100.${n}`;
  await visitor.open('/auth/sign-in');
  await visitor.submit({ email, password });
  return visitor.page.url.pathname === '/auth/account';
}

it('an authorization code becomes tokens once, and the family of one that came again ends [RE-7]', async () => {
  const clientId = await register(fairlead);
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: callback,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    state: 's',
  });
  await browser.open(`/auth/oauth2/authorize?${query}`);
  await browser.submit({ answer: 'allow' });
  const code = browser.page.url.searchParams.get('code') ?? '';
  const answers = await all(() =>
    askToken(fairlead, {
      grant_type: 'authorization_code',
      code,
      client_id: clientId,
      redirect_uri: callback,
      code_verifier: verifier,
    }),
  );
  expect(
    count(
      answers.map(({ status }) => status),
      200,
    ),
  ).toBe(1);
});

it('a refresh token is replaced once, by one that counts [RE-7]', async () => {
  const { refresh_token, clientId } = await tokensFor(fairlead, browser);
  const ask = (token: string) =>
    askToken(fairlead, { grant_type: 'refresh_token', refresh_token: token, client_id: clientId });
  const answers = (await all(() => ask(refresh_token))).filter(({ status }) => status === 200);
  // Crossing refreshes sign nobody out: all of them may be told the same successor, and there is no other.
  expect(answers.length).toBeGreaterThan(0);
  expect(new Set(answers.map(({ body }) => body.refresh_token)).size).toBe(1);
  expect((await ask(answers[0]?.body.refresh_token ?? '')).status).toBe(200);
});

it('an invitation makes one account, with one password [RE-7]', async () => {
  const { body } = await post('/api/v1/users/invitations', { email: 'one@example.com', role: 'viewer' });
  const page = await openBrowser(fairlead.url).open(body.link);
  const led = await formAtOnce(page, (n) => ({ name: `Number ${n}`, password: `four plain words number ${n}` }));
  expect(count(led, '/auth/account')).toBe(1);
  const winner = led.indexOf('/auth/account');
  expect(await signsIn('one@example.com', `four plain words number ${winner}`, 60)).toBe(true);
  expect(await signsIn('one@example.com', `four plain words number ${(winner + 1) % fewer}`, 61)).toBe(false);
  const { users } = await (await fairlead.request('/api/v1/users')).json();
  const made = users.filter(({ email }: { email: string }) => email === 'one@example.com');
  expect(made).toMatchObject([{ name: `Number ${winner}` }]);
});

it('a link to reset a password sets one [RE-7]', async () => {
  const { id } = await invited(fairlead, 'reset@example.com');
  const { body } = await post(`/api/v1/users/${id}/reset`, {});
  const page = await openBrowser(fairlead.url).open(body.link);
  const led = await formAtOnce(page, (n) => ({ password: `four plain words number ${n}` }));
  expect(count(led, '/auth/account')).toBe(1);
  expect(await signsIn('reset@example.com', `four plain words number ${led.indexOf('/auth/account')}`, 62)).toBe(true);
  expect(await signsIn('reset@example.com', goodPassword, 63)).toBe(false);
});

it('a device is signed in once by its code [RE-7]', async () => {
  const asked = await fetch(`${fairlead.url}/auth/device/code`, {
    method: 'POST',
    body: new URLSearchParams({ client_id: 'fairlead-cli' }),
  });
  const { device_code, user_code } = (await asked.json()) as { device_code: string; user_code: string };
  await browser.open(`/auth/device?user_code=${user_code}`);
  await browser.submit({ code: user_code });
  await browser.submit({ code: user_code, answer: 'allow' });
  const answers = await all(() =>
    askToken(fairlead, {
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code,
      client_id: 'fairlead-cli',
    }),
  );
  expect(
    count(
      answers.map(({ status }) => status),
      200,
    ),
  ).toBe(1);
});

it('an approval is decided once, and its call made once [RE-7]', async () => {
  const asked = await post('/api/v1/tools/ledger.pay/call', { arguments: { text: 'raced' } }, operator);
  const id = asked.body.result.structuredContent.approvalId;
  const decided = await all((n) =>
    post(`/api/v1/approvals/${id}/decision`, { decision: n % 2 ? 'approve' : 'reject' }, other),
  );
  expect(
    count(
      decided.map(({ status }) => status),
      200,
    ),
  ).toBe(1);
  const state = async () => (await (await fairlead.request(`/api/v1/approvals/${id}`)).json()).state;
  await expect.poll(state, { timeout: 60_000 }).toMatch(/^(done|rejected)$/);
  expect(count(ledger.lines(), 'pay raced')).toBe((await state()) === 'done' ? 1 : 0);
});

it('a call with an idempotency key is made once [RE-7]', async () => {
  const json = { arguments: { text: 'idempotent', ms: 50 } };
  await all(() => post('/api/v1/tools/ledger.free/call', json, operator, { 'idempotency-key': 'the-same' }));
  expect(count(ledger.lines(), 'free idempotent')).toBe(1);
});

it('a sealed credential opens once [RE-7]', async () => {
  const { secret } = (await post('/api/v1/break-glass', { name: 'in the safe' })).body;
  const reason = 'everybody came at once, and nobody else gets in';
  const opened = await all(() => post('/api/v1/break-glass/activate', { reason }, secret));
  expect(
    count(
      opened.map(({ status }) => status),
      200,
    ),
  ).toBe(1);
});

it('a name is taken once [RE-7]', async () => {
  const made = await all((n) => post('/api/v1/orgs', { id: 'raced', name: `Number ${n}` }));
  expect(
    count(
      made.map(({ status }) => status),
      201,
    ),
  ).toBe(1);
  const settings = { url: 'http://localhost:1/mcp' };
  const added = await all(() => post('/api/v1/upstreams', { name: 'raced', settings }));
  expect(
    count(
      added.map(({ status }) => status),
      201,
    ),
  ).toBe(1);
});

it('a limit lets through as many as it says [RE-7]', async () => {
  const rule = { of: { tools: ['ledger.free'] }, window: { limit: 5, per: 'day' } };
  const put = await fairlead.request('/api/v1/limits/raced', { method: 'PUT', json: { settings: rule } });
  expect(put.status).toBeLessThan(300);
  const json = { arguments: { text: 'limited' } };
  const called = await all(() => post('/api/v1/tools/ledger.free/call', json, operator));
  expect(
    count(
      called.map(({ status }) => status),
      200,
    ),
  ).toBe(5);
  expect(count(ledger.lines(), 'free limited')).toBe(5);
});
