import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { call, createUpstreamWorld, enters, until } from '../../../../test/upstreams.ts';
import { openApiUpstream } from '../../../config/schema.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

const document = (...names: string[]) => ({
  openapi: '3.1.0',
  info: { title: 'T', version: '1', description: 'About it' },
  paths: Object.fromEntries(
    names.map((name) => [`/${name}`, { get: { operationId: name, responses: { 200: { description: '' } } } }]),
  ),
});

function fileOf(content: unknown) {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-openapi-'));
  closers.push(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'api.json');
  const write = (next: unknown) => writeFileSync(path, typeof next === 'string' ? next : JSON.stringify(next));
  write(content);
  return { path, write };
}

const settingsOf = (settings: Record<string, unknown>) =>
  openApiUpstream.parse({ startTimeoutMs: 15_000, ...settings });
const fast = { healthEveryMs: 40, relistMinMs: 10, relistDebounceMs: 10, relistEveryMs: 60_000 };

describe('a document in a file', () => {
  it('is read again when it changes, and stays as it was when it cannot be read', async () => {
    const world = createUpstreamWorld(fast);
    const { path, write } = fileOf(document('one'));
    const upstream = world.start('a', settingsOf({ openapi: path, baseUrl: 'http://127.0.0.1:9' }));
    await enters(upstream, 'live');
    const names = () => world.catalog.items.get('a')?.tools.map(({ name }) => name);
    expect(names()).toEqual(['one']);
    expect(world.catalog.items.get('a')?.instructions).toBe('T. About it');
    write(document('one', 'two'));
    await until(() => names()?.length === 2);
    write('no document at all');
    await until(() => world.logged.some(({ msg }) => msg === 'the OpenAPI document could not be read again'));
    expect(names()).toEqual(['one', 'two']);
    expect(upstream.status()).toMatchObject({ state: 'live', target: path, transport: 'openapi' });
    write(document('three'));
    await until(() => names()?.[0] === 'three');
  });

  it('is of no use with a value that no header can hold, which is not told', async () => {
    const security = [{ token: [] }];
    const components = { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } };
    const openapi = { ...document('one'), security, components };
    for (const given of [{ secrets: { token: 'hush\nhush' } }, { headers: { 'X-A': 'hush\nhush' } }]) {
      const world = createUpstreamWorld();
      const upstream = world.start('a', settingsOf({ openapi, baseUrl: 'http://127.0.0.1:9', ...given }));
      await enters(upstream, 'failing');
      expect(upstream.status()).toMatchObject({
        reason: 'a value of its settings cannot be sent',
        detail: expect.stringMatching(/^(secrets\.token|headers\.X-A): /),
      });
      expect(JSON.stringify([upstream.status(), world.logged])).not.toContain('hush');
    }
  });

  it('that is not there, or is no document, says so', async () => {
    const world = createUpstreamWorld();
    const missing = world.start('a', settingsOf({ openapi: '/nowhere/api.json' }));
    const wrong = world.start('b', settingsOf({ openapi: fileOf('[]').path }));
    await enters(missing, 'failing');
    await enters(wrong, 'failing');
    expect(missing.status()).toMatchObject({
      reason: 'its OpenAPI document cannot be read',
      detail: 'the file /nowhere/api.json cannot be read: ENOENT',
    });
    expect(wrong.status()).toMatchObject({ reason: 'its OpenAPI document cannot be used', detail: expect.any(String) });
  });
});

describe('a document at an address', () => {
  it('is asked for again only if it changed, with the headers of the API where that is its host', async () => {
    let served = document('one');
    const { url, requests } = await serve((request, response) => {
      const etag = `"${served.paths['/two'] ? 2 : 1}"`;
      if (request.headers['if-none-match'] === etag) response.writeHead(304).end();
      else
        response.writeHead(200, { etag, 'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT' }).end(JSON.stringify(served));
    });
    const world = createUpstreamWorld({ ...fast, relistEveryMs: 40 });
    const headers = { authorization: 'Bearer of-the-api' };
    const upstream = world.start('a', settingsOf({ openapi: `${url}/api.json`, baseUrl: `${url}/v1`, headers }));
    await enters(upstream, 'live');
    await until(() => requests.length >= 3);
    expect(requests[0]?.headers).toMatchObject({ authorization: 'Bearer of-the-api', 'user-agent': 'fairlead/0.0.0' });
    expect(requests[1]?.headers).toMatchObject({
      'if-none-match': '"1"',
      'if-modified-since': 'Thu, 01 Jan 2026 00:00:00 GMT',
    });
    expect(world.catalog.listings).toBe(1); // nothing new, nothing to store
    served = document('one', 'two');
    await until(() => world.catalog.items.get('a')?.tools.length === 2);

    const other = world.start('b', settingsOf({ openapi: `${url}/api.json`, baseUrl: 'http://127.0.0.1:9', headers }));
    await enters(other, 'live');
    expect(requests.filter(({ headers }) => headers.authorization === undefined).length).toBeGreaterThan(0);
  });

  it('may go away for a while without taking the tools along', async () => {
    let gone = false;
    const { url } = await serve((_, response) => {
      if (gone) response.writeHead(500).end();
      else response.end(JSON.stringify(document('one')));
    });
    const world = createUpstreamWorld({ ...fast, relistEveryMs: 30 });
    const upstream = world.start('a', settingsOf({ openapi: `${url}/api.json` }));
    await enters(upstream, 'live');
    gone = true;
    await until(() => world.logged.some(({ msg }) => msg === 'the OpenAPI document could not be read again'));
    expect(upstream.status()).toMatchObject({ state: 'live', tools: 1 });
  });
});

describe('a redirect', () => {
  it('is followed for what reads, to another host without anything of ours and only to a public one', async () => {
    const other = await serve((_, response) => void response.end('elsewhere'));
    const { url, requests } = await serve((request, response) => {
      const [, to] = /^\/(here|there|round)/.exec(request.url ?? '') ?? [];
      const location = { here: '/end', there: `${other.url}/x`, round: '/round' }[to ?? ''];
      if (location === undefined) response.end('end');
      else response.writeHead(302, { location }).end();
    });
    const world = createUpstreamWorld();
    const upstream = world.start(
      'a',
      settingsOf({ openapi: document('here', 'there', 'round'), baseUrl: url, headers: { 'x-secret': 'a secret' } }),
    );
    await enters(upstream, 'live');
    const text = async (name: string) => JSON.stringify(await call(upstream, name));
    expect(await text('here')).toContain('end');
    expect(requests.map(({ url }) => url)).toEqual(['/here', '/end']);
    expect(requests[1]?.headers['x-secret']).toBe('a secret');
    await expect(call(upstream, 'there')).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    expect(other.requests).toEqual([]);
    expect(await text('round')).toContain('It points to /round.');

    const allowing = createUpstreamWorld({}, ['127.0.0.1']);
    const trusted = allowing.start(
      'a',
      settingsOf({ openapi: document('there'), baseUrl: url, headers: { 'x-secret': 'a secret' } }),
    );
    await enters(trusted, 'live');
    expect(JSON.stringify(await call(trusted, 'there'))).toContain('elsewhere');
    expect(other.requests[0]?.headers).not.toHaveProperty('x-secret');
  });
});

describe('an API at another host than its document', () => {
  it('must be a public one, unless the settings name it', async () => {
    const api = await serve((_, response) => void response.end('{}'));
    const { url } = await serve(
      (_, response) => void response.end(JSON.stringify({ ...document('one'), servers: [{ url: api.url }] })),
    );
    const world = createUpstreamWorld();
    const lured = world.start('a', settingsOf({ openapi: url }));
    const named = world.start('b', settingsOf({ openapi: url, baseUrl: api.url }));
    await enters(lured, 'live');
    await enters(named, 'live');
    await expect(call(lured, 'one')).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    expect(api.requests).toEqual([]);
    expect(await call(named, 'one')).toMatchObject({ kind: 'result' });
  });
});

describe('a call', () => {
  it('ends with its caller, and with the connection', async () => {
    const { url, requests } = await serve(() => undefined);
    const world = createUpstreamWorld();
    const upstream = world.start('a', settingsOf({ openapi: document('one'), baseUrl: url }));
    await enters(upstream, 'live');
    const leaving = new AbortController();
    const left = call(upstream, 'one', {}, { signal: leaving.signal });
    await until(() => requests.length === 1);
    leaving.abort();
    await expect(left).rejects.toMatchObject({ code: 'CALL_CANCELLED' });
    await until(() => requests[0]?.destroyed === true);

    const cut = call(upstream, 'one').catch((error: unknown) => error);
    await until(() => requests.length === 2);
    await upstream.stop();
    expect(await cut).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
  });

  it('takes no answer that is too long', async () => {
    const { url } = await serve((_, response) => void response.end('x'.repeat(2_000)));
    const world = createUpstreamWorld({ maxMessageBytes: 1_000 });
    const upstream = world.start('a', settingsOf({ openapi: document('one'), baseUrl: url }));
    await enters(upstream, 'live');
    await expect(call(upstream, 'one')).rejects.toMatchObject({ code: 'UPSTREAM_ANSWER_TOO_LARGE' });
  });

  it('of what is not there, or is no tool, is an error', async () => {
    const world = createUpstreamWorld();
    const upstream = world.start('a', settingsOf({ openapi: document('one'), baseUrl: 'http://127.0.0.1:9' }));
    await enters(upstream, 'live');
    await expect(call(upstream, 'two')).rejects.toMatchObject({ code: 'UPSTREAM_INVALID_PARAMS' });
    await expect(call(upstream, 'x://y', {}, { operation: 'read' })).rejects.toMatchObject({
      code: 'UPSTREAM_REJECTED',
    });
    await expect(call(upstream, 'one')).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
  });

  it('opens the breaker when the API fails, but not when it limits the rate', async () => {
    let status = 429;
    const { url } = await serve((_, response) => void response.writeHead(status).end('{}'));
    const world = createUpstreamWorld({ retryMinMs: 1, retryMaxMs: 2 });
    const breaker = { failures: 3 };
    const upstream = world.start('a', settingsOf({ openapi: document('one'), baseUrl: url, breaker, retries: 0 }));
    await enters(upstream, 'live');
    for (let n = 0; n < 5; n++) expect(await call(upstream, 'one')).toMatchObject({ result: { isError: true } });
    expect(upstream.status().breaker).toBe('closed');
    status = 502;
    for (let n = 0; n < 3; n++) expect(await call(upstream, 'one')).toMatchObject({ result: { isError: true } });
    await expect(call(upstream, 'one')).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    expect(upstream.status().breaker).toBe('open');
  });
});
