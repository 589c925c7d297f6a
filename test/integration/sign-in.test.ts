import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client as OlderClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as OlderTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { decodeJwt } from 'jose';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fairlead, fixtureUpstream, startFairlead } from '../harness.ts';
import {
  askToken,
  type Browser,
  callback,
  goodPassword,
  invited,
  keeper,
  openBrowser,
  register,
  signInWith,
  tokensFor,
} from '../signin.ts';

let fairlead: Fairlead;
let documents: Server;
let documentUrl = '';
/** What the server of documents was asked for. */
const read: string[] = [];

beforeAll(async () => {
  documents = createServer((request, response) => {
    read.push(request.url ?? '');
    if (request.url === '/elsewhere') return response.writeHead(302, { location: documentUrl }).end();
    const body = { client_id: documentUrl, client_name: 'Document client', redirect_uris: [callback] };
    return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => documents.listen(0, '127.0.0.1', resolve));
  documentUrl = `http://127.0.0.1:${(documents.address() as AddressInfo).port}/client.json`;
  fairlead = await startFairlead({
    config: {
      development: true, // documents of http URLs
      egress: { allow: ['127.0.0.1'] },
      upstreams: { fixture: fixtureUpstream() },
      endpoints: { team: { toolsets: ['fixture'] } },
    },
  });
  await fairlead.request('/api/v1/orgs', { json: { id: 'acme' } });
});
afterAll(async () => {
  await fairlead?.stop();
  documents?.close();
});

const me = async (key: string) => {
  const response = await fairlead.request('/api/v1/me', { key });
  return { status: response.status, body: await response.json() };
};

async function acts(action: string) {
  const { records } = await (await fairlead.request('/api/v1/audit?kind=act&limit=500')).json();
  return records.filter((record: { action: string }) => record.action === action);
}

const withPassword = (email: string, password = goodPassword) => ({ email, password });

describe('a person with an MCP client', () => {
  it.each([
    ['sessions', '/mcp'],
    ['modern', '/mcp/team'],
  ] as const)('signs in by the URL alone (%s, %s) [AC-1]', async (era, path) => {
    await invited(fairlead, `kim-${era}@example.com`, { teams: ['platform'] });
    const provider = keeper();
    const client = await signInWith(`${fairlead.url}${path}`, era, provider, async (asked) => {
      const browser = await openBrowser(fairlead.url).open(asked);
      await browser.submit(withPassword(`kim-${era}@example.com`));
      expect(browser.page.text).toContain('Test client wants to use Fairlead in your name');
      expect(browser.page.text).toContain('Use tools, resources and prompts in your name');
      expect(browser.page.text).not.toContain('Everything');
      await browser.submit({ answer: 'allow' });
      expect(browser.page.url.href).toMatch(new RegExp(`^${callback}\\?`));
      expect(browser.page.url.searchParams.get('iss')).toBe(fairlead.url);
      return browser.page.url;
    });
    expect((await client.listTools()).tools.length).toBeGreaterThan(0);
    await client.close();

    const token = provider.kept.tokens?.access_token ?? '';
    expect(decodeJwt(token)).toMatchObject({ iss: fairlead.url, aud: `${fairlead.url}/mcp`, org: 'default' });
    const { body } = await me(token);
    expect(body).toMatchObject({ kind: 'user', roles: ['developer'], teams: ['platform'] });
    expect(body.id).toMatch(/^user:usr_/);
    expect(body.scopes).toEqual(['tools:read', 'tools:call']);
    const [grant] = await acts('signin.grant');
    expect(grant).toMatchObject({ outcome: 'ok', principal: { id: body.id }, detail: { name: 'Test client' } });
  });

  it('signs in with an older SDK from an app with a scheme of its own, and is renewed without being asked [AC-1]', async () => {
    const { browser } = await invited(fairlead, 'older@example.com');
    const appUrl = 'cursor://anysphere.cursor-mcp/oauth/callback';
    const provider = Object.defineProperty(keeper({ metadata: { redirect_uris: [appUrl] } }), 'redirectUrl', {
      value: appUrl,
    });
    const open = () => new OlderTransport(new URL(`${fairlead.url}/mcp`), { authProvider: provider as never });
    const first = open();
    await expect(new OlderClient({ name: 'older', version: '1' }).connect(first)).rejects.toThrow('Unauthorized');
    await browser.open(provider.kept.asked ?? '');
    expect(browser.page.headers.get('content-security-policy')).toContain("form-action 'self' cursor:;");
    await browser.submit({ answer: 'allow' });
    expect(browser.page.url.protocol).toBe('cursor:');
    await first.finishAuth(browser.page.url.searchParams.get('code') ?? '');
    const client = new OlderClient({ name: 'older', version: '1' });
    await client.connect(open());
    const granted = provider.kept.tokens;
    provider.kept.tokens = { ...granted, access_token: 'one.that.ended' };
    expect((await client.listTools()).tools.length).toBeGreaterThan(0);
    expect(provider.kept.tokens.refresh_token).not.toBe(granted?.refresh_token);
    await client.close();
  });

  it('is known by the document that the id of the program names, read once and through the guard [AC-1]', async () => {
    const { browser } = await invited(fairlead, 'doc@example.com');
    const provider = keeper({ clientMetadataUrl: documentUrl });
    // The SDK takes https alone for such an id; the server's own rule is looser while one develops.
    const { access_token, clientId } = await tokensFor(fairlead, browser, { clientId: documentUrl });
    expect(provider.clientMetadataUrl).toBe(clientId);
    expect((await me(access_token)).status).toBe(200);
    await tokensFor(fairlead, browser, { clientId: documentUrl });
    expect(read).toEqual(['/client.json']);

    for (const bad of [documentUrl.replace('client.json', 'elsewhere'), 'http://169.254.169.254/latest/client.json']) {
      const query = new URLSearchParams({ client_id: bad, redirect_uri: callback, response_type: 'code' });
      await browser.open(`/auth/oauth2/authorize?${query}`);
      expect([browser.page.status, browser.page.text]).toEqual([
        400,
        expect.stringContaining('document cannot be read'),
      ]);
    }
  });

  it('is asked again for more when the program needs it, and gives no more than the role has [AC-1]', async () => {
    const { browser } = await invited(fairlead, 'step@example.com', { role: 'operator' });
    const narrow = await tokensFor(fairlead, browser, { scope: 'tools:read keys:write' });
    expect(narrow.scope).toBe('tools:read offline_access'); // no operator makes keys
    const refused = await fairlead.request('/mcp', { key: narrow.access_token, json: {} });
    expect(refused.status).toBe(403);
    expect(refused.headers.get('www-authenticate')).toMatch(/error="insufficient_scope", scope="tools:call"/);

    const provider = keeper();
    provider.kept.client = { client_id: narrow.clientId };
    provider.kept.tokens = narrow;
    const client = await signInWith(`${fairlead.url}/mcp`, 'modern', provider, async (asked) => {
      expect(asked.searchParams.get('scope')?.split(' ')).toEqual(expect.arrayContaining(['tools:read', 'tools:call']));
      await browser.open(asked);
      await browser.submit({ answer: 'allow' });
      return browser.page.url;
    });
    expect((await client.listTools()).tools.length).toBeGreaterThan(0);
    await client.close();
  });

  it('is shown in words all that it is about to get, and where the answer goes [AC-1]', async () => {
    const { browser } = await invited(fairlead, 'shown@example.com');
    const show = async (scope: string, address: string) => {
      const clientId = await register(fairlead, { redirect_uris: [address] });
      const query = { client_id: clientId, response_type: 'code', redirect_uri: address, scope, state: 'a-state' };
      const proof = { code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256' };
      await browser.open(`/auth/oauth2/authorize?${new URLSearchParams({ ...query, ...proof })}`);
      return browser.page.text;
    };
    for (const host of ['localhost.evil.example', '127.0.0.1.evil.example']) {
      const text = await show('tools:call', `https://${host}/cb`);
      expect(text).toContain(`<code>${host}</code>`);
      expect(text).not.toContain('this computer');
    }
    expect(await show('tools:call', callback)).toContain('this computer (127.0.0.1:33418)');
    expect(browser.page.text).toContain('Use tools, resources and prompts in your name');
    const everything = await show('*', callback);
    expect(everything).toContain('See which tools');
    expect(everything).toContain('Use tools, resources and prompts in your name');
    expect(everything).not.toContain('Everything');
    expect((await tokensFor(fairlead, browser, { scope: '*' })).scope.split(' ').sort()).toEqual([
      'offline_access',
      'tools:call',
      'tools:read',
    ]);
  });

  it('says no, and the program is told so [AC-1]', async () => {
    const { browser } = await invited(fairlead, 'no@example.com');
    await expect(tokensFor(fairlead, browser, { fields: { answer: 'deny' } })).rejects.toThrow(/error=access_denied/);
    expect(await acts('signin.decline')).toHaveLength(1);
  });
});

describe('tokens', () => {
  const refresh = (clientId: string, token: string) =>
    askToken(fairlead, { grant_type: 'refresh_token', refresh_token: token, client_id: clientId });

  it('are refreshed many at once without signing anybody out, and a stolen one ends them all [AC-1]', async () => {
    const { browser } = await invited(fairlead, 'rotate@example.com');
    const first = await tokensFor(fairlead, browser);
    const answers = await Promise.all(Array.from({ length: 6 }, () => refresh(first.clientId, first.refresh_token)));
    expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(200));
    const [second] = answers;
    expect(new Set(answers.map(({ body }) => body.refresh_token)).size).toBe(1);
    const third = await refresh(first.clientId, second?.body.refresh_token ?? '');
    expect(third.status).toBe(200);

    // The time in which requests may cross is over.
    await sql`update signin_refresh_tokens set "rotatedAt" = "rotatedAt" - interval '1 hour',
      "rotationReplayExpiresAt" = "rotationReplayExpiresAt" - interval '1 hour'`.execute(
      fairlead.running.house.database.db,
    );
    const replayed = await refresh(first.clientId, first.refresh_token);
    expect([replayed.status, replayed.body.error]).toEqual([400, 'invalid_grant']);
    expect((await refresh(first.clientId, third.body.refresh_token)).status).toBe(400);
    expect(await acts('signin.refresh')).toMatchObject([{ outcome: 'denied', subject: first.clientId }]);
  });

  it('count what a person is now: another role, signed out, removed [AC-1]', async () => {
    const { id, browser } = await invited(fairlead, 'now@example.com', { role: 'operator' });
    const { access_token, refresh_token, clientId } = await tokensFor(fairlead, browser);
    await fairlead.request(`/api/v1/users/${id}`, { method: 'PUT', json: { role: 'viewer', teams: ['night'] } });
    expect((await me(access_token)).body).toMatchObject({ roles: ['viewer'], teams: ['night'] });

    await new Promise((resolve) => setTimeout(resolve, 1_000)); // tokens tell their time in seconds
    await fairlead.request(`/api/v1/users/${id}/sessions`, { method: 'DELETE' });
    expect((await me(access_token)).status).toBe(401);
    expect((await refresh(clientId, refresh_token)).status).toBe(400);
    await browser.open('/auth/account');
    expect(browser.page.url.pathname).toBe('/auth/sign-in');
    await browser.submit(withPassword('now@example.com'));
    const again = await tokensFor(fairlead, browser);
    expect((await me(again.access_token)).status).toBe(200);
    await fairlead.request(`/api/v1/users/${id}`, { method: 'DELETE' });
    expect((await me(again.access_token)).status).toBe(401);
    await browser.open('/auth/sign-in');
    await browser.submit(withPassword('now@example.com'));
    expect(browser.page.status).toBe(401);
  });

  it('are for this server alone, and not every signed text is one [AC-1]', async () => {
    const { browser } = await invited(fairlead, 'aud@example.com');
    const clientId = await register(fairlead);
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: clientId,
      redirect_uri: callback,
      code_challenge: 'x'.repeat(43),
      code_challenge_method: 'S256',
      resource: 'https://other.example.com/mcp',
    });
    await browser.open(`/auth/oauth2/authorize?${query}`);
    expect(browser.page.url.searchParams.get('error')).toBe('invalid_target');
    query.set('resource', `${fairlead.url}/mcp`);
    query.delete('code_challenge');
    await browser.open(`/auth/oauth2/authorize?${query}`);
    expect(browser.page.url.searchParams.get('error')).toBe('invalid_request');
    query.set('redirect_uri', 'https://evil.example.com/');
    await browser.open(`/auth/oauth2/authorize?${query}`);
    expect(browser.page.url.pathname).toBe('/auth/error');

    const { access_token } = await tokensFor(fairlead, browser);
    const [head, claims = '', signature] = access_token.split('.');
    const forged = Buffer.from(Buffer.from(claims, 'base64url').toString().replace('tools:read', '*')).toString(
      'base64url',
    );
    expect((await me(`${head}.${forged}.${signature}`)).status).toBe(401);
  });

  it('are had by machines with their own secret, which ends with them [AC-1]', async () => {
    const made = await (
      await fairlead.request('/api/v1/services', { json: { name: 'nightly', roles: ['operator'] } })
    ).json();
    const form = { grant_type: 'client_credentials', client_id: made.service.id };
    const { status, body } = await askToken(fairlead, { ...form, client_secret: made.secret });
    expect(status).toBe(200);
    expect((await me(body.access_token)).body).toMatchObject({
      id: `service:${made.service.id}`,
      kind: 'service',
      roles: ['operator'],
    });
    expect((await askToken(fairlead, { ...form, client_secret: 'fls_wrong' })).status).toBeGreaterThanOrEqual(400);
    const outcomes = (await acts('signin.machine')).map(({ outcome }: { outcome: string }) => outcome);
    expect(outcomes.sort()).toEqual(['denied', 'ok']);
    await fairlead.request(`/api/v1/services/${made.service.id}`, { method: 'DELETE' });
    expect((await me(body.access_token)).status).toBe(401);
  });
});

describe('a member of two organisations', () => {
  it('chooses one for each program, and is told apart by it [AC-1]', async () => {
    const { browser } = await invited(fairlead, 'two@example.com');
    const { link } = await (
      await fairlead.request('/api/v1/users/invitations?org=acme', {
        json: { email: 'two@example.com', role: 'viewer' },
      })
    ).json();
    const other = await openBrowser(fairlead.url).open(link);
    await other.submit({ password: 'not the password at all' });
    expect([other.page.status, other.page.text]).toEqual([401, expect.stringContaining('do not go together')]);
    await other.submit({ password: goodPassword });
    expect(other.page.text).toContain('acme, as viewer');

    const { access_token } = await tokensFor(fairlead, browser, { fields: { org: 'acme' } });
    expect((await me(access_token)).body).toMatchObject({ org: 'acme', roles: ['viewer'] });
    const home = await tokensFor(fairlead, browser, { fields: { org: 'default' } });
    expect((await me(home.access_token)).body).toMatchObject({ org: 'default', roles: ['developer'] });
    await fairlead.request('/api/v1/orgs/acme', { method: 'DELETE' });
    expect((await me(access_token)).status).toBe(401);
    expect((await me(home.access_token)).status).toBe(200);
  });
});

describe('the pages', () => {
  let kim: { id: string; browser: Browser };
  beforeAll(async () => {
    kim = await invited(fairlead, 'pages@example.com');
  });

  it('keep their cookies to themselves, let no script run and take no form of others [AC-1]', async () => {
    const { browser } = kim;
    await browser.open('/auth/account');
    const attributes = [...browser.cookies.values()].map((cookie) => cookie.attributes);
    expect(attributes.length).toBeGreaterThanOrEqual(2);
    for (const each of attributes) expect(each).toMatch(/(?=.*Path=\/auth)(?=.*HttpOnly)(?=.*SameSite=Lax)/);
    const policy = browser.page.headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    expect(policy).not.toMatch(/script|unsafe|\*/);
    expect(browser.page.text).not.toMatch(/<script|javascript:| on\w+=/i);

    const stranger = openBrowser(fairlead.url);
    await stranger.open('/auth/sign-in');
    await stranger.submit({ ...withPassword('pages@example.com'), seal: 'made up' });
    expect([stranger.page.status, stranger.cookies.has('fairlead.session_token')]).toEqual([400, false]);
    stranger.headers = { origin: 'https://evil.example.com' };
    await stranger.submit(withPassword('pages@example.com'));
    expect(stranger.page.status).toBe(403);
  });

  it('tell nobody who has an account, and after ten wrong passwords do not look at one more [AC-1]', async () => {
    const texts = new Map<string, Set<string>>();
    for (const email of ['pages@example.com', 'nobody@example.com']) {
      const browser = openBrowser(fairlead.url);
      await browser.open('/auth/sign-in');
      const seen = new Set<string>();
      for (let tries = 0; tries < 11; tries++) {
        browser.headers = { 'x-forwarded-for': `203.0.113.${tries}`, 'x-real-ip': `203.0.113.${tries}` };
        await browser.submit(withPassword(email, tries < 10 ? `wrong password ${tries}` : goodPassword));
        seen.add(`${browser.page.status} ${browser.page.text.replaceAll(email, '').replace(/value="[^"]*"/g, '')}`);
      }
      expect(browser.page.status).toBe(429);
      expect(Number(browser.page.headers.get('retry-after'))).toBeGreaterThan(0);
      texts.set(email, seen);
    }
    const [known, unknown] = [...texts.values()];
    expect(known).toEqual(unknown);
    expect(known?.size).toBe(2);
    const tried = await acts('signin.password');
    const limited = tried.filter(({ errorCode }: { errorCode?: string }) => errorCode === 'SIGN_IN_LIMITED');
    expect(limited.map(({ subject }: { subject: string }) => subject).sort()).toEqual(['-', 'pages@example.com']);
    const refused = tried.filter(({ outcome }: { outcome: string }) => outcome === 'denied');
    const subjects = refused.map(({ subject }: { subject: string }) => subject);
    expect(subjects.filter((subject: string) => subject === 'pages@example.com')).toHaveLength(10);
    expect(subjects).not.toContain('nobody@example.com');
    // What a client says of where it comes from is not believed.
    const addresses = refused.map(({ detail }: { detail: { clientAddress: string } }) => detail.clientAddress);
    expect(new Set(addresses)).toEqual(new Set(['127.0.0.1']));
  });

  it('let somebody who lost the password choose a new one by a link, once [AC-1]', async () => {
    const { id, browser } = await invited(fairlead, 'lost@example.com');
    const { link } = await (await fairlead.request(`/api/v1/users/${id}/reset`, { json: {} })).json();
    const other = await openBrowser(fairlead.url).open(link);
    await other.submit({ password: 'short' });
    expect([other.page.status, other.page.text]).toEqual([400, expect.stringContaining('12 characters or more')]);
    await other.submit({ password: 'another four plain words' });
    expect(other.page.url.pathname).toBe('/auth/account');
    await browser.open('/auth/account');
    expect(browser.page.url.pathname).toBe('/auth/sign-in');
    expect((await other.open(link)).page.status).toBe(404);
  });
});
