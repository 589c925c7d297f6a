import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PeopleUpstream, servePeopleUpstream } from '../people-upstream.ts';
import { callback, goodPassword, invited, keeper, signInWith, tokensFor } from '../signin.ts';
import { type SsoWorld, startSso } from '../sso.ts';

// The same way in a browser as people have it: it is the one to say what policy, cookies and redirects come to.

const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const isThere = existsSync(executablePath);

let world: SsoWorld;
let fairlead: SsoWorld['fairlead'];
let browser: Browser;
let page: Page;
let upstream: PeopleUpstream;
const broken: string[] = [];

describe('in Chromium', () => {
  beforeAll(async () => {
    if (!isThere) return;
    upstream = await servePeopleUpstream();
    world = await startSso(
      {
        corp: {
          settings: { title: 'Example Corp', groups: { engineers: { role: 'developer', teams: ['platform'] } } },
          accounts: {
            ada: { email: 'ada@example.com', email_verified: true, name: 'Ada Example', groups: ['engineers'] },
            visitor: { email: 'visitor@example.com', email_verified: true, name: 'Visitor', groups: [] },
          },
        },
      },
      {
        config: {
          egress: { allow: ['127.0.0.1'] },
          upstreams: { tickets: { url: upstream.url, auth: { grant: 'authorization_code' } } },
        },
      },
    );
    ({ fairlead } = world);
    browser = await chromium.launch({
      executablePath,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
    // Without scripts, as the pages promise.
    const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 900, height: 900 } });
    page = await context.newPage();
    page.on('console', (message) => {
      if (!message.text().startsWith('Failed to load resource')) broken.push(message.text()); // 4xx pages are meant
    });
    // Nobody listens there; that the browser goes there is what counts.
    await page.route(`${callback}**`, (route) => route.fulfill({ body: 'back in the program' }));
  });
  afterAll(async () => {
    await browser?.close();
    await world?.stop();
    await upstream?.stop();
  });

  it('a person is invited, signs in from an MCP client by its URL, and out again [AC-1]', async ({ skip }) => {
    if (!isThere) skip(`there is no Chromium at ${executablePath}; Debian has it as the package chromium`);
    const { link } = await (
      await fairlead.request('/api/v1/users/invitations', { json: { email: 'kim@example.com', role: 'operator' } })
    ).json();
    await page.goto(link);
    await shot('invitation');
    expect(await page.getByLabel('E-mail address').inputValue()).toBe('kim@example.com');
    await page.getByLabel('Your name').fill('Kim Example');
    await page.getByLabel('Choose a password').fill(goodPassword);
    await page.getByRole('button', { name: 'Make my account' }).click();
    await page.getByRole('heading', { name: 'You are signed in' }).waitFor();
    await shot('account');
    await page.getByRole('button', { name: 'Sign out', exact: true }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();

    const metadata = { scope: 'tools:read tools:call knowledge:write keys:write' };
    const client = await signInWith(`${fairlead.url}/mcp`, 'modern', keeper({ metadata }), async (asked) => {
      await page.goto(asked.href);
      await page.getByLabel('E-mail address').fill('kim@example.com');
      await page.getByLabel('Password').fill('not this one at all');
      await page.keyboard.press('Enter');
      expect(await page.getByRole('alert').textContent()).toContain('do not go together');
      await shot('refused');
      await page.getByLabel('Password').fill(goodPassword);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Test client wants to use Fairlead in your name' }).waitFor();
      await shot('consent');
      await page.getByRole('button', { name: 'Allow', exact: true }).click();
      await page.waitForURL(`${callback}?**`);
      return new URL(page.url());
    });
    expect((await client.listTools()).tools).toEqual([]);
    await client.close();

    await page.goto(`${fairlead.url}/auth/device`);
    await shot('device');
    await page.goto(`${fairlead.url}/auth/error?error=invalid_redirect&error_description=call+us`);
    await shot('error');
    expect(broken).toEqual([]);
  });

  it('a person comes by their provider from an MCP client, and is signed out at both [AC-3]', async ({ skip }) => {
    if (!isThere) skip(`there is no Chromium at ${executablePath}; Debian has it as the package chromium`);
    await page.context().clearCookies(); // another person's browser
    const client = await signInWith(`${fairlead.url}/mcp`, 'modern', keeper(), async (asked) => {
      await page.goto(asked.href);
      await shot('sso-sign-in');
      await page.getByRole('link', { name: 'Sign in with Example Corp' }).click();
      await page.locator('input[name=login]').fill('ada');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByRole('heading', { name: 'Test client wants to use Fairlead in your name' }).waitFor();
      await shot('sso-consent');
      await page.getByRole('button', { name: 'Allow', exact: true }).click();
      await page.waitForURL(`${callback}?**`);
      return new URL(page.url());
    });
    expect((await client.listTools()).tools).toEqual([]);
    await client.close();

    await page.goto(`${fairlead.url}/auth/account`);
    expect(await page.textContent('main')).toContain('default, as developer, in platform');
    await page.getByRole('button', { name: 'Sign out', exact: true }).click();
    await page.getByRole('button', { name: 'Sign out there, too' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(page.url()).toBe(`${fairlead.url}/auth/sign-in`);

    await page.getByRole('link', { name: 'Sign in with Example Corp' }).click();
    await page.locator('input[name=login]').fill('visitor');
    await page.getByRole('button', { name: 'Sign in' }).click();
    expect(await page.getByRole('alert').textContent()).toContain('no group that has a role');
    await shot('sso-refused');
    expect(broken).toEqual([]);
  });

  it('a person connects an account and signs in a terminal with the keyboard alone [AC-1] [AC-4]', async ({ skip }) => {
    if (!isThere) skip(`there is no Chromium at ${executablePath}; Debian has it as the package chromium`);
    await page.context().clearCookies();
    const { browser: own } = await invited(fairlead, 'robin@example.com');
    const { access_token: key } = await tokensFor(fairlead, own, { scope: 'tools:read tools:call' });
    const { link } = await (await fairlead.request('/api/v1/connections/tickets', { key, method: 'POST' })).json();
    await page.goto(link);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await tabTo('E-mail address');
    await page.keyboard.type('robin@example.com');
    await tabTo('Password');
    await page.keyboard.type(goodPassword);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Connect an account at tickets' }).waitFor();
    expect(await page.textContent('main')).toContain('robin, in the organisation default');
    await shot('connect');
    upstream.account = 'robin-at-tickets';
    await tabTo('Go on to sign in');
    await shot('connect-focus');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'On to' }).waitFor();
    await shot('connect-onward');
    await page.getByRole('heading', { name: 'Connected' }).waitFor(); // by itself, without a script
    await shot('connected');
    await page.goto(link);
    expect(await page.getByRole('alert').textContent()).toContain('used, too old, or not whole');
    await shot('connect-used');

    // Back from the upstream, and not signed in here any more.
    const more = await (await fairlead.request('/api/v1/connections/tickets', { key, method: 'POST' })).json();
    await page.goto(more.link);
    await page.route(`${upstream.issuer}/auth?**`, async (route) => {
      await page.context().clearCookies({ name: /^fairlead\.session/ });
      await route.continue();
    });
    await tabTo('Go on to sign in');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Sign in to finish' }).waitFor();
    await shot('connect-signed-out');
    await tabTo('Sign in and connect it');
    await page.keyboard.press('Enter');
    await page.getByLabel('E-mail address').fill('robin@example.com');
    await page.getByLabel('Password').fill(goodPassword);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Connected' }).waitFor();

    const body = new URLSearchParams({ client_id: 'fairlead-cli', scope: 'tools:read' });
    const begun = await fetch(`${fairlead.url}/auth/device/code`, { method: 'POST', body });
    const { user_code, device_code } = (await begun.json()) as { user_code: string; device_code: string };
    await page.goto(`${fairlead.url}/auth/device`);
    await tabTo('The code that it shows');
    await page.keyboard.type('WRONGCDE');
    await page.keyboard.press('Enter');
    expect(await page.getByRole('alert').textContent()).toContain('no such code');
    await shot('device-wrong');
    await page.goto(`${fairlead.url}/auth/device`);
    await tabTo('The code that it shows');
    await page.keyboard.type(user_code);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'wants to use Fairlead in your name' }).waitFor();
    await shot('device-consent');
    await tabTo('Allow');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'The device is signed in' }).waitFor();
    await shot('device-done');
    const form = { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code, client_id: 'fairlead-cli' };
    const token = await fetch(`${fairlead.url}/auth/oauth2/token`, { method: 'POST', body: new URLSearchParams(form) });
    expect(token.status, await token.clone().text()).toBe(200);
    expect(broken).toEqual([]);
  });
});

/** Goes on with the tabulator until what is called so has the focus, as somebody does who has no mouse. */
async function tabTo(name: string): Promise<void> {
  for (let steps = 0; steps < 25; steps++) {
    await page.keyboard.press('Tab');
    const focused = page.locator(':focus');
    if ((await focused.count()) === 0) continue;
    const id = await focused.getAttribute('id');
    const label = id === null ? undefined : page.locator(`label[for="${id}"]`);
    const text = label && (await label.count()) > 0 ? await label.textContent() : await focused.textContent();
    if (text?.trim() === name) return;
  }
  throw new Error(`the tabulator does not lead to ${name}`);
}

/** For eyes: FAIRLEAD_SCREENSHOTS names a folder for them. */
async function shot(name: string): Promise<void> {
  const folder = process.env.FAIRLEAD_SCREENSHOTS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}
