import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { atProvider } from '../openid.ts';
import { invited } from '../signin.ts';
import { type SsoWorld, startSso } from '../sso.ts';
import { run, temporaryHome } from './run.ts';

let world: SsoWorld;
const { env, remove } = temporaryHome();
const admin = () => ({ env: { ...env, FAIRLEAD_URL: world.fairlead.url, FAIRLEAD_KEY: world.fairlead.adminKey } });
const mine = () => ({ env: { ...env, FAIRLEAD_URL: world.fairlead.url } });

beforeAll(async () => {
  const ada = { email: 'ada@example.com', email_verified: true, name: 'Ada', groups: ['engineers'] };
  world = await startSso({
    corp: { settings: { groups: { engineers: { role: 'operator', teams: ['ops'] } } }, accounts: { ada } },
  });
});
afterAll(async () => {
  await world?.stop();
  remove();
});

it('a terminal is signed in by the provider, and people are listed with what they sign in by [AC-3]', async () => {
  await invited(world.fairlead, 'lee@example.com', { role: 'viewer' });
  const login = run(['login'], mine());
  const pending = sql<{ userCode: string }>`select "userCode" from signin_device_codes where status = 'pending'`;
  const codes = async () => (await pending.execute(world.fairlead.running.house.database.db)).rows[0]?.userCode;
  await expect.poll(codes, { timeout: 60_000 }).toBeTruthy();
  const code = (await codes()) ?? '';
  const browser = await world.browser().open(`/auth/device?user_code=${code}`);
  const [, href = ''] = /<a class="button" href="([^"]+)">/.exec(browser.page.text) ?? [];
  await atProvider(await browser.open(href.replaceAll('&amp;', '&')), 'ada');
  await browser.submit({ code });
  await browser.submit({ answer: 'allow' });
  expect((await login).code).toBe(0);
  const tools = await run(['tools', 'list', '--json'], mine());
  expect([tools.code, tools.stderr]).toEqual([0, '']);

  const { stdout } = await run(['users', 'list'], admin());
  expect(stdout).toMatch(/usr_\S+ +operator +member .* ops +corp \(groups\) +ada@example.com \(Ada\)/);
  expect(stdout).toMatch(/usr_\S+ +viewer +member .* - +password +lee@example.com/);

  world.providers.corp?.accounts.set('ada', { email: 'ada@example.com', email_verified: true, groups: [] });
  expect((await world.by('corp', 'ada')).page.status).toBe(403);
  expect((await run(['users', 'list'], admin())).stdout).toMatch(/usr_\S+ +operator +suspended .* corp \(groups\)/);
  const refused = await run(['tools', 'list'], mine());
  expect([refused.code === 0, refused.stderr]).toEqual([false, expect.stringMatching(/sign|log ?in/i)]);
});
