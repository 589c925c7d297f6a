import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fairlead, startFairlead } from '../harness.ts';
import { askToken, goodPassword, invited, openBrowser, tokensFor } from '../signin.ts';

let fairlead: Fairlead;

beforeAll(async () => {
  fairlead = await startFairlead({});
});
afterAll(() => fairlead?.stop());

const ask = async (path: string, more: Parameters<Fairlead['request']>[1] = {}) => {
  const response = await fairlead.request(`/api/v1${path}`, more);
  return { status: response.status, body: response.status === 204 ? undefined : await response.json() };
};
const me = async (key: string) => (await ask('/me', { key })).status;
const refresh = ({ clientId, refresh_token }: { clientId: string; refresh_token: string }) =>
  askToken(fairlead, { grant_type: 'refresh_token', refresh_token, client_id: clientId });
const acts = async (action: string) => {
  const { records } = (await ask('/audit?kind=act&limit=500')).body;
  return records.filter((record: { action: string }) => record.action === action);
};

describe('everything of a person', () => {
  it('ends with one act, and they can come back [AC-6]', async () => {
    const { id, browser } = await invited(fairlead, 'kim@example.com', { role: 'admin' });
    const tokens = await tokensFor(fairlead, browser, { scope: '*' });
    const own = await ask('/keys', { json: { name: 'own', roles: ['viewer'], userId: id } });
    const made = await ask('/keys', { key: tokens.access_token, json: { name: 'for a build', roles: ['viewer'] } });
    const accomplice = { email: 'accomplice@example.com', role: 'admin' };
    const { link } = (await ask('/users/invitations', { key: tokens.access_token, json: accomplice })).body;
    const reset = (await ask(`/users/${id}/reset`, { json: {} })).body.link;

    const { status, body } = await ask(`/users/${id}/revoke`, { json: {} });
    expect(status).toBe(200);
    expect(body.ended).toMatchObject({ browsers: 1, programs: 1, codes: 0, invitations: 2, keys: 1, connections: 0 });
    // Its secret was shown to them, and it is nobody's: somebody has to look at it.
    expect(body.left).toEqual({ keys: [{ id: made.body.key.id, name: 'for a build' }], services: [] });
    expect(await me(tokens.access_token)).toBe(401);
    expect((await refresh(tokens)).status).toBe(400);
    expect(await me(own.body.secret)).toBe(401);
    for (const each of [link, reset]) expect((await openBrowser(fairlead.url).open(each)).page.status).toBe(404);
    await browser.open('/auth/account');
    expect(browser.page.url.pathname).toBe('/auth/sign-in');
    expect(await acts('users.revoke')).toMatchObject([{ subject: id, outcome: 'ok', detail: { ended: { keys: 1 } } }]);

    await browser.submit({ email: 'kim@example.com', password: goodPassword });
    const again = await tokensFor(fairlead, browser); // in the same second
    expect(await me(again.access_token)).toBe(200);
    expect(await me(tokens.access_token)).toBe(401);
    expect((await ask('/users/usr_nobody/revoke', { json: {} })).status).toBe(404);
  });

  it('does not come back to life with a new membership [AC-6]', async () => {
    await ask('/orgs', { json: { id: 'acme' } });
    const { id, browser } = await invited(fairlead, 'two@example.com');
    const join = async () => {
      const { link } = (await ask('/users/invitations?org=acme', { json: { email: 'two@example.com' } })).body;
      await (await openBrowser(fairlead.url).open(link)).submit({ password: goodPassword });
    };
    await join();
    const { access_token } = await tokensFor(fairlead, browser, { fields: { org: 'acme' } });
    expect(await me(access_token)).toBe(200);
    await ask(`/users/${id}?org=acme`, { method: 'DELETE' });
    expect(await me(access_token)).toBe(401);
    await join();
    expect(await me(access_token)).toBe(401);
    expect((await ask(`/users/${id}`)).status).toBe(405);
  });
});

describe('sessions', () => {
  it('are listed with what they may and when they were used, and ended one by one [AC-6]', async () => {
    const { id, browser } = await invited(fairlead, 'lee@example.com');
    const first = await tokensFor(fairlead, browser);
    const second = await tokensFor(fairlead, browser, { scope: 'tools:read' });
    const before = Date.now();
    expect(await me(first.access_token)).toBe(200);
    const list = async () => (await ask(`/users/${id}/sessions`)).body.sessions;
    const sessions = await list();
    expect(sessions.map(({ kind }: { kind: string }) => kind).sort()).toEqual(['browser', 'program', 'program']);
    const found = sessions.find((session: { client?: { id: string } }) => session.client?.id === first.clientId);
    expect(found).toMatchObject({
      client: { name: 'By hand' },
      scopes: ['offline_access', 'tools:call', 'tools:read'],
      signIns: 1,
    });
    expect(found.seenAt).toBeGreaterThanOrEqual(before);
    const all = (await ask('/sessions')).body.sessions;
    expect(all).toEqual(
      expect.arrayContaining(sessions.map(({ id }: { id: string }) => expect.objectContaining({ id }))),
    );

    expect((await ask(`/users/${id}/sessions/${found.id}`, { method: 'DELETE' })).status).toBe(200);
    expect([await me(first.access_token), await me(second.access_token)]).toEqual([401, 200]);
    expect([(await refresh(first)).status, (await refresh(second)).status]).toEqual([400, 200]);
    expect(await list()).toHaveLength(2);
    expect((await ask(`/users/${id}/sessions/${found.id}`, { method: 'DELETE' })).status).toBe(404);
    // Allowed anew, it is let in at once.
    const back = await tokensFor(fairlead, browser, { clientId: first.clientId });
    expect([await me(back.access_token), await me(first.access_token)]).toEqual([200, 401]);
    const detail = { session: found.id, kind: 'program', client: 'By hand' };
    expect(await acts('sessions.revoke')).toContainEqual(
      expect.objectContaining({ subject: id, outcome: 'ok', detail: expect.objectContaining(detail) }),
    );
  });

  it('of other people are nobody’s to end [AC-6]', async () => {
    const one = await invited(fairlead, 'one@example.com');
    const other = await invited(fairlead, 'other@example.com');
    const { sessions } = (await ask(`/users/${one.id}/sessions`)).body;
    const [{ id }] = sessions;
    expect((await ask(`/users/${other.id}/sessions/${id}`, { method: 'DELETE' })).status).toBe(404);
    await other.browser.open('/auth/account');
    await other.browser.submit({ org: 'default', session: id }, '/everywhere');
    await one.browser.open('/auth/account');
    expect(one.browser.page.url.pathname).toBe('/auth/account');
  });

  it('are the person’s own to see and end on the account page, and so are keys and the password [AC-6] [AC-1]', async () => {
    const { id, browser } = await invited(fairlead, 'mine@example.com');
    const tokens = await tokensFor(fairlead, browser);
    const { secret } = (await ask('/keys', { json: { name: 'night agent', roles: ['viewer'], userId: id } })).body;
    const elsewhere = await openBrowser(fairlead.url).open('/auth/sign-in');
    await elsewhere.submit({ email: 'mine@example.com', password: goodPassword });
    await browser.open('/auth/account');
    expect(browser.page.text).toMatch(/By hand[\s\S]*It may:[\s\S]*see which tools/);
    expect(browser.page.text).toContain('night agent');
    await browser.submit({}, '/auth/account/key');
    expect(await me(secret)).toBe(401);
    await browser.submit({}, '/auth/account/session'); // the first that is not this one: the other browser
    await elsewhere.open('/auth/account');
    expect(elsewhere.page.url.pathname).toBe('/auth/sign-in');
    await browser.submit({}, '/auth/account/session');
    expect(await me(tokens.access_token)).toBe(401);

    await browser.open('/auth/account/password');
    await browser.submit({ current: 'not the one', password: 'another four plain words' });
    expect([browser.page.status, browser.page.text]).toEqual([400, expect.stringContaining('not your password')]);
    await browser.submit({ current: goodPassword, password: 'short' });
    expect([browser.page.status, browser.page.text]).toEqual([400, expect.stringContaining('12 characters')]);
    await elsewhere.submit({ email: 'mine@example.com', password: goodPassword });
    await browser.submit({ current: goodPassword, password: 'another four plain words' });
    expect(browser.page.url.pathname).toBe('/auth/account');
    await elsewhere.open('/auth/account');
    expect(elsewhere.page.url.pathname).toBe('/auth/sign-in');
    await elsewhere.submit({ email: 'mine@example.com', password: goodPassword });
    expect(elsewhere.page.status).toBe(401);
    const outcomes = (await acts('signin.change-password')).map(({ outcome }: { outcome: string }) => outcome);
    expect(outcomes.sort()).toEqual(['denied', 'ok']);
  });
});

describe('a service account', () => {
  const tokenOf = (id: string, secret: string) =>
    askToken(fairlead, { grant_type: 'client_credentials', client_id: id, client_secret: secret });

  it('has its secret replaced with an overlap, is put out for a while, and shows its last use [AC-6]', async () => {
    const { service, secret } = (await ask('/services', { json: { name: 'nightly', roles: ['operator'] } })).body;
    expect(service).toMatchObject({ proof: 'secret', disabled: false });
    expect(service.scopes).toContain('audit:read');
    const { body } = await tokenOf(service.id, secret);
    expect(await me(body.access_token)).toBe(200);
    expect((await ask(`/services/${service.id}`)).body.lastUsedAt).toBeGreaterThan(0);
    const rotated = (await ask(`/services/${service.id}/rotate`, { json: { overlapMs: 60_000 } })).body;
    expect(rotated.service.previous.until).toBeGreaterThan(Date.now());
    expect((await tokenOf(service.id, secret)).status).toBe(200);
    expect((await tokenOf(service.id, rotated.secret)).status).toBe(200);
    const last = (await ask(`/services/${service.id}/rotate`, { json: { overlapMs: 0 } })).body;
    expect((await tokenOf(service.id, secret)).status).toBe(401);
    expect((await tokenOf(service.id, rotated.secret)).status).toBe(401);

    const put = (json: object) => ask(`/services/${service.id}`, { method: 'PUT', json });
    const { access_token } = (await tokenOf(service.id, last.secret)).body;
    await put({ disabled: true });
    expect(await me(access_token)).toBe(401);
    expect((await tokenOf(service.id, last.secret)).status).toBeGreaterThanOrEqual(400);
    await put({ disabled: false, roles: ['viewer'], scopes: ['tools:read'] });
    const narrow = (await tokenOf(service.id, last.secret)).body;
    expect((await ask('/me', { key: narrow.access_token })).body).toMatchObject({
      roles: ['viewer'],
      scopes: ['tools:read'],
    });
    const poor = await fairlead.makeKey(['admin'], { scopes: ['users:write'] });
    const refused = await ask(`/services/${service.id}/rotate`, { key: poor, json: {} });
    expect(refused.body.code).toBe('RIGHTS_EXCEEDED');
  });

  it('proves itself by a key pair, and no assertion counts twice [AC-6]', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    const keys = [{ ...(await exportJWK(publicKey)), alg: 'ES256', kid: 'one' }];
    const made = await ask('/services', { json: { name: 'signer', roles: ['viewer'], jwks: { keys } } });
    expect(made.body).not.toHaveProperty('secret');
    const { id } = made.body.service;
    const assertion = await new SignJWT({ jti: 'only-once' })
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .setIssuer(id)
      .setSubject(id)
      .setAudience(`${fairlead.url}/auth/oauth2/token`)
      .setIssuedAt()
      .setExpirationTime('2m')
      .sign(privateKey);
    const form = {
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
    };
    const { status, body } = await askToken(fairlead, form);
    expect([status, body.error]).toEqual([200, undefined]);
    expect((await ask('/me', { key: body.access_token })).body).toMatchObject({ id: `service:${id}` });
    expect((await askToken(fairlead, form)).status).toBeGreaterThanOrEqual(400);
    const machine = (await acts('signin.machine')).filter(({ subject }: { subject: string }) => subject === id);
    expect(machine.map(({ outcome }: { outcome: string }) => outcome).sort()).toEqual(['denied', 'ok']);
    const secretOnes = [await exportJWK(privateKey)];
    const sent = await ask('/services', { json: { name: 'x', roles: ['viewer'], jwks: { keys: secretOnes } } });
    expect([sent.status, sent.body.message]).toEqual([400, expect.stringContaining('private')]);
    expect((await ask(`/services/${id}/rotate`, { json: {} })).status).toBe(409);
  });
});
