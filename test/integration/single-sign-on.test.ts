import { decodeJwt } from 'jose';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileSchema } from '../../src/config/schema.ts';
import { fixtureUpstream } from '../harness.ts';
import { atProvider } from '../openid.ts';
import { askToken, goodPassword, invited, keeper, signInWith, tokensFor } from '../signin.ts';
import { type SsoWorld, startSso } from '../sso.ts';

let world: SsoWorld;

const person = (name: string, groups: unknown, more: Record<string, unknown> = {}) => ({
  email: `${name}@example.com`,
  email_verified: true,
  name: `${name} of the test`,
  groups,
  ...more,
});
const groups = {
  engineers: { role: 'developer', teams: ['platform'] },
  oncall: { role: 'operator', teams: ['on-call'] },
  readers: { teams: ['docs'] },
};

beforeAll(async () => {
  world = await startSso(
    {
      corp: {
        settings: { title: 'Example Corp', groups },
        accounts: {
          ada: person('ada', ['engineers', 'unmapped']),
          moving: person('moving', ['engineers']),
          nobody: person('nobody', ['unmapped']),
          teamless: person('teamless', ['readers']),
          overage: person('overage', undefined, { _claim_names: { groups: 'src1' } }),
          hand: person('hand', ['oncall']),
          clash: person('clash', ['engineers']),
          unverified: person('unverified', ['engineers'], { email_verified: false }),
          leaver: person('leaver', ['engineers']),
          device: person('device', ['engineers']),
          out: person('out', ['engineers']),
          bound: person('bound', ['engineers']),
        },
      },
      acme: {
        settings: {
          org: 'acme',
          required: true,
          linkByEmail: true,
          emailDomains: ['example.com'],
          default: { role: 'viewer', teams: ['guests'] },
          groups: { bosses: { role: 'admin' } },
        },
        inIdToken: true,
        accounts: {
          plain: person('plain', []),
          boss: person('boss', 'bosses'),
          elsewhere: person('elsewhere', [], { email: 'elsewhere@example.org' }),
          double: person('double', ['bosses']),
          thief: person('thief', ['bosses'], { email_verified: false, email: 'double@example.com' }),
          guest: person('guest', ['bosses']),
          stranger: person('stranger', []),
        },
      },
    },
    { config: { upstreams: { fixture: fixtureUpstream() } } },
  );
  // The organisation is named by the settings before it is there: its provider lets nobody in until then.
  await world.fairlead.request('/api/v1/orgs', { json: { id: 'acme' } });
});
afterAll(() => world?.stop());

const users = async (org = 'default'): Promise<Record<string, unknown>[]> =>
  (await (await world.fairlead.request(`/api/v1/users?org=${org}`)).json()).users;
const userOf = async (email: string, org = 'default') => (await users(org)).find((user) => user.email === email);
const account = (name: string, provider = 'corp') => {
  const found = world.providers[provider]?.accounts.get(name);
  if (!found) throw new Error(`no account ${name}`);
  return found;
};

describe('a person of a provider', () => {
  it.each(['sessions', 'modern'] as const)('gets in with an MCP client by its URL alone (%s) [AC-3]', async (era) => {
    const { fairlead } = world;
    const client = keeper();
    const session = await signInWith(`${fairlead.url}/mcp`, era, client, async (asked) => {
      const browser = await world.browser().open(asked);
      expect(browser.page.text).toContain('A program wants to use Fairlead in your name');
      const [, href = ''] = /<a class="button" href="([^"]+)">Sign in with Example Corp/.exec(browser.page.text) ?? [];
      await atProvider(await browser.open(href.replaceAll('&amp;', '&')), 'ada');
      expect(browser.page.text).toContain('Test client wants to use Fairlead in your name');
      await browser.submit({ answer: 'allow' });
      return browser.page.url;
    });
    expect((await session.callTool({ name: 'fixture_echo', arguments: { text: 'hello' } })).isError).toBeFalsy();
    await session.close();
    const token = client.kept.tokens?.access_token ?? '';
    expect(decodeJwt(token)).toMatchObject({ iss: fairlead.url, org: 'default' });
    expect((await world.me(token)).body).toMatchObject({
      name: 'ada of the test',
      roles: ['developer'],
      teams: ['platform'],
    });
    expect(await userOf('ada@example.com')).toMatchObject({
      follows: 'corp',
      signsInBy: ['corp'],
      createdBy: 'sso:corp',
    });
    expect(await world.acts('signin.sso.join')).toContainEqual(
      expect.objectContaining({ detail: expect.objectContaining({ subject: 'ada', role: 'developer', by: 'join' }) }),
    );
  });

  it('has at each sign-in the rights of the groups of then, for tokens that are out, too [AC-3]', async () => {
    const browser = await world.by('corp', 'moving');
    const { access_token } = await tokensFor(world.fairlead, browser);
    account('moving').groups = ['engineers', 'oncall'];
    await world.by('corp', 'moving');
    expect((await world.me(access_token)).body).toMatchObject({ roles: ['operator'], teams: ['on-call', 'platform'] });
    const [change] = await world.acts('signin.sso.rights');
    expect(change?.detail).toMatchObject({ role: 'operator', before: { role: 'developer', teams: ['platform'] } });

    account('moving').groups = [];
    const refused = await world.by('corp', 'moving');
    expect([refused.page.status, refused.page.text]).toEqual([
      403,
      expect.stringContaining('no group that has a role'),
    ]);
    expect((await world.me(access_token)).status).toBe(401);
    expect((await browser.open('/auth/account')).page.url.pathname).toBe('/auth/sign-in');
    expect(await world.acts('signin.sso.suspend')).toHaveLength(1);
    expect(await userOf('moving@example.com')).toMatchObject({ suspendedAt: expect.any(Number) });

    account('moving').groups = ['engineers'];
    const back = await world.by('corp', 'moving');
    expect(back.page.text).toContain('default, as developer, in platform');
    expect((await userOf('moving@example.com'))?.suspendedAt).toBeUndefined();
  });

  it.each([
    ['nobody', 'no group that has a role'],
    ['teamless', 'no group that has a role'],
    ['overage', 'in more groups than your provider can say'],
    ['unverified', 'is verified'],
  ])('is told why not, and leaves no account behind: %s [AC-3]', async (name, reason) => {
    const { page } = await world.by('corp', name);
    expect([page.status, page.text]).toEqual([403, expect.stringContaining(reason)]);
    expect(page.text).toContain('Ask whoever administers your organisation');
    expect(page.text).toContain('href="/auth/sso/corp?again"');
    expect(await userOf(`${name}@example.com`)).toBeUndefined();
    const refusals = await world.acts('signin.sso');
    expect(refusals).toContainEqual(
      expect.objectContaining({ outcome: 'denied', detail: expect.objectContaining({ subject: name }) }),
    );
  });

  it('never takes an account by its address where that is not declared, nor by an unverified one where it is [AC-3]', async () => {
    await invited(world.fairlead, 'clash@example.com');
    const { page } = await world.by('corp', 'clash');
    expect([page.status, page.text]).toEqual([403, expect.stringContaining('not tied to your provider')]);
    await invited(world.fairlead, 'double@example.com', { role: 'operator' });
    const thief = await world.by('acme', 'thief');
    expect(thief.page.status).toBe(403);
    expect(await users('acme')).toEqual([]);
  });

  it('who was refused can come as somebody else, though the provider knows the browser [AC-3]', async () => {
    const browser = await world.by('corp', 'nobody');
    expect((await browser.open('/auth/sso/corp')).page.status).toBe(403);
    await browser.open('/auth/sso/corp?again');
    expect(browser.page.url.pathname).toMatch(/^\/login\//);
    await atProvider(browser, 'ada');
    await browser.submit({}); // by its script the page would send itself: the one before is signed out there
    expect(browser.page.url.pathname).toBe('/auth/account');
  });

  it('is one person, however many browsers come in for the first time at once [AC-3]', async () => {
    world.providers.corp?.accounts.set('twice', person('twice', ['engineers']));
    const all = await Promise.all([1, 2, 3, 4].map(() => world.by('corp', 'twice')));
    expect(all.map(({ page }) => page.url.pathname)).toEqual(Array(4).fill('/auth/account'));
    expect((await users()).filter(({ email }) => email === 'twice@example.com')).toHaveLength(1);
  });

  it('keeps what an administrator gave by hand, and is given to the provider only outright [AC-3]', async () => {
    const link = await invitation('hand@example.com', 'developer');
    const browser = await world.browser().open(link);
    const [, href = ''] = /<a class="button" href="([^"]+)">/.exec(browser.page.text) ?? [];
    await atProvider(await browser.open(href.replaceAll('&amp;', '&')), 'hand');
    expect(browser.page.text).toContain('default, as developer');
    const again = await world.by('corp', 'hand');
    expect(again.page.text).toContain('default, as developer');
    const hand = await userOf('hand@example.com');
    expect(hand).toMatchObject({ role: 'developer', signsInBy: ['corp'] });
    expect(hand?.follows).toBeUndefined();

    const put = (json: unknown) => world.fairlead.request(`/api/v1/users/${hand?.id}`, { method: 'PUT', json });
    expect((await put({ follows: 'acme' })).status).toBe(400); // another organisation's
    expect((await put({ follows: 'corp' })).status).toBe(200);
    const follows = await world.by('corp', 'hand');
    expect(follows.page.text).toContain('default, as operator, in on-call');
    const refused = await put({ role: 'admin' });
    expect([refused.status, (await refused.json()).suggestedAction]).toEqual([
      409,
      expect.stringContaining('"follows": null'),
    ]);
    // Who follows a provider has nothing to join: both sides are told.
    const invite = { json: { email: 'hand@example.com', role: 'admin' } };
    const useless = await (await world.fairlead.request('/api/v1/users/invitations', invite)).json();
    expect(useless.notes).toEqual([
      expect.stringMatching(/is a member of default already.*Example Corp.*changes nothing/),
    ]);
    await browser.open(useless.link);
    expect(browser.page.text).toMatch(/You are a member already[\s\S]*Example Corp/);
    expect(browser.page.text).not.toContain('<form');
    const [, token] = useless.link.split('token=');
    const there = await atProvider(await world.browser().open(`/auth/sso/corp?invitation=${token}`), 'hand');
    expect(there.page.text).toContain('You are a member already');
    expect((await put({ role: 'admin', follows: null })).status).toBe(200);
    expect((await world.by('corp', 'hand')).page.text).toContain('default, as admin');
  });

  it('loosens nobody from it who has a password for another organisation and posts an invitation [AC-3]', async () => {
    const { fairlead } = world;
    const email = 'loose@example.com';
    await fairlead.request('/api/v1/orgs', { json: { id: 'plain', name: 'Plain' } });
    const { id } = await invited(fairlead, email, { org: 'plain' });
    expect((await postTo(await invitation(email, 'viewer'), { password: goodPassword })).status).toBeLessThan(400);
    const follows = { method: 'PUT', json: { follows: 'corp' } };
    expect((await fairlead.request(`/api/v1/users/${id}`, follows)).status).toBe(200);

    const posted = await postTo(await invitation(email, 'admin'), { password: goodPassword });
    expect([posted.status, await posted.text()]).toEqual([403, expect.stringContaining('identity provider alone')]);
    expect(await userOf(email)).toMatchObject({ role: 'viewer', follows: 'corp' });
    await fairlead.request('/api/v1/orgs/plain', { method: 'DELETE' });
  });
});

async function byPassword(email: string) {
  const browser = await world.browser().open('/auth/sign-in');
  return browser.submit({ email, password: goodPassword });
}

/** With a form of another page, as somebody makes it who wants a password all the same. */
async function postTo(link: string, fields: Record<string, string>): Promise<Response> {
  const maker = await world.browser().open('/auth/sign-in');
  const seal = /name="seal" value="(\w+)"/.exec(maker.page.text)?.[1] ?? '';
  const cookie = [...maker.cookies].map(([name, { value }]) => `${name}=${value}`).join('; ');
  const body = new URLSearchParams({ seal, ...fields });
  return fetch(link, { method: 'POST', body, headers: { cookie, origin: world.fairlead.url } });
}

async function invitation(email: string, role: string, org = 'default'): Promise<string> {
  const made = await world.fairlead.request(`/api/v1/users/invitations?org=${org}`, { json: { email, role } });
  return (await made.json()).link;
}

describe('an organisation that lets people in by its provider alone', () => {
  it('gives a role to who is in no group, takes one domain, and opens nothing else of a person [AC-3]', async () => {
    const plain = await world.by('acme', 'plain');
    expect(plain.page.text).toContain('acme, as viewer, in guests');
    const elsewhere = await world.by('acme', 'elsewhere');
    expect([elsewhere.page.status, elsewhere.page.text]).toEqual([403, expect.stringContaining('of no domain')]);

    const { browser: own } = await invited(world.fairlead, 'both@example.com', { role: 'admin' });
    world.providers.acme?.accounts.set('both', person('both', ['bosses']));
    const browser = await world.by('acme', 'both', await byPassword('both@example.com'));
    expect(browser.page.text).toContain('acme, as admin');
    expect(browser.page.text).not.toContain('default, as admin');
    const tokens = await tokensFor(world.fairlead, browser, {
      scope: 'tools:read users:write',
      fields: { org: 'default' },
    });
    expect(decodeJwt(tokens.access_token).org).toBe('acme');
    expect((await world.me(tokens.access_token)).body).toMatchObject({ org: 'acme' });
    // And the other way about: the password opens the organisation that takes passwords, and that one alone.
    await own.open('/auth/account');
    expect(own.page.text).toContain('default, as admin');
    expect(own.page.text).not.toContain('acme, as');
    const tokensOfOwn = await tokensFor(world.fairlead, own, { fields: { org: 'acme' } });
    expect(decodeJwt(tokensOfOwn.access_token).org).toBe('default');
  });

  it('refuses passwords on the page, in invitations and for devices, and leads to the provider [AC-3]', async () => {
    const page = await world.browser().open('/auth/sign-in?org=acme');
    expect(page.page.text).toContain('/auth/sso/acme');
    expect(page.page.text).not.toContain('type="password"');

    const notesOn = async (email: string) =>
      (await (await world.fairlead.request('/api/v1/users/invitations?org=acme', { json: { email } })).json()).notes;
    expect(await notesOn('guest@example.com')).toEqual([expect.stringMatching(/by acme alone.*No password is chosen/)]);
    expect(await notesOn('guest@example.org')).toEqual([expect.stringMatching(/addresses of example.org.*nobody in/)]);
    const link = await invitation('guest@example.com', 'operator', 'acme');
    const browser = await world.browser().open(link);
    expect(browser.page.text).not.toContain('type="password"');
    const accepted = await postTo(link, { name: 'Guest', password: goodPassword });
    expect([accepted.status, await accepted.text()]).toEqual([
      403,
      expect.stringContaining('by its identity provider alone'),
    ]);
    const [, href = ''] = /<a class="button" href="([^"]+)">/.exec(browser.page.text) ?? [];
    const to = href.replaceAll('&amp;', '&');
    const wrong = await atProvider(await world.browser().open(to), 'stranger');
    expect([wrong.page.status, wrong.page.text]).toEqual([403, expect.stringContaining('another e-mail address')]);
    await atProvider(await browser.open(to), 'guest');
    expect(browser.page.text).toContain('acme, as operator');
    expect((await world.browser().open(link)).page.status).toBe(404);

    const guest = await userOf('guest@example.com', 'acme');
    const reset = await world.fairlead.request(`/api/v1/users/${guest?.id}/reset?org=acme`, { json: {} });
    expect([reset.status, (await reset.json()).code]).toEqual([403, 'SSO_REQUIRED']);
  });

  it('takes a device that was allowed by the provider, for this organisation alone [AC-3]', async () => {
    const { fairlead } = world;
    const { browser: own } = await invited(fairlead, 'dev@example.com', { role: 'admin' });
    expect(own.page.text).toContain('default');
    world.providers.acme?.accounts.set('dev', person('dev', []));
    const grant = 'urn:ietf:params:oauth:grant-type:device_code';
    const begun = await fetch(`${fairlead.url}/auth/device/code`, {
      method: 'POST',
      body: new URLSearchParams({ client_id: 'fairlead-cli', scope: 'tools:read' }),
    });
    const { device_code, user_code } = (await begun.json()) as { device_code: string; user_code: string };
    const here = `/auth/device?user_code=${user_code}`;
    const browser = await (await byPassword('dev@example.com')).open(here);
    await world.by('acme', 'dev', browser, `?${new URLSearchParams({ to: here })}`);
    expect(browser.page.url.pathname).toBe('/auth/device');
    await browser.submit({ code: user_code });
    await browser.submit({ answer: 'allow' });
    expect(browser.page.text).toContain('The device is signed in');
    const { status, body } = await askToken(fairlead, { grant_type: grant, device_code, client_id: 'fairlead-cli' });
    expect(status).toBe(200);
    expect((await world.me(body.access_token)).body).toMatchObject({ org: 'acme', roles: ['viewer'] });
    const next = await askToken(fairlead, {
      grant_type: 'refresh_token',
      refresh_token: body.refresh_token,
      client_id: 'fairlead-cli',
    });
    expect((await world.me(next.body.access_token)).body).toMatchObject({ org: 'acme' });
  });
});

describe('signing out', () => {
  it('goes on to the provider, which then asks again who it is [AC-3]', async () => {
    const browser = await world.by('corp', 'out');
    expect(browser.page.headers.get('content-security-policy')).toContain(world.providers.corp?.url);
    await browser.submit({}, '/auth/sign-out');
    expect(browser.page.url.origin).toBe(world.providers.corp?.url);
    expect(browser.page.url.searchParams.get('post_logout_redirect_uri')).toBe(`${world.fairlead.url}/auth/sign-in`);
    await browser.submit({ logout: 'yes' });
    expect(browser.page.url.href).toBe(`${world.fairlead.url}/auth/sign-in`);
    await browser.open('/auth/sso/corp');
    expect(browser.page.url.pathname).toMatch(/^\/login\//);
    expect((await world.acts('signin.out')).length).toBeGreaterThan(0);
  });

  it('at the provider ends sessions and programs here [AC-3]', async () => {
    const browser = await world.by('corp', 'leaver');
    const tokens = await tokensFor(world.fairlead, browser);
    expect((await world.me(tokens.access_token)).status).toBe(200);
    // What another program of the same person does at the provider: it signs out there.
    const copy = world.browser();
    for (const [name, cookie] of browser.cookies) if (!name.startsWith('fairlead')) copy.cookies.set(name, cookie);
    await copy.open(`${world.providers.corp?.url}/session/end`);
    await copy.submit({ logout: 'yes' });
    await expect.poll(async () => (await world.me(tokens.access_token)).status).toBe(401);
    const refresh = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token, client_id: tokens.clientId };
    expect((await askToken(world.fairlead, refresh)).body.error).toBe('invalid_grant');
    expect((await browser.open('/auth/account')).page.url.pathname).toBe('/auth/sign-in');
    expect(await world.acts('signin.sso.logout')).toHaveLength(1);
  });
});

describe('what a provider said once', () => {
  it('ends after the hours that the settings say: for tokens, refreshes and browsers [AC-3]', async () => {
    const { db } = world.fairlead.running.house.database;
    const browser = await world.by('corp', 'bound');
    const tokens = await tokensFor(world.fairlead, browser);
    const past = Date.now() - 12 * 3_600_000 - 1_000;
    await sql`update signin_identities set signed_in_at = ${past} where subject = 'bound'`.execute(db);
    await sql`update signin_revision set revision = revision + 1`.execute(db);
    await expect.poll(async () => (await world.me(tokens.access_token)).status).toBe(401);
    const refresh = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token, client_id: tokens.clientId };
    expect((await askToken(world.fairlead, refresh)).body.error).toBe('invalid_grant');
    expect((await browser.open('/auth/account')).page.url.pathname).toBe('/auth/sign-in');
    expect((await world.by('corp', 'bound', browser)).page.text).toContain('default, as developer');

    // A key of their own runs without them, for longer, and not for ever.
    const bound = await userOf('bound@example.com');
    const input = { name: 'an agent', roles: ['developer'], userId: bound?.id };
    const { secret: key } = await (await world.fairlead.request('/api/v1/keys', { json: input })).json();
    const vouchedFor = async (atMs: number) => {
      await sql`update signin_identities set signed_in_at = ${atMs} where subject = 'bound'`.execute(db);
      await sql`update signin_revision set revision = revision + 1`.execute(db);
    };
    await vouchedFor(past);
    await expect.poll(async () => (await browser.open('/auth/account')).page.url.pathname).toBe('/auth/sign-in');
    expect((await world.me(key)).status).toBe(200);
    await vouchedFor(Date.now() - 30 * 24 * 3_600_000 - 1_000);
    await expect.poll(async () => (await world.me(key)).status).toBe(401);
    expect((await world.by('corp', 'bound', browser)).page.status).toBe(200);
    expect((await world.me(key)).status).toBe(200);

    // The session of a browser ends by its own age, whatever the library makes of it.
    await sql`update signin_sessions set "createdAt" = ${new Date(past)} where provider = 'corp'`.execute(db);
    expect((await browser.open('/auth/account')).page.url.pathname).toBe('/auth/sign-in');
  });
});

describe('who signs in by a password', () => {
  it('is let in until the organisation requires its provider, and not a request longer [AC-3]', async () => {
    const { browser } = await invited(world.fairlead, 'before@example.com');
    const tokens = await tokensFor(world.fairlead, browser);
    const late = await world.browser().open('/auth/sign-in');
    const declared = (required: boolean) => {
      const corp = { ...world.sso.corp, required };
      const { auth } = fileSchema.parse({ auth: { sso: { ...world.sso, corp } } });
      world.fairlead.running.house.setAuth({ auth, development: false });
    };
    declared(true);
    try {
      expect((await world.me(tokens.access_token)).status).toBe(401);
      expect((await browser.open('/auth/account')).page.url.pathname).toBe('/auth/sign-in');
      expect(browser.page.text).not.toContain('type="password"');
      await late.submit({ email: 'before@example.com', password: goodPassword });
      expect([late.page.status, late.page.text]).toEqual([
        403,
        expect.stringContaining('by its identity provider alone'),
      ]);
      const unknown = await late.open('/auth/account');
      expect(unknown.page.url.pathname).toBe('/auth/sign-in');
    } finally {
      declared(false);
    }
    expect((await world.me(tokens.access_token)).status).toBe(200);
  });
});

describe('an organisation that ends', () => {
  it('leaves nothing of those who came by its provider, and what else they are stays [AC-3]', async () => {
    const { fairlead } = world;
    expect((await world.by('acme', 'plain')).page.status).toBe(200);
    expect((await world.by('acme', 'both')).page.status).toBe(200);
    expect((await fairlead.request('/api/v1/orgs/acme', { method: 'DELETE' })).status).toBe(204);
    const { db } = fairlead.running.house.database;
    for (const table of ['signin_identities', 'signin_sso_sessions', 'signin_members']) {
      const { rows } = await sql`select 1 from ${sql.table(table)} where org = 'acme'`.execute(db);
      expect([table, rows]).toEqual([table, []]);
    }
    const { rows } =
      await sql`select email from signin_users where email in ('plain@example.com', 'both@example.com')`.execute(db);
    expect(rows).toEqual([{ email: 'both@example.com' }]);
    // Its provider is still declared, and has nowhere to let anybody in.
    const { page } = await world.by('acme', 'plain');
    expect([page.status, page.text]).toEqual([403, expect.stringContaining('does not exist here')]);
  });
});
