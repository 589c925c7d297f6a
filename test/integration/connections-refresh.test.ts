import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, describe, expect, test } from 'vitest';
import { databaseFor, type Fairlead, startFairlead } from '../harness.ts';
import { connectBy, type PeopleUpstream, servePeopleUpstream } from '../people-upstream.ts';
import { openBrowser } from '../signin.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function upstreamWith(options: Parameters<typeof servePeopleUpstream>[0] = {}): Promise<PeopleUpstream> {
  const upstream = await servePeopleUpstream(options);
  cleanups.push(upstream.stop);
  return upstream;
}

async function serve(upstream: PeopleUpstream, more: Parameters<typeof startFairlead>[0] = {}): Promise<Fairlead> {
  const fairlead = await startFairlead({
    config: {
      egress: { allow: ['127.0.0.1'] },
      // Nobody can be asked before the server runs, so no start waits for that.
      upstreams: { tickets: { url: upstream.url, auth: { grant: 'authorization_code' }, startTimeoutMs: 600_000 } },
    },
    ...more,
  });
  cleanups.push(fairlead.stop);
  return fairlead;
}

const call = (fairlead: Fairlead, key: string, text: string) =>
  fairlead.request('/api/v1/tools/tickets.echo/call', { key, json: { arguments: { text } } });

async function connected(fairlead: Fairlead, upstream: PeopleUpstream, account: string): Promise<string> {
  const key = await fairlead.makeKey(['developer']);
  const { link } = await (await fairlead.request('/api/v1/connections/tickets', { key, method: 'POST' })).json();
  const browser = await connectBy(openBrowser(fairlead.url), link, upstream, account);
  expect(browser.page.text).toContain('Connected');
  await expect.poll(async () => (await call(fairlead, key, 'first')).status, { timeout: 30_000 }).toBe(200);
  return key;
}

const refreshes = ({ asked }: PeopleUpstream) => asked.filter(({ grant }) => grant === 'refresh_token');
const stateOf = async (fairlead: Fairlead, key: string) =>
  (await (await fairlead.request('/api/v1/connections', { key })).json()).connections[0];

describe('a token that ran out', () => {
  test('is renewed once, however many calls need it, and those of others stay as they are [AC-4]', async () => {
    const upstream = await upstreamWith();
    const fairlead = await serve(upstream);
    const [one, two] = [await connected(fairlead, upstream, 'one'), await connected(fairlead, upstream, 'two')];
    await upstream.endTokens();
    const before = upstream.heard.length;
    const statuses = await Promise.all(
      Array.from({ length: 50 }, async (_, n) => (await call(fairlead, one, `late ${n}`)).status),
    );
    expect(new Set(statuses)).toEqual(new Set([200]));
    const sent = refreshes(upstream);
    // The keeper lists with the connection of whoever came last, and may have renewed that one meanwhile.
    expect(new Set(sent.map(({ refreshToken }) => refreshToken)).size).toBe(sent.length);
    const late = upstream.heard.slice(before).filter(({ body, status }) => /late \d/.test(body) && status === 200);
    expect(new Set(late.map(({ account }) => account))).toEqual(new Set(['one']));
    expect((await call(fairlead, two, 'two')).status).toBe(200);
    expect(upstream.heard.findLast(({ body }) => body.includes('"two"'))).toMatchObject({ account: 'two' });
    expect(refreshes(upstream).length).toBe(2);
    expect(await stateOf(fairlead, one)).toMatchObject({ state: 'connected', renews: true });
  });

  test('is asked for anew, by its link, once the provider takes the refresh token back [AC-4]', async () => {
    const upstream = await upstreamWith();
    const fairlead = await serve(upstream);
    const key = await connected(fairlead, upstream, 'one');
    await upstream.endGrants();
    const refused = await call(fairlead, key, 'late');
    expect(refused.status).toBe(403);
    expect((await refused.json()).error.suggestedAction).toContain('/auth/connections/start');
    expect(await stateOf(fairlead, key)).toMatchObject({ state: 'refused', warning: expect.any(String) });
    const asked = upstream.asked.length;
    for (let tries = 0; tries < 10; tries++) expect((await call(fairlead, key, 'late')).status).toBe(403);
    expect(upstream.asked.length).toBe(asked); // what was refused is not sent again
    const { records } = await (await fairlead.request('/api/v1/audit?kind=act&limit=100')).json();
    expect(records).toContainEqual(expect.objectContaining({ action: 'connections.end', subject: 'tickets' }));
    expect(
      (await (await fairlead.request('/metrics')).text()).match(/fairlead_connection_failures_total (\d+)/)?.[1],
    ).toBe('1');
  });

  test('is not renewed with a refresh token that may be used up [AC-4]', async () => {
    const upstream = await upstreamWith();
    const fairlead = await serve(upstream);
    const key = await connected(fairlead, upstream, 'one');
    await upstream.endTokens();
    upstream.cutTokens = 1;
    expect((await call(fairlead, key, 'cut')).status).toBe(403);
    expect(await stateOf(fairlead, key)).toMatchObject({ state: 'needs_sign_in' });
    expect((await call(fairlead, key, 'cut')).status).toBe(403);
    const sent = refreshes(upstream).map(({ refreshToken }) => refreshToken);
    expect(new Set(sent).size).toBe(sent.length);
  });

  test('is not renewed after whoever renewed it died in the middle [AC-4]', async () => {
    const upstream = await upstreamWith();
    const fairlead = await serve(upstream);
    const key = await connected(fairlead, upstream, 'one');
    await upstream.endTokens();
    // What a replica leaves that is killed between its claim and the answer.
    await sql`update credential_connections set claimed_by = 'claim_dead', claimed_until = 1`.execute(
      fairlead.running.house.database.db,
    );
    expect((await call(fairlead, key, 'after')).status).toBe(403);
    expect(refreshes(upstream)).toEqual([]);
    expect(await stateOf(fairlead, key)).toMatchObject({
      state: 'needs_sign_in',
      reason: expect.stringContaining('cut off'),
    });
  });

  test('that is copied into the row of somebody else opens nothing [AC-4]', async () => {
    const upstream = await upstreamWith();
    const fairlead = await serve(upstream);
    const one = await connected(fairlead, upstream, 'one');
    const two = await connected(fairlead, upstream, 'two');
    const { db } = fairlead.running.house.database;
    const { rows } = await sql<{ access_token: string; refresh_token: string }>`
      select access_token, refresh_token from credential_connections`.execute(db);
    expect(JSON.stringify(rows)).not.toMatch(/Bearer|"[\w-]{43}"/);
    await sql`update credential_connections set access_token = (
      select access_token from credential_connections order by connected_at desc limit 1)`.execute(db);
    fairlead.running.house.connections.forget();
    expect((await call(fairlead, two, 'own')).status).toBe(200);
    const heard = upstream.heard.length;
    expect((await call(fairlead, one, 'stolen')).status).toBe(403);
    expect(upstream.heard.slice(heard).filter(({ body }) => body.includes('stolen'))).toEqual([]);
  });

  test('is renewed again where the provider is known to take a refresh token twice [AC-4]', async () => {
    const upstream = await upstreamWith({ rotate: false });
    const fairlead = await serve(upstream);
    const key = await connected(fairlead, upstream, 'one');
    await upstream.endTokens();
    expect((await call(fairlead, key, 'late')).status).toBe(200); // by this it shows that it does not rotate
    await upstream.endTokens();
    upstream.cutTokens = 1;
    await expect
      .poll(async () => (await call(fairlead, key, 'again')).status, { timeout: 60_000, interval: 500 })
      .toBe(200);
  });
});

describe('more scope', () => {
  test('is asked for by a link when the upstream wants it, and the call then works [AC-4]', async () => {
    const upstream = await upstreamWith();
    const fairlead = await serve(upstream);
    const key = await connected(fairlead, upstream, 'one');
    upstream.wantsScope = 'write';
    const refused = await call(fairlead, key, 'wide');
    expect(refused.status).toBe(403);
    const { suggestedAction } = (await refused.json()).error;
    const link = /https?:\S+/.exec(suggestedAction)?.[0] ?? '';
    await connectBy(openBrowser(fairlead.url), link, upstream, 'one');
    expect((await call(fairlead, key, 'wide')).status).toBe(200);
    expect((await stateOf(fairlead, key)).scopes).toEqual(expect.arrayContaining(['read', 'write']));
  });
});

describe('a connection that is removed', () => {
  test('is over here and at the provider, and is gone with its upstream [AC-4]', async () => {
    const upstream = await upstreamWith();
    const fairlead = await serve(upstream);
    const key = await connected(fairlead, upstream, 'one');
    const token = upstream.heard.findLast(({ rpc }) => rpc === 'tools/call')?.headers.authorization;
    const removed = await fairlead.request('/api/v1/connections/tickets', { key, method: 'DELETE' });
    expect([removed.status, await removed.json()]).toEqual([200, { revoked: true }]);
    const direct = await fetch(upstream.url, { method: 'POST', headers: { authorization: token ?? '' }, body: '{}' });
    expect(direct.status).toBe(401);
    expect((await call(fairlead, key, 'gone')).status).toBe(403);
    expect((await fairlead.request('/api/v1/connections/tickets', { key, method: 'DELETE' })).status).toBe(404);

    const auth = { grant: 'authorization_code' };
    const added = await fairlead.request('/api/v1/upstreams', {
      json: { name: 'other', settings: { url: upstream.url, auth, trust: 'first-use' } },
    });
    expect(added.status, await added.clone().text()).toBe(201);
    const { link } = await (await fairlead.request('/api/v1/connections/other', { key, method: 'POST' })).json();
    await connectBy(openBrowser(fairlead.url), link, upstream, 'one');
    const all = async () => (await (await fairlead.request('/api/v1/connections?all=true')).json()).connections;
    expect(await all()).toEqual([expect.objectContaining({ upstream: 'other' })]);
    expect((await fairlead.request('/api/v1/upstreams/other', { method: 'DELETE' })).status).toBe(204);
    expect(await all()).toEqual([]);
  });
});

describe.runIf(process.env.TEST_DATABASE_URL)('two replicas on one database', () => {
  test('renew a token once between them, and both know a new connection at once [AC-4]', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fairlead-replicas-'));
    cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
    const database = await databaseFor(folder);
    cleanups.push(database.drop);
    const upstream = await upstreamWith();
    const env = {
      ...database.env,
      FAIRLEAD_ADMIN_KEY: 'an admin key of the test, 32 characters',
    };
    const [here, there] = [await serve(upstream, { env }), await serve(upstream, { env })];
    const key = await connected(here, upstream, 'one');
    await expect.poll(async () => (await call(there, key, 'there')).status, { timeout: 30_000 }).toBe(200);
    for (let rounds = 1; rounds <= 3; rounds++) {
      await upstream.endTokens();
      const before = refreshes(upstream).length;
      const made = await Promise.all(
        Array.from({ length: 50 }, async (_, n) => (await call(n % 2 ? here : there, key, `round ${rounds}`)).status),
      );
      expect(new Set(made)).toEqual(new Set([200]));
      expect(refreshes(upstream).length).toBe(before + 1);
    }
    const sent = refreshes(upstream);
    expect(sent.every(({ status }) => status === 200)).toBe(true);
    expect(new Set(sent.map(({ refreshToken }) => refreshToken)).size).toBe(sent.length);
  });
});
