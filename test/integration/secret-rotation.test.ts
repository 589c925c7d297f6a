import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createKeyring } from '../../src/platform/keyring/index.ts';
import { type Fairlead, startFairlead } from '../harness.ts';
import { connectBy, type PeopleUpstream, servePeopleUpstream } from '../people-upstream.ts';
import { openBrowser } from '../signin.ts';

const [one, two, three, four] = ['first', 'second', 'third', 'fourth'].map(
  (nth) => `the-${nth}-secret-of-thirty-two-bytes-or-more`,
) as [string, string, string, string];
const adminKey = 'an admin key of the test, 32 characters';
const dataDir = mkdtempSync(join(tmpdir(), 'fairlead-rotation-'));
const heard: (string | undefined)[] = [];
const api = createServer((request, response) => {
  heard.push(request.headers['x-api-key']?.toString());
  response.setHeader('content-type', 'application/json').end('{"fine":true}');
});
let port = 0;
let people: PeopleUpstream;

const serve = (secret: string, others?: string, log?: PassThrough): Promise<Fairlead> =>
  startFairlead({
    ...(log ? { log } : {}),
    dataDir,
    config: {
      egress: { allow: ['127.0.0.1'] },
      upstreams: { tickets: { url: people.url, auth: { grant: 'authorization_code' } } },
    },
    env: {
      FAIRLEAD_SECRET: secret,
      FAIRLEAD_ADMIN_KEY: adminKey,
      ...(others === undefined ? {} : { FAIRLEAD_OTHER_SECRETS: others }),
    },
  });

beforeAll(async () => {
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
  port = (api.address() as { port: number }).port;
  people = await servePeopleUpstream();
});
afterAll(async () => {
  api.close();
  await people?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

test('the keys that sign tokens move with the rest, though nobody signs in [AC-4]', { timeout: 300_000 }, async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'fairlead-rotation-keys-'));
  const open = (secret: string, others?: string) =>
    startFairlead({
      dataDir,
      env: {
        FAIRLEAD_SECRET: secret,
        FAIRLEAD_ADMIN_KEY: adminKey,
        ...(others === undefined ? {} : { FAIRLEAD_OTHER_SECRETS: others }),
      },
    });
  const kids = async ({ url }: Fairlead) =>
    ((await (await fetch(`${url}/auth/jwks`)).json()) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);
  let fairlead = await open(one);
  try {
    const json = { name: 'nightly', roles: ['operator'] };
    const { service, secret } = await (await fairlead.request('/api/v1/services', { json })).json();
    const token = async (at: Fairlead) => {
      const form = { grant_type: 'client_credentials', client_id: service.id, client_secret: secret };
      const answer = await fetch(`${at.url}/auth/oauth2/token`, { method: 'POST', body: new URLSearchParams(form) });
      expect(answer.status, await answer.clone().text()).toBe(200);
      return decodeProtectedHeader(((await answer.json()) as { access_token: string }).access_token).kid;
    };
    const kid = await token(fairlead);
    const before = await kids(fairlead);
    await fairlead.stop();

    fairlead = await open(two, one);
    await isDone(fairlead);
    expect(fairlead.running.house.rotation.status()).toMatchObject({ lost: 0 });
    await fairlead.stop();

    fairlead = await open(two);
    expect(await token(fairlead)).toBe(kid);
    expect(await kids(fairlead)).toEqual(before);
  } finally {
    await fairlead.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
});

async function isDone({ running }: Fairlead): Promise<void> {
  await expect.poll(() => running.house.rotation.status().state, { timeout: 60_000 }).toBe('done');
}

test('a secret is changed with nothing lost, and the one before can then be taken away [AC-4]', {
  timeout: 300_000,
}, async () => {
  let fairlead = await serve(one);
  const key = await fairlead.makeKey(['admin']);
  const machine = await (
    await fairlead.request('/api/v1/services', { json: { name: 'nightly', roles: ['operator'] } })
  ).json();
  const openapi = {
    openapi: '3.1.0',
    info: { title: 'inner', version: '1' },
    servers: [{ url: `http://127.0.0.1:${port}` }],
    paths: { '/state': { get: { operationId: 'state', responses: { 200: { description: 'fine' } } } } },
  };
  const added = await fairlead.request('/api/v1/upstreams', {
    json: { name: 'inner', settings: { openapi, headers: { 'X-Api-Key': 'the key of the API' }, trust: 'first-use' } },
  });
  expect(added.status, await added.clone().text()).toBe(201);
  const invitation = await (
    await fairlead.request('/api/v1/users/invitations', { json: { email: 'kim@example.com', role: 'developer' } })
  ).json();

  /** All that the secret has a part in, through the public door. */
  const works = async (at: Fairlead) => {
    expect((await at.request('/api/v1/me', { key })).status).toBe(200);
    await expect
      .poll(async () => (await at.request('/api/v1/tools/inner.state/call', { key, json: {} })).status, {
        timeout: 60_000,
      })
      .toBe(200);
    expect(heard.at(-1)).toBe('the key of the API');
    const token = await fetch(`${at.url}/auth/oauth2/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: machine.service.id,
        client_secret: machine.secret,
      }),
    });
    expect(token.status, await token.clone().text()).toBe(200);
    expect(await (await at.request('/api/v1/audit/verify')).json()).toMatchObject({ ok: true, faults: [] });
  };
  const { link } = await (await fairlead.request('/api/v1/connections/tickets', { key, method: 'POST' })).json();
  await connectBy(openBrowser(fairlead.url), link, people, 'kim');
  await works(fairlead);
  await fairlead.stop();

  fairlead = await serve(one, two); // every replica gets to know the new one first
  await works(fairlead);
  await fairlead.stop();

  fairlead = await serve(two, one);
  await works(fairlead);
  await isDone(fairlead);
  expect(fairlead.running.house.rotation.status()).toMatchObject({ secret: createKeyring(two).id, lost: 0 });
  await works(fairlead);
  await fairlead.stop();

  fairlead = await serve(two);
  await works(fairlead);
  const token = new URL(invitation.link).searchParams.get('token');
  const page = await fetch(`${fairlead.url}/auth/invitation?token=${token}`, { headers: { accept: 'text/html' } });
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('kim@example.com')]);
  // With the refresh token that was sealed under the secret that is gone.
  await people.endTokens();
  const made = await fairlead.request('/api/v1/tools/tickets.echo/call', { key, json: { arguments: { text: 'kim' } } });
  expect(made.status, await made.clone().text()).toBe(200);
  expect(people.heard.findLast(({ body }) => body.includes('"kim"'))).toMatchObject({ account: 'kim' });
  // Something is left under a secret that is not given.
  const { pool } = fairlead.running.house.database;
  const lost = createKeyring(four);
  await pool.query('insert into keyring_secrets (id) values ($1)', [lost.id]);
  await pool.query('insert into keyring_kept (secret, purpose, sealed) values ($1, $2, $3)', [
    lost.id,
    'sign-in',
    lost.encrypt('key', `kept key ${lost.id} sign-in`),
  ]);
  await fairlead.stop();

  // One that nobody knows: it does not start, rather than be ready with no key that counts.
  await expect(serve(three)).rejects.toMatchObject({
    code: 'SECRET_UNKNOWN',
    message: expect.stringContaining(createKeyring(two).id),
    action: expect.stringMatching(/FAIRLEAD_OTHER_SECRETS.*fairlead secrets forget/),
  });

  // What is left is called for, loudly, and what can be read serves on.
  const log = new PassThrough();
  const said: string[] = [];
  log.on('data', (line) => said.push(String(line)));
  fairlead = await serve(two, undefined, log);
  await isDone(fairlead);
  expect(said.join('')).toMatch(new RegExp(`"missing":\\["${lost.id}"\\].*FAIRLEAD_OTHER_SECRETS`));
  expect(await (await fairlead.request('/readyz')).json()).toMatchObject({
    status: 'ready',
    warnings: [expect.stringMatching(new RegExp(`1 sealed values .*\\(${lost.id}\\).*FAIRLEAD_OTHER_SECRETS`))],
  });
  expect(await (await fairlead.request('/metrics')).text()).toMatch(/^fairlead_sealed_lost 1$/m);
  await fairlead.stop();
  fairlead = await serve(two, four);
  await isDone(fairlead);
  expect(await (await fairlead.request('/readyz')).json()).toEqual({ status: 'ready' });
  const { rows } = await fairlead.running.house.database.pool.query('select id from keyring_secrets');
  expect(rows).toEqual([{ id: createKeyring(two).id }]); // the other can be taken away again
  await fairlead.stop();
});
