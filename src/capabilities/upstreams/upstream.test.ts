import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { serveHttpFixture, serveSilence, serveSseFixture } from '../../../test/fixtures/servers/http.ts';
import {
  call,
  createUpstreamWorld,
  enters,
  fixtureOver,
  httpAt,
  isAlive,
  pause,
  textOf,
  until,
} from '../../../test/upstreams.ts';
import { stdioUpstream } from '../../config/schema.ts';

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

describe('the official servers over stdio', () => {
  it('are listed whole and called [SP-5] [SP-9]', async () => {
    const world = createUpstreamWorld();
    const files = folder();
    writeFileSync(join(files, 'a.txt'), 'the text of a file');
    const server = (command: string, more = {}) => stdioUpstream.parse({ command, startTimeoutMs: 20_000, ...more });
    const everything = world.start('everything', server('mcp-server-everything'));
    const filesystem = world.start('files', server('mcp-server-filesystem', { args: [files] }));
    const memory = world.start('memory', server('mcp-server-memory', { env: { MEMORY_FILE_PATH: join(files, 'm') } }));
    const thinking = world.start('thinking', server('mcp-server-sequential-thinking'));
    await Promise.all([everything, filesystem, memory, thinking].map((upstream) => upstream.settled));
    expect(everything.status()).toMatchObject({ state: 'live', transport: 'stdio', era: '2025-11-25', prompts: 4 });
    expect(filesystem.status().tools).toBe(14);
    expect(memory.status().tools).toBe(9);
    expect(thinking.status().tools).toBe(1);
    expect(await textOf(call(everything, 'echo', { message: 'ahoy' }))).toBe('Echo: ahoy');
    expect(await textOf(call(filesystem, 'read_text_file', { path: join(files, 'a.txt') }))).toBe('the text of a file');
    expect(await textOf(call(memory, 'read_graph'))).toContain('"entities"');
    const prompt = await call(everything, 'simple-prompt', {}, { operation: 'prompt' });
    expect(prompt).toMatchObject({ kind: 'result', result: { messages: [{ role: 'user' }] } });
    const uri = String(world.catalog.items.get('everything')?.resources[0]?.uri);
    const read = await call(everything, uri, {}, { operation: 'read' });
    expect(read).toMatchObject({ kind: 'result', result: { contents: [{ uri }] } });
    const params = {
      ref: { type: 'ref/prompt', name: 'completable-prompt' },
      argument: { name: 'department', value: 'E' },
    };
    const completed = await call(everything, 'complete', params, { operation: 'complete' });
    expect(completed).toMatchObject({ kind: 'result', result: { completion: { values: ['Engineering'] } } });
  }, 60_000);
});

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
    expect(upstream.status()).toMatchObject({ era: revision, transport: 'http', tools: 16, prompts: 1, resources: 2 });
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

describe('a result', () => {
  it.each(['legacy', 'modern'] as const)('keeps fields that nobody knows, over %s [SP-5]', async (eras) => {
    const server = await http(eras);
    const upstream = createUpstreamWorld().start('peer', httpAt(server.url));
    await enters(upstream, 'live');
    const reply = await call(upstream, 'echo', { text: 'x' });
    expect(reply).toMatchObject({ result: { content: [{ text: 'x' }], fixture_extra: { kept: true } } });
  });

  it('carries the trace context up, and none of our own keys [SP-5]', async () => {
    const server = await http('modern');
    const upstream = createUpstreamWorld().start('peer', httpAt(server.url));
    await enters(upstream, 'live');
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await call(upstream, 'echo', { text: 'x' }, { meta: { traceparent, 'dev.fairlead/inner': 1, progressToken: 9 } });
    expect(server.requests.at(-1)?.headers['mcp-method']).toBe('tools/call');
    expect(server.requests.at(-1)?.headers['mcp-name']).toBe('echo');
    expect(server.requests.at(-1)?.meta).toMatchObject({ traceparent });
    expect(server.requests.at(-1)?.meta).not.toHaveProperty('dev.fairlead/inner');
  });
});

describe('a listing', () => {
  it.each(['legacy stdio', 'legacy http', 'modern http', 'modern stdio'])(
    'follows changes that an upstream over %s announces [SP-5]',
    async (peer) => {
      const [era, transport] = peer.split(' ');
      const world = createUpstreamWorld();
      const settings = transport === 'http' ? httpAt((await http(era as 'legacy')).url) : fixtureOver(era ?? '');
      const upstream = world.start('peer', settings);
      await enters(upstream, 'live');
      await pause(300); // the stream of changes opens in the background
      await textOf(call(upstream, 'grow'));
      await until(() => world.catalog.items.get('peer')?.tools.some((tool) => tool.name === 'grown_0') ?? false);
      expect(upstream.status().tools).toBe(17);
    },
  );

  it('says for which upstreams the claims about tools are believed [SP-11]', async () => {
    const server = await http('modern');
    const world = createUpstreamWorld({}, ['127.0.0.1']);
    const declared = world.start('declared', httpAt(server.url));
    const added = world.start('added', httpAt(server.url), 'runtime');
    const overridden = world.start('overridden', httpAt(server.url, { annotations: 'ignore' }));
    await Promise.all([declared, added, overridden].map((upstream) => enters(upstream, 'live')));
    expect([...world.catalog.facts].map(([name, facts]) => [name, facts.trustAnnotations]).sort()).toEqual([
      ['added', false],
      ['declared', true],
      ['overridden', false],
    ]);
  });
});

describe('a bad upstream', () => {
  it('does not keep nine others from being listed, and says what is wrong with it [SP-10]', async () => {
    const world = createUpstreamWorld({ backoffMinMs: 100, connectMs: 30_000 });
    const peer = await http('both');
    const silence = await serveSilence();
    cleanups.push(silence.stop);
    const start = { startTimeoutMs: 3_000 };
    const good = [
      ...['one', 'two', 'three', 'four'].map((name) => world.start(name, httpAt(peer.url, start))),
      ...['five', 'six', 'seven'].map((name) => world.start(name, fixtureOver('legacy', start))),
    ];
    const hanging = world.start('hanging', httpAt(silence.url, start));
    const crashing = world.start('crashing', fixtureOver('crash', start));
    const slow = world.start('slow', fixtureOver('slow', { ...start, parameter: 20_000 }));
    const startedAt = Date.now();
    await Promise.all([...good, hanging, crashing, slow].map((upstream) => upstream.settled));
    expect(Date.now() - startedAt).toBeLessThan(4_000);
    await until(() => good.every((upstream) => upstream.status().state === 'live'));
    expect(hanging.status()).toMatchObject({ state: 'starting', reason: 'it has not answered within 3000 ms' });
    expect(slow.status().reason).toBe('it has not answered within 3000 ms');
    expect(crashing.status()).toMatchObject({ state: 'failing', reason: 'its process ended with code 1' });
    expect([...world.catalog.stale.keys()].sort()).toEqual(['crashing', 'hanging', 'slow']);
    const refusedAt = Date.now();
    await expect(call(crashing, 'echo')).rejects.toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      message: 'The upstream "crashing" cannot be reached: its process ended with code 1',
      retryAfterSeconds: expect.any(Number),
    });
    await expect(call(hanging, 'echo')).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    expect(Date.now() - refusedAt).toBeLessThan(200);
    await until(() => slow.status().state === 'live', 30_000);
    expect(world.catalog.stale.has('slow')).toBe(false);
  }, 60_000);

  it('that crashes in a loop is started ever more seldom [SP-9] [SP-10]', async () => {
    const world = createUpstreamWorld({ backoffMinMs: 50, backoffMaxMs: 10_000 });
    const upstream = world.start('crashing', fixtureOver('crash'));
    await enters(upstream, 'failing');
    await pause(5_000);
    // Each attempt is two processes, since the first may have died of the question what it speaks.
    expect(upstream.status().restarts).toBeGreaterThan(2);
    expect(upstream.status().restarts).toBeLessThan(9);
    expect(upstream.status().inFlight).toBe(0);
  });

  it('keeps its last known items, marked stale, and comes back by itself [SP-9] [SP-10]', async () => {
    const world = createUpstreamWorld({ backoffMinMs: 300, backoffMaxMs: 300 });
    const upstream = world.start('peer', fixtureOver('legacy'));
    await enters(upstream, 'live');
    await expect(call(upstream, 'crash')).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    await until(() => world.catalog.stale.has('peer'));
    expect(world.catalog.stale.get('peer')).toBe('its process ended with code 3');
    expect(world.catalog.items.get('peer')?.tools).toHaveLength(16);
    await enters(upstream, 'live');
    expect(world.catalog.stale.has('peer')).toBe(false);
    expect(await textOf(call(upstream, 'echo', { text: 'back' }))).toBe('back');
    expect(upstream.status().restarts).toBe(1);
  });

  it('over HTTP that goes down and comes up again is noticed both times without a call [SP-10]', async () => {
    const timing = { healthEveryMs: 100, healthMs: 500, backoffMinMs: 50, backoffMaxMs: 200 };
    for (const eras of ['legacy', 'modern'] as const) {
      const world = createUpstreamWorld(timing);
      const first = await serveHttpFixture(eras);
      const upstream = world.start('peer', httpAt(first.url));
      await enters(upstream, 'live');
      await first.stop();
      await enters(upstream, 'failing');
      expect(upstream.status().reason).toMatch(/connection was (refused|closed)/);
      const second = await serveHttpFixture(eras, Number(new URL(first.url).port));
      cleanups.push(second.stop);
      await enters(upstream, 'live');
    }
  });

  it('that stops answering is noticed, although its process lives [SP-10]', async () => {
    const world = createUpstreamWorld({ healthEveryMs: 100, healthMs: 200, backoffMinMs: 5_000 });
    const upstream = world.start('peer', fixtureOver('legacy'));
    await enters(upstream, 'live');
    const [pid = 0] = world.pids;
    process.kill(pid, 'SIGSTOP');
    await enters(upstream, 'failing');
    expect(upstream.status().reason).toBe('it did not answer in time');
    await until(() => !isAlive(pid));
  });

  it('that writes noise to stdout and floods stderr works, and does not flood the log [SP-10]', async () => {
    const world = createUpstreamWorld();
    const upstream = world.start('noisy', fixtureOver('noisy'));
    await enters(upstream, 'live');
    expect(await textOf(call(upstream, 'echo', { text: 'through the noise' }))).toBe('through the noise');
    expect(world.logged.filter(({ msg }) => msg === 'upstream stderr').length).toBeLessThan(100);
    expect(world.logged.some(({ line }) => line === 'Welcome to the noisy server!')).toBe(true);
  });

  it('says what is wrong in words fit for callers: no path, address or secret [SP-9] [SP-10]', async () => {
    const world = createUpstreamWorld({ backoffMinMs: 60_000 });
    const secret = 'hunter2-and-then-some';
    const gone = world.start(
      'gone',
      stdioUpstream.parse({ command: '/opt/nowhere/server', args: ['--token', secret] }),
    );
    const closed = await serveSilence();
    await closed.stop();
    const { host } = new URL(closed.url);
    const refused = world.start('refused', httpAt(`http://u:${secret}@${host}/mcp?key=${secret}`));
    const unknown = world.start('unknown', httpAt('http://no-such-host.invalid/mcp', { headers: { 'X-Key': secret } }));
    await Promise.all([gone, refused, unknown].map((upstream) => enters(upstream, 'failing')));
    const statuses = [gone, refused, unknown].map((upstream) => upstream.status());
    expect(JSON.stringify(statuses)).not.toContain('hunter2');
    expect(statuses.map(({ target }) => target)).toEqual([
      '/opt/nowhere/server --token ***',
      `http://${host}/mcp?key=***`,
      'http://no-such-host.invalid/mcp',
    ]);
    expect(statuses[1]?.reason).toBe('the connection was refused');
    expect(statuses[2]?.reason).toBe('the host name is not known');
    expect(JSON.stringify(world.logged)).not.toContain('hunter2');
  });
});

describe('the end', () => {
  it('leaves no process and no session behind, in bounded time [SP-9]', async () => {
    const world = createUpstreamWorld();
    const peer = await http('legacy');
    const shared = world.start('shared', fixtureOver('legacy'));
    const alone = world.start('alone', fixtureOver('legacy', { isolation: 'principal' }));
    const hanging = world.start('hanging', fixtureOver('hang'));
    const remote = world.start('remote', httpAt(peer.url, { isolation: 'principal' }));
    await Promise.all([shared, alone, remote].map((upstream) => enters(upstream, 'live')));
    await Promise.all(
      [alone, remote].map((upstream) => textOf(call(upstream, 'echo', { text: 'x' }, { principal: 'p' }))),
    );
    expect(world.pids).toHaveLength(4);
    expect(peer.sessions()).toBe(2);
    const running = [shared, remote].map((upstream) => call(upstream, 'sleep', { ms: 60_000 }).catch((e: Error) => e));
    await pause(200);
    const startedAt = Date.now();
    await Promise.all([shared, alone, hanging, remote].map((upstream) => upstream.stop()));
    expect(Date.now() - startedAt).toBeLessThan(6_000);
    for (const error of await Promise.all(running)) expect(error).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    await until(() => !world.pids.some(isAlive));
    expect(peer.sessions()).toBe(0);
  });

  it('of an upstream that was replaced waits for its running calls [SP-3]', async () => {
    const world = createUpstreamWorld();
    const upstream = world.start('peer', fixtureOver('legacy'));
    await enters(upstream, 'live');
    const running = textOf(call(upstream, 'sleep', { ms: 700 }));
    await until(() => upstream.status().inFlight === 1);
    await upstream.retire();
    expect(await running).toBe('slept');
    expect(upstream.status().state).toBe('stopped');
    await until(() => !world.pids.some(isAlive));
  });
});
