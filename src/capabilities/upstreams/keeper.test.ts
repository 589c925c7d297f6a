import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { serveHttpFixture, serveSilence } from '../../../test/fixtures/servers/http.ts';
import { timersOf } from '../../../test/timers.ts';
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

function _folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'fairlead-upstreams-'));
  cleanups.push(() => rmSync(path, { recursive: true }));
  return path;
}

describe('a bad upstream', () => {
  it('that ends while it starts is told of with its last words, to those who operate [SP-9] [SP-10]', async () => {
    const world = createUpstreamWorld();
    const script = `console.error('Error: there is no folder ./notes'); console.error('    at main'); process.exit(1)`;
    const settings = stdioUpstream.parse({ command: process.execPath, args: ['-e', script] });
    const upstream = world.start('wordy', settings);
    await enters(upstream, 'failing');
    expect(upstream.status().reason).toBe('its process ended with code 1');
    expect(upstream.status().detail).toBe(
      'its process ended with code 1; it had said: Error: there is no folder ./notes',
    );
  });

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
    const slow = world.start('slow', fixtureOver('slow', { ...start, parameter: 8_000 }));
    const startedAt = Date.now();
    await Promise.all([...good, hanging, crashing, slow].map((upstream) => upstream.settled));
    expect(Date.now() - startedAt).toBeLessThan(4_000);
    await until(() => good.every((upstream) => upstream.status().state === 'live'));
    expect(hanging.status()).toMatchObject({ state: 'starting', reason: 'it has not answered within 3000 ms' });
    expect(slow.status().reason).toBe('it has not answered within 3000 ms');
    await enters(crashing, 'failing');
    expect(crashing.status().reason).toBe('its process ended with code 1');
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
    expect(world.catalog.items.get('peer')?.tools).toHaveLength(17);
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

  it('that comes back again and again, and lists anew, leaves no timer of before behind [CA-11]', async () => {
    const connectMs = 119_137; // nobody else's
    const world = createUpstreamWorld({
      connectMs,
      backoffMinMs: 20,
      backoffMaxMs: 40,
      relistDebounceMs: 1,
      relistMinMs: 1,
    });
    const upstream = world.start('peer', fixtureOver('legacy'));
    for (let n = 0; n < 4; n++) {
      await enters(upstream, 'live');
      await call(upstream, 'grow');
      process.kill(world.pids.at(-1) ?? 0, 'SIGKILL');
      await enters(upstream, 'failing');
    }
    await enters(upstream, 'live');
    await until(() => timersOf(connectMs) === 0);
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

  it('is not blamed when the catalog cannot be written: it stays live and is listed again [SP-10]', async () => {
    const world = createUpstreamWorld({ backoffMaxMs: 400, relistMinMs: 10 });
    const { replaceItems } = world.around.catalog;
    let broken = true;
    world.around.catalog.replaceItems = async (...listed) => {
      if (broken) throw new Error('the database is away');
      return replaceItems(...listed);
    };
    const upstream = world.start('peer', fixtureOver('legacy'));
    await enters(upstream, 'live');
    expect(await textOf(call(upstream, 'echo', { text: 'x' }))).toBe('x');
    broken = false;
    await until(() => world.catalog.items.has('peer'));
    expect(upstream.status().restarts).toBe(0);
  });

  it('that announces changes all the time is listed now and then [SP-10]', async () => {
    const world = createUpstreamWorld({ relistDebounceMs: 20, relistMinMs: 300 });
    const upstream = world.start('peer', fixtureOver('legacy'));
    await enters(upstream, 'live');
    const startedAt = Date.now();
    while (Date.now() - startedAt < 1_500) await textOf(call(upstream, 'grow'));
    await pause(400);
    expect(world.catalog.listings).toBeGreaterThan(3);
    expect(world.catalog.listings).toBeLessThan(9);
  });
});
