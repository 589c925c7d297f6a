import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callback, goodPassword, keeper, signInWith } from '../signin.ts';
import { type SsoWorld, startSso } from '../sso.ts';

// The same way in a browser as people have it: it is the one to say what policy, cookies and redirects come to.

const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const isThere = existsSync(executablePath);

let world: SsoWorld;
let fairlead: SsoWorld['fairlead'];
let browser: Browser;
let page: Page;
const broken: string[] = [];

describe('in Chromium', () => {
  beforeAll(async () => {
    if (!isThere) return;
    world = await startSso({
      corp: {
        settings: { title: 'Example Corp', groups: { engineers: { role: 'developer', teams: ['platform'] } } },
        accounts: {
          ada: { email: 'ada@example.com', email_verified: true, name: 'Ada Example', groups: ['engineers'] },
          visitor: { email: 'visitor@example.com', email_verified: true, name: 'Visitor', groups: [] },
        },
      },
    });
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
});

/** For eyes: FAIRLEAD_SCREENSHOTS names a folder for them. */
async function shot(name: string): Promise<void> {
  const folder = process.env.FAIRLEAD_SCREENSHOTS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}
