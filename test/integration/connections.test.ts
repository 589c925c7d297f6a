import { Writable } from 'node:stream';
import type { ClientOptions } from '@modelcontextprotocol/client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { caller, closeCallers, textOf } from '../clients.ts';
import { type Fairlead, startFairlead } from '../harness.ts';
import { connectBy, type PeopleUpstream, servePeopleUpstream, signInAtProvider } from '../people-upstream.ts';
import { type Browser, invited, openBrowser } from '../signin.ts';

let upstream: PeopleUpstream;
let fairlead: Fairlead;

let logged = '';
const log = new Writable({
  write(chunk, _, done) {
    logged += chunk;
    done();
  },
});

beforeAll(async () => {
  upstream = await servePeopleUpstream();
  fairlead = await startFairlead({
    log,
    config: {
      egress: { allow: ['127.0.0.1'] },
      upstreams: {
        tickets: { url: upstream.url, auth: { grant: 'authorization_code' } },
        fresh: { url: upstream.url, auth: { grant: 'authorization_code' } },
        api: {
          openapi: {
            openapi: '3.1.0',
            info: { title: 'who', version: '1' },
            paths: { '/api/whoami': { get: { operationId: 'whoami', responses: { 200: { description: 'you' } } } } },
          },
          baseUrl: new URL('/', upstream.url).href,
          auth: { grant: 'authorization_code', issuer: upstream.issuer, resource: upstream.url, scopes: ['read'] },
        },
      },
    },
  });
});
afterEach(closeCallers);
afterAll(async () => {
  await fairlead?.stop();
  await upstream?.stop();
});

const callAs = async (key: string, text: string) => {
  const response = await fairlead.request('/api/v1/tools/tickets.echo/call', { key, json: { arguments: { text } } });
  return { status: response.status, body: await response.json() };
};
const linkIn = (text: string) => /https?:\S+\/auth\/connections\/start\S+/.exec(text)?.[0] ?? '';
const connect = (link: string, account: string, browser = openBrowser(fairlead.url)) =>
  connectBy(browser, link, upstream, account);
const heardOf = (text: string) => upstream.heard.findLast(({ body }) => body.includes(text));
const acts = async (action: string) =>
  (await (await fairlead.request('/api/v1/audit?kind=act&limit=200')).json()).records.filter(
    (record: { action: string }) => record.action === action,
  );
const ask = async (key: string) => {
  const asked = await fairlead.request('/api/v1/connections/tickets', { key, method: 'POST' });
  expect(asked.status, await asked.clone().text()).toBe(201);
  return (await asked.json()).link as string;
};
const connections = async (key: string, query = '') =>
  (await (await fairlead.request(`/api/v1/connections${query}`, { key })).json()).connections;

describe('an upstream that people use with accounts of their own', () => {
  test('waits for the first sign-in, then is listed and called with it [AC-4]', async () => {
    const status = await (await fairlead.request('/api/v1/upstreams/tickets')).json();
    expect(status).toMatchObject({ state: 'failing', reason: 'it waits for somebody to sign in' });
    expect(status.detail).toBe('Connect one: fairlead connections connect tickets');
    const key = await fairlead.makeKey(['developer']);
    const first = await callAs(key, 'first of all');
    expect(first).toMatchObject({ status: 403, body: { outcome: 'denied', error: { code: 'CONNECTION_NEEDED' } } });
    expect(linkIn(first.body.error.suggestedAction)).toBe(await ask(key));
    const narrow = await fairlead.request('/api/v1/tools/nothing.echo/call', { key, json: {} });
    expect((await narrow.json()).error.code).not.toBe('CONNECTION_NEEDED');
    expect(logged).toContain('upstream waits');
    expect(logged).not.toContain('upstream is not available');
    const { page } = await connect(await ask(key), 'bot');
    expect(page.text).toContain('Connected');
    await expect
      .poll(async () => (await (await fairlead.request('/api/v1/upstreams/tickets')).json()).state, { timeout: 30_000 })
      .toBe('live');
    const made = await callAs(key, 'ahoy');
    expect(made, JSON.stringify(made)).toMatchObject({ status: 200, body: { outcome: 'ok' } });
    expect(heardOf('ahoy')).toMatchObject({ account: 'bot' });
  });

  test('a caller without a connection gets the link, and works as soon as it was used [AC-4]', async () => {
    const key = await fairlead.makeKey(['developer']);
    const before = upstream.heard.length;
    const refused = await callAs(key, 'mine');
    expect(refused).toMatchObject({ status: 403, body: { outcome: 'denied', error: { code: 'CONNECTION_NEEDED' } } });
    const link = linkIn(refused.body.error.suggestedAction);
    for (let tries = 0; tries < 8; tries++)
      expect(linkIn((await callAs(key, 'mine')).body.error.suggestedAction)).toBe(link);
    expect(upstream.heard.slice(before).filter(({ rpc }) => rpc === 'tools/call')).toEqual([]);
    await connect(link, 'second');
    expect(await callAs(key, 'mine')).toMatchObject({ status: 200, body: { outcome: 'ok' } });
    expect(heardOf('mine')).toMatchObject({ account: 'second' });
    expect(linkIn((await openBrowser(fairlead.url).open(link)).page.text)).toBe('');
  });

  test('a key that may only read makes and removes none [AC-4]', async () => {
    const made = await fairlead.request('/api/v1/keys', {
      json: { name: 'reader', owner: 'Kim', roles: ['developer'], scopes: ['tools:read'] },
    });
    const { secret: key } = await made.json();
    for (const method of ['POST', 'DELETE'])
      expect((await fairlead.request('/api/v1/connections/tickets', { key, method })).status).toBe(403);
  });

  test('the account of one is never used for another, and no token of a caller goes out [AC-4]', async () => {
    const [one, two] = [await fairlead.makeKey(['developer']), await fairlead.makeKey(['developer'])];
    await connect(await ask(one), 'one');
    await connect(await ask(two), 'two');
    const texts = Array.from({ length: 20 }, (_, n) => `call ${n} of ${n % 2 === 0 ? 'one' : 'two'}`);
    const made = await Promise.all(texts.map((text, n) => callAs(n % 2 === 0 ? one : two, text)));
    expect(made.every(({ status }) => status === 200)).toBe(true);
    for (const text of texts) expect(heardOf(`"${text}"`)?.account).toBe(text.endsWith('one') ? 'one' : 'two');
    const sent = JSON.stringify(upstream.heard.map(({ headers, body }) => [headers, body]));
    for (const key of [one, two, fairlead.adminKey]) expect(sent).not.toContain(key);
    expect(await connections(one)).toEqual([expect.objectContaining({ upstream: 'tickets', state: 'connected' })]);
    // An upstream that repeats what it was given tells it to nobody, not to its owner and not to others.
    const token = heardOf('"call 1 of two"')?.headers.authorization?.replace('Bearer ', '') ?? '';
    expect(token.length).toBeGreaterThan(20);
    for (const key of [one, two]) {
      const repeated = await callAs(key, `was given ${token}`);
      expect(repeated).toMatchObject({ status: 200 });
      expect(JSON.stringify(repeated)).toContain('was given ***');
      expect(JSON.stringify(repeated)).not.toContain(token);
    }
  });
});

describe('an HTTP API that people use with accounts of their own', () => {
  test('is called with that of whoever calls, renewed when it has ended, and with no other [AC-4] [CA-3]', async () => {
    const whoami = async (key: string) => {
      const response = await fairlead.request('/api/v1/tools/api.whoami/call', { key, json: {} });
      return { status: response.status, body: await response.json() };
    };
    const [one, two] = [await fairlead.makeKey(['developer']), await fairlead.makeKey(['developer'])];
    for (const [key, account] of [
      [one, 'ada'],
      [two, 'bob'],
    ] as const) {
      const refused = await whoami(key);
      expect(refused, JSON.stringify(refused)).toMatchObject({
        status: 403,
        body: { error: { code: 'CONNECTION_NEEDED' } },
      });
      const { page } = await connect(linkIn(refused.body.error.suggestedAction), account);
      expect(page.text).toContain('Connected');
    }
    const said = async (key: string) => (await whoami(key)).body.result?.structuredContent ?? (await whoami(key)).body;
    expect([await said(one), await said(two)]).toEqual([{ account: 'ada' }, { account: 'bob' }]);
    await upstream.endTokens();
    expect(await Promise.all([one, two, one, two].map(said))).toEqual(
      ['ada', 'bob', 'ada', 'bob'].map((account) => ({ account })),
    );
    await upstream.endGrants();
    expect(await whoami(one)).toMatchObject({ status: 403, body: { error: { code: 'CONNECTION_NEEDED' } } });
    for (const key of [one, two]) await fairlead.request('/api/v1/connections/api', { key, method: 'DELETE' });
  });
});

const elicits: ClientOptions['capabilities'] = { elicitation: { url: {} } };

describe('a caller that speaks MCP', () => {
  test('with a session is sent to the page by the error of its protocol, and told when it is done [AC-4]', async () => {
    const key = await fairlead.makeKey(['developer']);
    const client = await caller(fairlead, 'sessions', { key, options: { capabilities: elicits } });
    const completed: unknown[] = [];
    client.setNotificationHandler('notifications/elicitation/complete', ({ params }) => void completed.push(params));
    const failure = await client.callTool({ name: 'tickets_echo', arguments: { text: 'in a session' } }).then(
      () => undefined,
      (error: unknown) => error as { code: number; data: { elicitations: { url: string; elicitationId: string }[] } },
    );
    expect(failure).toMatchObject({ code: -32_042 });
    const [elicitation] = failure?.data.elicitations ?? [];
    await connect(elicitation?.url ?? '', 'session');
    await expect.poll(() => completed, { timeout: 30_000 }).toEqual([{ elicitationId: elicitation?.elicitationId }]);
    const result = await client.callTool({ name: 'tickets_echo', arguments: { text: 'in a session' } });
    expect(textOf(result)).toBe('in a session');
    expect(heardOf('in a session')).toMatchObject({ account: 'session' });
  });

  test('without a session is asked, and its call goes on once somebody has signed in [AC-4]', async () => {
    const key = await fairlead.makeKey(['developer']);
    const client = await caller(fairlead, 'modern', { key, options: { capabilities: elicits } });
    let asked = 0;
    client.setRequestHandler('elicitation/create', async ({ params }) => {
      asked++;
      const { url } = params as { url: string };
      setTimeout(() => void connect(url, 'modern'), 500); // a person takes longer than a client that says yes
      return { action: 'accept' };
    });
    const result = await client.callTool({ name: 'tickets_echo', arguments: { text: 'without a session' } });
    expect(textOf(result)).toBe('without a session');
    expect(asked).toBe(1);
    expect(heardOf('without a session')).toMatchObject({ account: 'modern' });
  });

  test('gets the page for an upstream that nobody has listed yet, each in its own way [AC-4]', async () => {
    const key = await fairlead.makeKey(['developer']);
    const call = { name: 'fresh_echo', arguments: { text: 'the first of all' } };
    for (const era of ['sessions', 'modern'] as const) {
      const result = await (await caller(fairlead, era, { key, options: { capabilities: {} } })).callTool(call);
      expect([era, result.isError, linkIn(textOf(result))]).toEqual([era, true, expect.stringContaining('ticket=')]);
    }
    const able = await caller(fairlead, 'sessions', { key, options: { capabilities: elicits } });
    const failure = await able.callTool(call).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: -32_042, data: { elicitations: [{ mode: 'url' }] } });
    const { url } = (failure as { data: { elicitations: { url: string }[] } }).data.elicitations[0] ?? { url: '' };
    await connect(url, 'first');
    await expect
      .poll(async () => (await able.listTools()).tools.map(({ name }) => name), { timeout: 60_000 })
      .toContain('fresh_echo');
    expect(textOf(await able.callTool(call))).toBe('the first of all');
    expect(heardOf('the first of all')).toMatchObject({ account: 'first' });
  });

  test('and says no, or cannot be asked, gets the link in words [AC-4]', async () => {
    const key = await fairlead.makeKey(['developer']);
    const unwilling = await caller(fairlead, 'modern', { key, options: { capabilities: elicits } });
    unwilling.setRequestHandler('elicitation/create', async () => ({ action: 'decline' }));
    const plain = await Promise.all(
      (['modern', 'sessions'] as const).map((era) => caller(fairlead, era, { key, options: { capabilities: {} } })),
    );
    for (const client of [unwilling, ...plain]) {
      const result = await client.callTool({ name: 'tickets_echo', arguments: { text: 'no' } });
      expect(result.isError).toBe(true);
      expect(linkIn(textOf(result))).not.toBe('');
    }
  });

  test.each(['sessions', 'modern'] as const)(
    'reads, prompts and completes with the account of its own as well (%s) [AC-4]',
    async (era) => {
      const key = await fairlead.makeKey(['developer']);
      const client = await caller(fairlead, era, { key, options: { capabilities: {} } });
      const uses = {
        read: () => client.readResource({ uri: 'tickets+fixture://watched' }),
        prompt: () => client.getPrompt({ name: 'tickets_greet', arguments: { who: 'all' } }),
        complete: () =>
          client.complete({
            ref: { type: 'ref/prompt', name: 'tickets_greet' },
            argument: { name: 'who', value: 'a' },
          }),
      };
      let link = '';
      for (const [name, use] of Object.entries(uses)) {
        const error = await use().then(
          () => undefined,
          (thrown: Error) => thrown,
        );
        link = linkIn(error?.message ?? '');
        expect(link, `${name}: ${error?.message}`).not.toBe('');
      }
      await connect(link, `all-${era}`);
      const before = upstream.heard.length;
      for (const [name, use] of Object.entries(uses)) await use().catch((error: Error) => expect(error, name).toBe(''));
      const made = upstream.heard
        .slice(before)
        .filter(({ rpc }) => /resources\/read|prompts\/get|complete/.test(rpc ?? ''));
      expect(made.map(({ account }) => account)).toEqual([`all-${era}`, `all-${era}`, `all-${era}`]);
    },
  );
});

describe('the link of a person', () => {
  let kim: { id: string; browser: Browser };
  let lee: { id: string; browser: Browser };
  let link: string;

  beforeAll(async () => {
    kim = await invited(fairlead, 'kim@example.com');
    lee = await invited(fairlead, 'lee@example.com');
    const target = fairlead.running.house.connections;
    const principal = {
      ...(await fairlead.running.house.access.authenticate(fairlead.adminKey)),
      id: `user:${kim.id}`,
    };
    link = (await target.invite('default', 'tickets', { ...principal, kind: 'user', name: 'Kim' })).link;
  });

  test('asks whoever opens it to sign in, and leads back to the page [AC-4]', async () => {
    const browser = await openBrowser(fairlead.url).open(link);
    expect(browser.page.url.pathname).toBe('/auth/sign-in');
    await browser.submit({ email: 'kim@example.com', password: 'four plain words here' });
    expect(browser.page.url.pathname).toBe('/auth/connections/start');
    expect(browser.page.text).toContain('Connect an account at tickets');
  });

  test('is of no use to anybody else, before the provider and after it [AC-4]', async () => {
    await lee.browser.open(link);
    expect([lee.browser.page.status, lee.browser.page.text]).toEqual([403, expect.stringContaining('somebody else')]);
    expect(lee.browser.page.text).not.toContain('<form');
    // Kim begins, signs in at the provider, and the answer is brought by another browser.
    await kim.browser.open(link);
    await kim.browser.submit({}, '/auth/connections/start');
    const onward = /<a href="([^"]+)" rel/.exec(kim.browser.page.text)?.[1]?.replaceAll('&amp;', '&') ?? '';
    upstream.account = 'kim';
    const answer = await signInAtProvider(onward, fairlead.url);
    await lee.browser.open(answer);
    expect([lee.browser.page.status, lee.browser.page.text]).toEqual([403, expect.stringContaining('does not belong')]);
    const altered = new URL(answer);
    altered.searchParams.set('iss', 'https://elsewhere.example');
    await kim.browser.open(altered);
    expect(kim.browser.page.text).not.toContain('Connected');
  });

  test('leads on to the sign-in page where the session has ended meanwhile, and back to the end [AC-4]', async () => {
    const robin = await invited(fairlead, 'robin@example.com');
    const target = fairlead.running.house.connections;
    const principal = await fairlead.running.house.access.authenticate(fairlead.adminKey);
    const person = { ...principal, id: `user:${robin.id}`, kind: 'user' as const, name: 'Robin' };
    const { browser } = robin;
    await browser.open((await target.invite('default', 'tickets', person)).link);
    await browser.submit({}, '/auth/connections/start');
    const onward = /<a href="([^"]+)" rel/.exec(browser.page.text)?.[1]?.replaceAll('&amp;', '&') ?? '';
    upstream.account = 'robin';
    const answer = await signInAtProvider(onward, fairlead.url);
    for (const name of [...browser.cookies.keys()]) if (name.includes('session')) browser.cookies.delete(name);
    await browser.open(answer);
    expect([browser.page.status, browser.page.text]).toEqual([401, expect.stringContaining('Sign in to finish')]);
    const signIn = /<a class="button" href="([^"]+)"/.exec(browser.page.text)?.[1]?.replaceAll('&amp;', '&') ?? '';
    await browser.open(signIn);
    await browser.submit({ email: 'robin@example.com', password: 'four plain words here' });
    expect([browser.page.url.pathname, browser.page.text]).toEqual([
      '/auth/connections/callback',
      expect.stringContaining('Robin uses <strong>tickets</strong>'),
    ]);
  });

  test('says what the rule is where the authorization server is at an address of the inside [AC-4]', async () => {
    upstream.names = upstream.issuer.replace('127.0.0.1', '127.0.0.2');
    const settings = { url: upstream.url, auth: { grant: 'authorization_code' } };
    const added = await fairlead.request('/api/v1/upstreams', { json: { name: 'inside', settings } });
    expect(added.status, await added.clone().text()).toBe(201);
    const { link: inside } = await (await fairlead.request('/api/v1/connections/inside', { method: 'POST' })).json();
    const browser = await openBrowser(fairlead.url).open(inside);
    await browser.submit({}, '/auth/connections/start');
    upstream.names = undefined;
    expect(browser.page.status).toBe(502);
    expect(browser.page.text).toContain('egress.allow');
    expect(browser.page.text).not.toContain('127.0.0.2');
    expect(logged).toContain('127.0.0.2');
    await fairlead.request('/api/v1/upstreams/inside', { method: 'DELETE' });
  });

  test('that a key of theirs asked for names the person, and the key beside it [AC-4]', async () => {
    const json = { name: 'laptop', owner: 'Lee', userId: lee.id, roles: ['developer'] };
    const { secret: key } = await (await fairlead.request('/api/v1/keys', { json })).json();
    await lee.browser.open(await ask(key));
    expect(lee.browser.page.text).toContain('lee (by the key laptop), in the organisation default');
  });

  test('connects the person, once, and is gone with them [AC-4]', async () => {
    await connect(link, 'kim', kim.browser);
    expect(kim.browser.page.text).toContain('Connected');
    const all = await connections(fairlead.adminKey, '?all=true');
    expect(all).toContainEqual(
      expect.objectContaining({ subject: `user:${kim.id}`, state: 'connected', renews: true }),
    );
    expect(JSON.stringify(all)).not.toMatch(/token/i);
    const answer = kim.browser.page.url;
    expect((await kim.browser.open(answer)).page.status).toBe(410);
    const developer = await fairlead.makeKey(['developer']);
    expect((await fairlead.request('/api/v1/connections?all=true', { key: developer })).status).toBe(403);
    const revoked = upstream.asked.length;
    expect((await fairlead.request(`/api/v1/users/${kim.id}`, { method: 'DELETE' })).status).toBe(204);
    const left = await connections(fairlead.adminKey, '?all=true');
    expect(left.map(({ subject }: { subject: string }) => subject)).not.toContain(`user:${kim.id}`);
    expect(upstream.asked.length).toBe(revoked);
    expect((await acts('connections.connect')).length).toBeGreaterThan(0);
  });
});
