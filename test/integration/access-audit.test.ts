import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Fairlead, startFairlead } from '../harness.ts';
import { askToken, callback, goodPassword, invited, openBrowser, register, tokensFor } from '../signin.ts';

let fairlead: Fairlead;

beforeAll(async () => {
  fairlead = await startFairlead({});
});
afterAll(() => fairlead?.stop());

interface Act {
  action: string;
  subject: string;
  outcome: string;
  errorCode?: string;
  principal: { id: string };
  detail: Record<string, unknown>;
}

const ask = async (path: string, more: Parameters<Fairlead['request']>[1] = {}) => {
  const response = await fairlead.request(`/api/v1${path}`, more);
  return response.status === 204 ? undefined : response.json();
};

it('every sign-in, refusal, grant and change of access stands in the audit, and no secret does [AC-6]', async () => {
  const email = 'kim@example.com';
  const secrets = [goodPassword, 'another four plain words', 'a wrong password'];
  const seen = (text: string) => {
    secrets.push(text);
    return text;
  };
  // People: invited, withdrawn, joined, refused, signed in and out, changed, another password by two ways.
  const withdrawn = await ask('/users/invitations', { json: { email: 'gone@example.com' } });
  seen(new URL(withdrawn.link).searchParams.get('token') ?? '');
  await ask(`/users/invitations/${withdrawn.invitation.id}`, { method: 'DELETE' });
  const { id, browser } = await invited(fairlead, email, { role: 'operator' });
  await ask(`/users/${id}`, { method: 'PUT', json: { role: 'developer', teams: ['platform'] } });
  await browser.open('/auth/account');
  await browser.submit({}, '/sign-out');
  await browser.submit({ email, password: 'a wrong password' });
  await browser.submit({ email, password: goodPassword });
  const stranger = await openBrowser(fairlead.url).open('/auth/sign-in');
  for (let tries = 0; tries < 12; tries++) await stranger.submit({ email, password: 'a wrong password' });
  await browser.open('/auth/account/password');
  await browser.submit({ current: 'a wrong password', password: 'another four plain words' });
  await browser.submit({ current: goodPassword, password: 'another four plain words' });
  const { link } = await ask(`/users/${id}/reset`, { json: {} });
  await (await browser.open(link)).submit({ password: goodPassword });

  // Programs: registered, refused, allowed, let in without being asked, replayed, gone; a device.
  const declined = await register(fairlead, { client_name: 'Declined' });
  await tokensFor(fairlead, browser, { clientId: declined, fields: { answer: 'deny' } }).catch(() => undefined);
  const clientId = await register(fairlead, { client_name: 'Allowed' });
  const tokens = await tokensFor(fairlead, browser, { clientId });
  const again = await tokensFor(fairlead, browser, { clientId });
  for (const { access_token, refresh_token } of [tokens, again]) [access_token, refresh_token].map(seen);
  const refresh = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token, client_id: clientId };
  await askToken(fairlead, refresh);
  await sql`update signin_refresh_tokens set "rotatedAt" = "rotatedAt" - interval '1 hour',
    "rotationReplayExpiresAt" = "rotationReplayExpiresAt" - interval '1 hour'`.execute(
    fairlead.running.house.database.db,
  );
  await askToken(fairlead, refresh);
  const third = await tokensFor(fairlead, browser, { clientId });
  await fetch(`${fairlead.url}/auth/oauth2/revoke`, {
    method: 'POST',
    body: new URLSearchParams({ token: seen(third.refresh_token), client_id: clientId }),
  });
  for (const answer of ['allow', 'deny']) {
    const asked = await fetch(`${fairlead.url}/auth/device/code`, {
      method: 'POST',
      body: new URLSearchParams({ client_id: 'fairlead-cli', scope: '*' }),
    });
    const { user_code } = (await asked.json()) as { user_code: string };
    await browser.open('/auth/device');
    await browser.submit({ code: user_code });
    await browser.submit({ answer });
  }

  // Keys, machines, sessions, break-glass, everything at once.
  const key = await ask('/keys', { json: { name: 'agent', roles: ['viewer'] } });
  seen(key.secret);
  seen((await ask(`/keys/${key.key.id}/rotate`, { json: {} })).secret);
  await ask(`/keys/${key.key.id}`, { method: 'PUT', json: { expiresAt: Date.now() + 86_400_000 } });
  await ask(`/keys/${key.key.id}`, { method: 'DELETE' });
  const operator = await fairlead.makeKey(['operator']);
  await ask('/keys', { key: operator, json: { name: 'more', roles: ['admin'] } });
  const service = await ask('/services', { json: { name: 'nightly', roles: ['viewer'] } });
  const machine = { grant_type: 'client_credentials', client_id: service.service.id };
  await askToken(fairlead, { ...machine, client_secret: seen(service.secret) });
  await askToken(fairlead, { ...machine, client_secret: 'fls_wrong' });
  seen((await ask(`/services/${service.service.id}/rotate`, { json: {} })).secret);
  await ask(`/services/${service.service.id}`, { method: 'PUT', json: { disabled: true } });
  await ask(`/services/${service.service.id}`, { method: 'DELETE' });
  const { sessions } = await ask(`/users/${id}/sessions`);
  await ask(`/users/${id}/sessions/${sessions[0].id}`, { method: 'DELETE' });
  await ask(`/users/${id}/sessions`, { method: 'DELETE' });
  const sealed = seen((await ask('/break-glass', { json: { name: 'safe' } })).secret);
  const opened = await ask('/break-glass/activate', { key: sealed, json: { reason: 'a rehearsal, nothing more' } });
  await ask(`/break-glass/${opened.credential.id}`, { key: seen(opened.secret), method: 'DELETE' });
  await ask(`/users/${id}/revoke`, { json: {} });
  await ask(`/users/${id}`, { method: 'DELETE' });

  const records: Act[] = [];
  for (let cursor = ''; ; ) {
    const page = await ask(`/audit?kind=act&limit=100${cursor}`);
    records.push(...page.records);
    if (page.next === undefined) break;
    cursor = `&cursor=${encodeURIComponent(page.next)}`;
  }
  const told = new Set(records.map(({ action, outcome }) => `${action} ${outcome}`));
  const wanted = [
    'users.invite ok',
    'users.withdraw ok',
    'signin.join ok',
    'users.change ok',
    'signin.out ok',
    'signin.password ok',
    'signin.password denied',
    'signin.password failed', // too many
    'signin.change-password ok',
    'signin.change-password denied',
    'users.reset ok',
    'signin.reset ok',
    'clients.register ok',
    'signin.decline ok',
    'signin.grant ok',
    'signin.program ok',
    'signin.refresh denied',
    'signin.program-out ok',
    'signin.device ok',
    'signin.device.decline ok',
    'keys.create ok',
    'keys.create denied',
    'keys.rotate ok',
    'keys.change ok',
    'keys.revoke ok',
    'services.create ok',
    'signin.machine ok',
    'signin.machine denied',
    'services.rotate ok',
    'services.change ok',
    'services.remove ok',
    'sessions.revoke ok',
    'break_glass.create ok',
    'break_glass.activate ok',
    'break_glass.end ok',
    'users.revoke ok',
    'users.remove ok',
  ];
  expect(wanted.filter((act) => !told.has(act))).toEqual([]);
  const of = (action: string) => records.filter((record) => record.action === action);
  // Let in three times: once after being asked, twice without.
  expect(of('signin.program').filter(({ subject }) => subject === clientId)).toHaveLength(3);
  expect(of('signin.program')[0]?.principal.id).toBe(`user:${id}`);
  expect(of('signin.program-out')).toMatchObject([{ subject: clientId, principal: { id: `user:${id}` } }]);
  expect(of('clients.register')).toHaveLength(2);
  expect(of('clients.register')[0]).toMatchObject({
    detail: { answeredAt: [callback] },
    principal: { id: 'anonymous' },
  });
  const text = JSON.stringify(records);
  expect(secrets.length).toBeGreaterThan(12);
  for (const secret of secrets) {
    expect(secret.length).toBeGreaterThan(10);
    expect(text).not.toContain(secret);
  }
  // Whoever reads the trail can follow one person through it.
  const about = records.filter((record) => record.subject === id || record.principal.id === `user:${id}`);
  expect(about.length).toBeGreaterThan(15);
});
