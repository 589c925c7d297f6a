import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { serveHttpFixture } from '../../../test/fixtures/servers/http.ts';
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
    const sent = server.requests.findLast(({ rpc }) => rpc === 'tools/call'); // other streams may open meanwhile
    expect(sent?.headers['mcp-method']).toBe('tools/call');
    expect(sent?.headers['mcp-name']).toBe('echo');
    expect(sent?.meta).toMatchObject({ traceparent });
    expect(sent?.meta).not.toHaveProperty('dev.fairlead/inner');
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
      expect(upstream.status().tools).toBe(18);
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
