import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { atProvider } from '../openid.ts';
import { connectBy, type PeopleUpstream, servePeopleUpstream } from '../people-upstream.ts';
import { type Browser, goodPassword, invited, openBrowser, tokensFor } from '../signin.ts';
import { type SsoWorld, startSso } from '../sso.ts';

// Who attacks here administers an organisation, or holds a credential that may write users and nothing else.

let world: SsoWorld;
let upstream: PeopleUpstream;
const person = (name: string) => ({ email: `${name}@example.com`, email_verified: true, name, groups: ['all'] });

beforeAll(async () => {
  upstream = await servePeopleUpstream();
  world = await startSso(
    {
      corp: {
        settings: { linkByEmail: true, groups: { all: { role: 'developer' } } },
        accounts: { bob: person('bob'), own: person('own'), local: person('local'), linked: person('linked') },
      },
    },
    {
      config: {
        egress: { allow: ['127.0.0.1'] },
        upstreams: { tickets: { url: upstream.url, auth: { grant: 'authorization_code' } } },
      },
    },
  );
  await world.fairlead.request('/api/v1/orgs', { json: { id: 'acme' } });
});
afterAll(async () => {
  await world?.stop();
  await upstream?.stop();
});

const ask = async (path: string, more: Parameters<SsoWorld['fairlead']['request']>[1] = {}) => {
  const response = await world.fairlead.request(`/api/v1${path}`, more);
  return { status: response.status, body: response.status === 204 ? undefined : await response.json() };
};
const invite = async (email: string, org: string, role = 'developer'): Promise<string> =>
  (await ask(`/users/invitations?org=${org}`, { json: { email, role } })).body.link;
const open = (link: string) => openBrowser(world.fairlead.url).open(link);
async function signIn(email: string, password = goodPassword): Promise<Browser> {
  const browser = await open('/auth/sign-in');
  return browser.submit({ email, password });
}
const adminOf = (org: string) => world.fairlead.makeKey(['admin'], { org });
const resetBy = async (id: string, org: string) =>
  (await ask(`/users/${id}/reset`, { key: await adminOf(org), json: {} })).body.link as string;
const another = 'another four plain words';

describe('a link to reset a password', () => {
  it('opens nothing once the person is a member elsewhere, too [AC-1]', async () => {
    const { id } = await invited(world.fairlead, 'moved@example.com', { org: 'acme' });
    const link = await resetBy(id, 'acme');
    await (await open(await invite('moved@example.com', 'default'))).submit({ password: goodPassword });
    expect((await open(link)).page.status).toBe(404);
    expect((await signIn('moved@example.com')).page.url.pathname).toBe('/auth/account');
    expect((await ask(`/users/${id}/reset`, { key: await adminOf('acme'), json: {} })).status).toBe(409);
  });

  it('opens nothing when the person joined while its page was open [AC-1]', async () => {
    const { id } = await invited(world.fairlead, 'waiting@example.com', { org: 'acme' });
    const page = await open(await resetBy(id, 'acme'));
    await (await open(await invite('waiting@example.com', 'default'))).submit({ password: goodPassword });
    await page.submit({ password: another });
    expect(page.page.status).toBe(404);
    expect((await signIn('waiting@example.com', another)).page.status).toBe(401);
  });

  it('is not for who has the address later, nor for another role [AC-1]', async () => {
    const { id } = await invited(world.fairlead, 'anew@example.com', { org: 'acme' });
    await ask('/users/invitations', { json: { email: 'anew@example.com' } });
    const link = await resetBy(id, 'acme');
    await ask(`/users/${id}?org=acme`, { method: 'DELETE' });
    await invited(world.fairlead, 'anew@example.com');
    expect((await open(link)).page.status).toBe(404);

    const raised = await invited(world.fairlead, 'raised@example.com', { org: 'acme', role: 'viewer' });
    const before = await resetBy(raised.id, 'acme');
    await ask(`/users/${raised.id}?org=acme`, { method: 'PUT', json: { role: 'admin' } });
    expect((await open(before)).page.status).toBe(404);
  });

  it('of an administrator of all organisations opens them all, as it says [AC-1]', async () => {
    const { id } = await invited(world.fairlead, 'both@example.com', { org: 'acme' });
    await (await open(await invite('both@example.com', 'default'))).submit({ password: goodPassword });
    const page = await open((await ask(`/users/${id}/reset?org=acme`, { json: {} })).body.link);
    await page.submit({ password: another });
    expect(page.page.url.pathname).toBe('/auth/account');
    expect((await signIn('both@example.com', another)).page.text).toContain('default, as developer');
  });
});

describe('an invitation', () => {
  it('for a role that the person lost since does not give it back [AC-1]', async () => {
    const { id } = await invited(world.fairlead, 'lowered@example.com', { role: 'operator' });
    const link = await invite('lowered@example.com', 'default', 'admin');
    await ask(`/users/${id}`, { method: 'PUT', json: { role: 'viewer' } });
    expect((await open(link)).page.status).toBe(404);
  });
});

async function byButton(link: string, account: string, browser = world.browser()): Promise<Browser> {
  await browser.open(link);
  const [, href = ''] = /<a class="button" href="([^"]+)">/.exec(browser.page.text) ?? [];
  return atProvider(await browser.open(href.replaceAll('&amp;', '&')), account);
}

describe('an account that somebody made in another’s name', () => {
  it('of another organisation is not tied to whom a provider vouches for [AC-3]', async () => {
    const { id, browser: squatter } = await invited(world.fairlead, 'bob@example.com', { org: 'acme' });
    const link = await invite('bob@example.com', 'default', 'admin');
    const { page } = await byButton(link, 'bob');
    expect([page.status, page.text]).toEqual([403, expect.stringContaining('sign in by its password')]);
    expect((await world.by('corp', 'bob')).page.status).toBe(403);
    expect((await squatter.open('/auth/account')).page.text).not.toContain('default, as');
    // Who administers everything takes it away, and the invitation still counts.
    expect((await ask(`/users/${id}?org=acme`, { method: 'DELETE' })).status).toBe(204);
    const again = await byButton(await invite('bob@example.com', 'default', 'admin'), 'bob');
    expect(again.page.text).toContain('default, as admin');
    expect((await signIn('bob@example.com')).page.status).toBe(401);
  });

  it('is tied to who came in by its password in the same browser [AC-3]', async () => {
    await invited(world.fairlead, 'own@example.com', { org: 'acme' });
    const browser = world.browser();
    await browser.open('/auth/sign-in');
    await browser.submit({ email: 'own@example.com', password: goodPassword });
    await byButton(await invite('own@example.com', 'default'), 'own', browser);
    expect(browser.page.text).toContain('default, as developer');
    expect((await signIn('own@example.com')).page.text).toContain('acme, as developer');
  });

  it.each(['invitation', 'email'])(
    'of the same organisation is theirs by %s, and all from before ends [AC-3]',
    async (by) => {
      const name = by === 'email' ? 'linked' : 'local';
      const email = `${name}@example.com`;
      const { id, browser: squatter } = await invited(world.fairlead, email);
      const { access_token } = await tokensFor(world.fairlead, squatter);
      const key = (await ask('/keys', { json: { name: 'own', roles: ['viewer'], userId: id } })).body.secret;
      expect([(await world.me(access_token)).status, (await world.me(key)).status]).toEqual([200, 200]);
      const theirs =
        by === 'email' ? await world.by('corp', name) : await byButton(await invite(email, 'default'), name);
      expect(theirs.page.text).toContain('default, as developer');
      expect([(await world.me(access_token)).status, (await world.me(key)).status]).toEqual([401, 401]);
      expect((await squatter.open('/auth/account')).page.url.pathname).toBe('/auth/sign-in');
      expect((await signIn(email)).page.status).toBe(401);
      const { users } = (await ask('/users')).body;
      expect(users.find((user: { email: string }) => user.email === email).signsInBy).toEqual(['corp']);
    },
  );
});

describe('a credential that may write users and little else', () => {
  it('makes, raises and resets nobody who may more than it does [AC-6]', async () => {
    const key = await world.fairlead.makeKey(['admin'], { scopes: ['users:write', 'tools:read', 'tools:call'] });
    const admin = await invited(world.fairlead, 'chief@example.com', { role: 'admin' });
    const plain = await invited(world.fairlead, 'plain@example.com', { role: 'viewer' });
    const refused = { status: 403, body: { code: 'RIGHTS_EXCEEDED' } };
    const put = (json: unknown) => ask(`/users/${plain.id}`, { key, method: 'PUT', json });
    for (const role of ['operator', 'admin']) {
      expect(await ask('/users/invitations', { key, json: { email: 'x@example.com', role } })).toMatchObject(refused);
      expect(await put({ role })).toMatchObject(refused);
    }
    expect(await ask(`/users/${admin.id}/reset`, { key, json: {} })).toMatchObject(refused);
    expect((await ask('/users/invitations', { key, json: { email: 'x@example.com', role: 'developer' } })).status).toBe(
      201,
    );
    expect((await put({ role: 'developer' })).status).toBe(200);
    // A team opens what rules say, to all that the role carries.
    expect((await put({ teams: ['payments'] })).status).toBe(200);
    const chief = { key, method: 'PUT', json: { teams: ['payments'] } };
    expect(await ask(`/users/${admin.id}`, chief)).toMatchObject(refused);
    expect((await ask(`/users/${admin.id}`, { ...chief, key: world.fairlead.adminKey })).status).toBe(200);
    expect((await ask(`/users/${plain.id}/reset`, { key, json: {} })).status).toBe(201);
    // Nor a machine.
    const machine = { name: 'nightly', roles: ['operator'], scopes: ['tools:call', 'audit:read'] };
    const { service } = (await ask('/services', { json: machine })).body;
    const change = (json: unknown) => ask(`/services/${service.id}`, { key, method: 'PUT', json });
    for (const json of [
      { roles: ['admin'] },
      { roles: ['operator'], scopes: ['tools:call'] },
      { scopes: ['audit:read'] },
      { disabled: false },
    ])
      expect([json, await change(json)]).toMatchObject([json, refused]);
    expect((await change({ disabled: true })).status).toBe(200);
    expect((await ask('/services', { key, json: machine })).status).toBe(403);
    for (const path of ['/keys', '/services', '/users/invitations']) {
      const json = {
        name: 'misspelt',
        email: 'z@example.com',
        roles: ['viewer'],
        role: 'viewer',
        scope: ['tools:read'],
      };
      expect([path, (await ask(path, { json })).status]).toEqual([path, 400]);
    }
    // A program of an administrator that was allowed this alone is no more than that, either.
    const { access_token } = await tokensFor(world.fairlead, admin.browser, { scope: 'users:write' });
    const wanted = { email: 'y@example.com', role: 'admin' };
    expect(await ask('/users/invitations', { key: access_token, json: wanted })).toMatchObject(refused);
    const full = await tokensFor(world.fairlead, admin.browser, { scope: '*' });
    expect((await ask('/users/invitations', { key: full.access_token, json: wanted })).status).toBe(201);
  });
});

describe('a connection', () => {
  it.each(['revoke', 'remove'])('that was under way is not kept after users %s [AC-6]', async (how) => {
    const { id, browser } = await invited(world.fairlead, `leaving-${how}@example.com`);
    const { access_token: key } = await tokensFor(world.fairlead, browser);
    const { link } = (await ask('/connections/tickets', { key, method: 'POST' })).body;
    const release = upstream.holdTokens();
    const asked = upstream.asked.length;
    const coming = connectBy(browser, link, upstream, how).catch(() => undefined);
    const { db } = world.fairlead.running.house.database;
    const used = () =>
      db
        .withTables<{ credential_pending: { subject: string; done_at: string | null } }>()
        .selectFrom('credential_pending')
        .select('subject')
        .where('subject', '=', `user:${id}`)
        .where('done_at', 'is not', null)
        .execute();
    await expect.poll(used, { timeout: 30_000 }).toHaveLength(1);
    const end = how === 'revoke' ? ask(`/users/${id}/revoke`, { json: {} }) : ask(`/users/${id}`, { method: 'DELETE' });
    expect((await end).status).toBeLessThan(300);
    release();
    await coming;
    await expect.poll(() => upstream.asked.length, { timeout: 30_000 }).toBeGreaterThan(asked);
    const { connections } = (await ask('/connections?all=true')).body;
    expect(connections.filter(({ subject }: { subject: string }) => subject === `user:${id}`)).toEqual([]);
  });
});
