import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fairlead, startFairlead } from '../harness.ts';
import { invited, openBrowser } from '../signin.ts';
import { run, temporaryHome } from './run.ts';

let fairlead: Fairlead;
const { env, home, remove } = temporaryHome();
const admin = () => ({ env: { ...env, FAIRLEAD_URL: fairlead.url, FAIRLEAD_KEY: fairlead.adminKey } });
const mine = () => ({ env: { ...env, FAIRLEAD_URL: fairlead.url } });

beforeAll(async () => {
  fairlead = await startFairlead({});
});
afterAll(async () => {
  await fairlead?.stop();
  remove();
});

async function shownCode(): Promise<string> {
  const { db } = fairlead.running.house.database;
  const find = sql<{ userCode: string }>`select "userCode" from signin_device_codes where status = 'pending'`;
  return expect
    .poll(async () => (await find.execute(db)).rows[0]?.userCode, { timeout: 20_000 })
    .toBeTruthy()
    .then(async () => (await find.execute(db)).rows[0]?.userCode ?? '');
}

describe('the command line', () => {
  it('invites, lists and removes people [AC-1]', async () => {
    const made = await run(['users', 'invite', 'lee@example.com', '--role', 'admin', '--team', 'ops'], admin());
    expect([made.code, made.stderr]).toEqual([0, '']);
    const link = /http\S+/.exec(made.stdout)?.[0] ?? '';
    const early = await run(['users', 'reset', 'lee@example.com'], admin());
    expect([early.code, early.stderr]).toEqual([1, expect.stringContaining('fairlead users invite lee@example.com')]);
    const browser = await openBrowser(fairlead.url).open(link);
    expect(browser.page.text).toContain('Welcome to Fairlead');
    await browser.submit({ name: 'Lee', password: 'four plain words here' });
    const listed = await run(['users', 'list'], admin());
    expect(listed.stdout).toMatch(/usr_\S+ +admin +member .* ops +password +lee@example.com \(Lee\)/);
    expect((await run(['users', 'remove', 'lee@example.com'], admin())).stdout).toBe('Removed lee@example.com.\n');
    const gone = await run(['users', 'remove', 'lee@example.com'], admin());
    expect([gone.code, gone.stderr]).toEqual([1, expect.stringContaining('There is nobody')]);
    expect((await run(['users', 'list'], admin())).stdout).toContain('Nobody yet');
  });

  it('signs in the person at the terminal by a code, acts in their name, and forgets it again [AC-1]', async () => {
    const { browser, id } = await invited(fairlead, 'kim@example.com', { role: 'operator' });
    const login = run(['login'], mine());
    const code = await shownCode();
    const stranger = await openBrowser(fairlead.url).open(`/auth/device?user_code=${code}`);
    expect(stranger.page.url.pathname).toBe('/auth/sign-in');
    await browser.open('/auth/device');
    await browser.submit({ code: 'NOSUCH22' });
    expect(browser.page.text).toContain('There is no such code');
    await browser.submit({ code: `${code.slice(0, 4)}-${code.slice(4)}`.toLowerCase() });
    expect(browser.page.text).toContain('The command line of Fairlead wants to use Fairlead in your name');
    for (const sentence of ['See which tools', 'Use tools, resources and prompts in your name', 'Read the record'])
      expect(browser.page.text).toContain(sentence);
    expect(browser.page.text).not.toContain('Everything');
    await browser.submit({ answer: 'allow' });
    expect(browser.page.text).toContain('The device is signed in');
    const { code: ended, stderr } = await login;
    expect([ended, stderr]).toEqual([0, expect.stringContaining(code)]);

    const file = join(home, '.config/fairlead/logins.json');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const [kept] = Object.values(JSON.parse(readFileSync(file, 'utf8'))) as { accessToken: string }[];
    const granted = String(decodeJwt(kept?.accessToken ?? '').scope).split(' ');
    expect(granted).toContain('audit:read');
    expect(granted).not.toContain('*'); // what was shown, and not what the role may become
    const records = await run(['audit', '--json'], mine());
    expect(records.code).toBe(0);
    const keys = await run(['keys', 'list'], mine());
    expect([keys.code, keys.stderr]).toEqual([1, expect.stringContaining('keys:write')]); // an operator, and no more
    expect((await run(['keys', 'list'], admin())).code).toBe(0);
    const { records: acts } = await (await fairlead.request('/api/v1/audit?kind=act&limit=100')).json();
    expect(acts).toContainEqual(
      expect.objectContaining({ action: 'signin.device', principal: expect.objectContaining({ id: `user:${id}` }) }),
    );

    expect((await run(['logout'], mine())).stdout).toBe(`Signed out at ${fairlead.url}.\n`);
    expect((await run(['audit'], mine())).code).toBe(4);
  });
});
