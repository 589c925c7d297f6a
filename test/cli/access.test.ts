import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fairlead, startFairlead } from '../harness.ts';
import { goodPassword, invited, tokensFor } from '../signin.ts';
import { run, temporaryHome } from './run.ts';

let fairlead: Fairlead;
const { env, remove } = temporaryHome();

beforeAll(async () => {
  fairlead = await startFairlead({});
});
afterAll(async () => {
  await fairlead?.stop();
  remove();
});

async function cli(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(args, {
    env: { ...env, FAIRLEAD_URL: fairlead.url, FAIRLEAD_KEY: fairlead.adminKey },
  });
  expect([code, stderr]).toEqual([0, '']);
  return stdout;
}
const json = async (...args: string[]) => JSON.parse(await cli(...args, '--json'));
const me = async (key: string) => (await fairlead.request('/api/v1/me', { key })).status;

describe('fairlead keys', () => {
  it('rotates a key with an overlap, gives it another end, and shows all of it [AC-6]', async () => {
    const { key, secret } = await json('keys', 'create', '--name', 'agent', '--role', 'viewer');
    const text = await cli('keys', 'rotate', key.id, '--overlap', '24h');
    const [newer = ''] = /fl_\S+/.exec(text) ?? [];
    expect(text).toMatch(/The old one counts until \d{4}-/);
    expect([await me(secret), await me(newer)]).toEqual([200, 200]);
    const shown = await cli('keys', 'show', key.id);
    expect(shown).toMatch(/^scopes +\*$/m);
    expect(shown).toMatch(/^last used +.*\(.*\), from 127\.0\.0\.1$/m);
    expect(shown).toMatch(/^old secret +counts until .*\(in 24 h\)$/m);
    expect(await cli('keys', 'change', key.id, '--expires', '30d')).toMatch(/^expires +.*\(in 30 d\)$/m);
    expect(await cli('keys', 'change', key.id, '--expires', 'never')).toMatch(/^expires +never$/m);
    const last = await cli('keys', 'rotate', key.id, '--overlap', '0', '--quiet');
    expect([await me(secret), await me(newer), await me(last.trim())]).toEqual([401, 401, 200]);
  });

  it('makes one for a member [AC-6]', async () => {
    const { id } = await invited(fairlead, 'owner@example.com', { role: 'operator' });
    const { key } = await json('keys', 'create', '--name', 'hers', '--role', 'operator', '--user', 'owner@example.com');
    expect(key).toMatchObject({ userId: id, owner: 'owner@example.com' });
  });
});

describe('fairlead users, sessions and services', () => {
  it('changes role and teams, lists and ends sessions, and ends everything [AC-6] [AC-1]', async () => {
    const { browser } = await invited(fairlead, 'kim@example.com');
    const tokens = await tokensFor(fairlead, browser);
    expect(await cli('users', 'change', 'kim@example.com', '--role', 'operator', '--team', 'platform', 'on-call')).toBe(
      'kim@example.com is operator now, in platform, on-call.\n',
    );
    expect(await cli('users', 'change', 'kim@example.com', '--no-teams')).toContain('in no team');
    const listed = await cli('sessions', 'list', 'kim@example.com');
    expect(listed).toMatch(/^ses_\w+ +browser +\S+/m);
    expect(listed).toMatch(/^grant_\w+ +program +.*By hand: offline_access, tools:call, tools:read$/m);
    expect(await cli('sessions', 'list')).toContain('kim@example.com');
    const [grant = ''] = /grant_\w+/.exec(listed) ?? [];
    expect(await cli('sessions', 'revoke', 'kim@example.com', grant)).toContain('Ended the program');
    expect(await me(tokens.access_token)).toBe(401);
    const again = await tokensFor(fairlead, browser);
    expect(await cli('sessions', 'revoke', 'kim@example.com', '--all')).toContain('everywhere');
    expect(await me(again.access_token)).toBe(401);
    await browser.open('/auth/sign-in');
    await browser.submit({ email: 'kim@example.com', password: goodPassword });
    const { secret } = await json('keys', 'create', '--name', 'hers', '--user', 'kim@example.com');
    const revoked = await cli('users', 'revoke', 'kim@example.com');
    expect(revoked).toMatch(/^browsers +1$/m);
    expect(revoked).toMatch(/^keys +1$/m);
    expect(await me(secret)).toBe(401);
  });

  it('makes, rotates, puts out and removes a machine [AC-6]', async () => {
    const made = await cli('services', 'create', 'nightly', '--role', 'developer', '--scope', 'tools:read');
    const [id = ''] = /svc_\w+/.exec(made) ?? [];
    expect(made).toMatch(/fls_\w+/);
    expect(await cli('services', 'list')).toMatch(
      new RegExp(`^${id} +developer +secret +never +tools:read +nightly$`, 'm'),
    );
    expect(await cli('services', 'rotate', id, '--overlap', '1h')).toMatch(/The old one counts until/);
    expect(await cli('services', 'change', id, '--disable')).toBe('nightly is developer, disabled.\n');
    expect(await cli('services', 'change', id, '--enable', '--role', 'viewer')).toBe('nightly is viewer, let in.\n');
    await cli('services', 'remove', id);
    expect(await cli('services', 'list')).toContain('None yet');
  });
});

describe('fairlead break-glass', () => {
  it('seals a credential, opens it with a reason from standard input, and ends the access [AC-6]', async () => {
    const made = await cli('break-glass', 'create', '--name', 'safe', '--expires', '365d');
    const [sealed = ''] = /flbg_\w+/.exec(made) ?? [];
    const opened = await run(['break-glass', 'activate', '--reason', 'a rehearsal of the real thing', '--for', '30m'], {
      env: { ...env, FAIRLEAD_URL: fairlead.url },
      input: `${sealed}\n`,
    });
    expect([opened.code, opened.stderr]).toEqual([0, '']);
    const [key = ''] = /flbs_\w+/.exec(opened.stdout) ?? [];
    expect(await me(key)).toBe(200);
    expect(await cli('break-glass', 'list')).toMatch(/IN USE .* in 30 min +safe: a rehearsal of the real thing/);
    const [id = ''] = /bg_\w+/.exec(opened.stdout.split('break-glass end')[1] ?? '') ?? [];
    await cli('break-glass', 'end', id);
    expect(await me(key)).toBe(401);
    expect(await cli('break-glass', 'list')).toMatch(/ended[\s\S]*used/);
  });
});
