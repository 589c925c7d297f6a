import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { serveHttpFixture, serveRedirect, serveSseFixture } from '../../../test/fixtures/servers/http.ts';
import {
  call,
  createUpstreamWorld,
  enters,
  fixtureOver,
  httpAt,
  pause,
  textOf,
  until,
} from '../../../test/upstreams.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function http(eras: Parameters<typeof serveHttpFixture>[0]) {
  const server = await serveHttpFixture(eras);
  cleanups.push(server.stop);
  return server;
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'fairlead-upstreams-'));
  cleanups.push(() => rmSync(path, { recursive: true }));
  return path;
}

describe('what an upstream speaks', () => {
  it.each([
    ['legacy', '2025-11-25'],
    ['modern', '2026-07-28'],
    ['both', '2026-07-28'],
  ])('is found out over HTTP from one that speaks %s, and remembered [SP-9]', async (eras, revision) => {
    const world = createUpstreamWorld({ backoffMinMs: 20 });
    const server = await http(eras as 'both');
    const upstream = world.start('peer', httpAt(server.url));
    await enters(upstream, 'live');
    expect(upstream.status()).toMatchObject({ era: revision, transport: 'http', tools: 17, prompts: 1, resources: 2 });
    const probes = () => server.requests.filter(({ rpc }) => rpc === 'server/discover').length;
    expect(probes()).toBe(1);
    if (eras !== 'legacy') return;
    server.forgetSessions();
    await pause(50);
    expect(await textOf(call(upstream, 'write', { text: 'x' }))).toBe('wrote x'); // over a new session
    expect(probes()).toBe(1);
    expect(upstream.status()).toMatchObject({ state: 'live', restarts: 1 });
  });

  it.each(['strict', 'silent', 'slow'])('is found out from an older server that is %s [SP-9]', async (mode) => {
    const starts = join(folder(), 'starts');
    const world = createUpstreamWorld({ backoffMinMs: 20 });
    const more = { parameter: 1_500, startTimeoutMs: 4_000, env: { FIXTURE_STARTS: starts } };
    const upstream = world.start('older', fixtureOver(mode, more));
    await enters(upstream, 'live');
    expect(upstream.status().era).toBe('2025-11-25');
    const processes = () => readFileSync(starts, 'utf8').trim().split('\n').length;
    expect(processes()).toBe(mode === 'strict' ? 2 : 1);
    expect(upstream.status().restarts).toBe(0);
    if (mode !== 'strict') return;
    await call(upstream, 'crash').catch(() => undefined);
    await until(() => upstream.status().restarts === 1 && upstream.status().state === 'live');
    expect(processes()).toBe(3); // it is not asked a second time what it speaks
  });

  it('is the old HTTP+SSE when Streamable HTTP is refused [SP-9]', async () => {
    const server = await serveSseFixture();
    cleanups.push(server.stop);
    const world = createUpstreamWorld();
    const upstream = world.start('old', httpAt(server.url));
    await enters(upstream, 'live');
    expect(upstream.status()).toMatchObject({ transport: 'sse', tools: 2 });
    expect(await textOf(call(upstream, 'echo', { text: 'over sse' }))).toBe('over sse');
    const declared = world.start('declared', httpAt(server.url, { transport: 'sse' }));
    await enters(declared, 'live');
  });

  it('is not guessed when the file says HTTP [SP-9]', async () => {
    const server = await serveSseFixture();
    cleanups.push(server.stop);
    const upstream = createUpstreamWorld().start('old', httpAt(server.url, { transport: 'http' }));
    await enters(upstream, 'failing');
    expect(upstream.status().reason).toContain('HTTP 405');
  });
});

describe('a stream of HTTP+SSE that breaks', () => {
  it('is noticed at once, and a new session is opened [SP-9] [SP-10]', async () => {
    const server = await serveSseFixture();
    cleanups.push(server.stop);
    const upstream = createUpstreamWorld({ backoffMinMs: 20 }).start('old', httpAt(server.url));
    await enters(upstream, 'live');
    const running = call(upstream, 'ask', { question: '?', afterMs: 5_000 });
    await pause(100);
    server.breakStreams();
    await expect(running).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    await until(() => upstream.status().restarts === 1 && upstream.status().state === 'live');
    expect(await textOf(call(upstream, 'echo', { text: 'again' }))).toBe('again');
  });
});

describe('an HTTP upstream', () => {
  it('may redirect within its origin, and nowhere else [SP-9]', async () => {
    const server = await http('modern');
    const here = await serveRedirect(() => server.url);
    const there = await serveRedirect((path) => (path === '/mcp' ? '/elsewhere' : undefined), server.url);
    cleanups.push(here.stop, there.stop);
    const world = createUpstreamWorld({ backoffMinMs: 60_000 });
    const away = world.start('away', httpAt(here.url, { headers: { 'X-Key': 'a-secret-value' } }));
    await enters(away, 'failing');
    expect(server.requests).toEqual([]); // another origin never sees our headers
    const within = world.start('within', httpAt(there.url));
    await enters(within, 'live');
  });

  it('gives its own JSON-RPC errors to callers who can act on their code [SP-17]', async () => {
    const server = await http('legacy');
    const upstream = createUpstreamWorld().start('peer', httpAt(server.url));
    await enters(upstream, 'live');
    await expect(call(upstream, 'needs_page')).rejects.toMatchObject({
      code: 'UPSTREAM_REJECTED',
      rpc: { code: -32_042, data: { elicitations: [{ mode: 'url', url: 'https://example.com/sign-in' }] } },
    });
  });

  it('that wants other headers than its listing said is listed again [SP-5]', async () => {
    const server = await http('modern');
    const world = createUpstreamWorld();
    const upstream = world.start('peer', httpAt(server.url));
    await enters(upstream, 'live');
    const before = world.catalog.listings;
    server.mismatch(1);
    await expect(call(upstream, 'echo')).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', retryAfterSeconds: 1 });
    await until(() => world.catalog.listings > before);
  });

  it('whose connection for one caller breaks opens another for the next call [SP-6] [SP-10]', async () => {
    const server = await http('legacy');
    const world = createUpstreamWorld({ backoffMinMs: 20 });
    const upstream = world.start('peer', httpAt(server.url, { isolation: 'principal' }));
    await enters(upstream, 'live');
    const first = await textOf(call(upstream, 'whoami'));
    server.forgetSessions();
    const second = await textOf(call(upstream, 'whoami'));
    expect(second).toMatch(/^session /);
    expect(second).not.toBe(first);
  });
});
