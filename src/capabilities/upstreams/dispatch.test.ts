import { afterEach, describe, expect, it } from 'vitest';
import { type HttpFixture, serveHttpFixture, serveSseFixture } from '../../../test/fixtures/servers/http.ts';
import {
  call,
  caller,
  createUpstreamWorld,
  enters,
  fixtureOver,
  httpAt,
  pause,
  textOf,
  until,
} from '../../../test/upstreams.ts';
import type { Timing } from './types.ts';
import type { Upstream } from './upstream.ts';

const servers: HttpFixture[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

const quick = { retryMinMs: 10, retryMaxMs: 20, healthEveryMs: 60_000 };

async function overHttp(more: Record<string, unknown> = {}, timing: Partial<Timing> = quick) {
  const server = await serveHttpFixture('modern');
  servers.push(server);
  const upstream = createUpstreamWorld(timing).start('peer', httpAt(server.url, more));
  await enters(upstream, 'live');
  const calls = () => server.requests.filter(({ rpc }) => rpc === 'tools/call').length;
  return { server, upstream, calls };
}

const readOnly = { annotations: { readOnly: true } };

describe('time', () => {
  it.each(['http', 'stdio'])('ends a call over %s at its time-out, and frees its place [SP-11]', async (transport) => {
    const more = { callTimeoutMs: 300, maxConcurrentCalls: 1 };
    const upstream =
      transport === 'http'
        ? (await overHttp(more)).upstream
        : createUpstreamWorld().start('peer', fixtureOver('legacy', more));
    await enters(upstream, 'live');
    const startedAt = Date.now();
    await expect(call(upstream, 'sleep', { ms: 10_000 })).rejects.toMatchObject({
      code: 'UPSTREAM_TIMEOUT',
      message: 'The upstream "peer" did not answer within 300 ms, the time-out of this upstream.',
      spec: { status: 504, category: 'timeout' },
    });
    expect(Date.now() - startedAt).toBeLessThan(1_500);
    expect(await textOf(call(upstream, 'echo', { text: 'next' }, { timeoutMs: 5_000 }))).toBe('next');
  });

  it("of a tool beats the upstream's, and the call's deadline beats both [SP-11]", async () => {
    const { upstream } = await overHttp({ callTimeoutMs: 60_000 });
    await expect(call(upstream, 'sleep', { ms: 9_000 }, { timeoutMs: 150 })).rejects.toThrow(
      'within 150 ms, the time-out of this tool.',
    );
    const startedAt = Date.now();
    const late = call(upstream, 'sleep', { ms: 9_000 }, { timeoutMs: 8_000, deadline: Date.now() + 200 });
    await expect(late).rejects.toMatchObject({
      code: 'UPSTREAM_TIMEOUT',
      message: 'The upstream "peer" did not answer within the time that its caller gave.',
      action: expect.stringContaining('try again with more time'),
    });
    expect(Date.now() - startedAt).toBeLessThan(1_500);
  });
});

describe('a further try', () => {
  it('is made for tools that only read, and hides a short trouble [SP-11]', async () => {
    const { server, upstream, calls } = await overHttp();
    server.fail(2, 503);
    expect(await textOf(call(upstream, 'echo', { text: 'at last' }, readOnly))).toBe('at last');
    expect(calls()).toBe(3);
    server.cut(1);
    expect(await textOf(call(upstream, 'echo', { text: 'again' }, { annotations: { idempotent: true } }))).toBe(
      'again',
    );
    expect(calls()).toBe(5);
  });

  it('is never made for a tool that may change something [SP-11]', async () => {
    const { server, upstream, calls } = await overHttp();
    server.fail(1, 503);
    await expect(call(upstream, 'write', { text: 'x' })).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    server.cut(1);
    await expect(call(upstream, 'write', { text: 'x' })).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    expect(calls()).toBe(2);
  });

  it('ends after as many as the upstream allows [SP-11]', async () => {
    const { server, upstream, calls } = await overHttp({ retries: 1 });
    server.fail(9, 500);
    await expect(call(upstream, 'echo', {}, readOnly)).rejects.toThrow('HTTP 500');
    expect(calls()).toBe(2);
  });

  it('waits as long as Retry-After says, and hands a long wait to the caller [SP-11]', async () => {
    const { server, upstream, calls } = await overHttp();
    server.fail(1, 429, { 'retry-after': '1' });
    const startedAt = Date.now();
    expect(await textOf(call(upstream, 'echo', { text: 'x' }, readOnly))).toBe('x');
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(1_000);
    server.fail(1, 503, { 'retry-after': '120' });
    await expect(call(upstream, 'echo', { text: 'x' }, readOnly)).rejects.toMatchObject({ retryAfterSeconds: 120 });
    server.fail(1, 429, { 'retry-after': '7' });
    await expect(call(upstream, 'write', {})).rejects.toMatchObject({ code: 'UPSTREAM_BUSY', retryAfterSeconds: 7 });
    expect(calls()).toBe(4);
  });

  it('is not made when the upstream refuses the request [SP-11]', async () => {
    const { server, upstream, calls } = await overHttp();
    await expect(call(upstream, 'refuse', {}, readOnly)).rejects.toMatchObject({
      code: 'UPSTREAM_INVALID_PARAMS',
      message: 'The upstream "peer" does not accept the arguments: these arguments do not fit',
    });
    server.fail(1, 401);
    await expect(call(upstream, 'echo', {}, readOnly)).rejects.toMatchObject({ code: 'UPSTREAM_UNAUTHORIZED' });
    expect(calls()).toBe(2);
  });
});

describe('the circuit breaker', () => {
  const breaker = { failures: 3, windowMs: 60_000, resetMs: 400 };
  const fails = (upstream: Upstream, target = 'write') =>
    call(upstream, target, {}).catch((error: { code: string }) => error.code);

  it('opens after so many failures, answers at once, and closes when one try succeeds [SP-11]', async () => {
    const { server, upstream, calls } = await overHttp({ breaker });
    server.fail(3, 500);
    for (let n = 0; n < 3; n++) await fails(upstream);
    expect(upstream.status().breaker).toBe('open');
    const refusal = call(upstream, 'write', {});
    await expect(refusal).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', retryAfterSeconds: 1 });
    expect(calls()).toBe(3);
    await pause(450);
    const [first, second] = await Promise.allSettled([
      call(upstream, 'sleep', { ms: 100 }),
      call(upstream, 'write', {}),
    ]);
    expect([first.status, second.status]).toEqual(['fulfilled', 'rejected']); // one try at a time
    expect(upstream.status().breaker).toBe('closed');
  });

  it('stays open when the try fails or says nothing [SP-11]', async () => {
    const { server, upstream } = await overHttp({ breaker });
    server.fail(4, 500);
    for (let n = 0; n < 3; n++) await fails(upstream);
    await pause(450);
    await fails(upstream);
    expect(upstream.status().breaker).toBe('open');
    await pause(450);
    const gone = new AbortController();
    const cancelled = call(upstream, 'sleep', { ms: 5_000 }, { signal: gone.signal });
    setTimeout(() => gone.abort(), 50);
    await expect(cancelled).rejects.toMatchObject({ code: 'CALL_CANCELLED' });
    await until(() => upstream.status().breaker === 'open'); // the caller is told before the try has ended
  });

  it('never counts what is the fault of the caller: refused arguments, tool errors, cancelled calls [SP-11]', async () => {
    const { server, upstream } = await overHttp({ breaker });
    for (let n = 0; n < 5; n++) expect(await fails(upstream, 'refuse')).toBe('UPSTREAM_INVALID_PARAMS');
    for (let n = 0; n < 5; n++) {
      const gone = new AbortController();
      const running = call(upstream, 'sleep', { ms: 5_000 }, { signal: gone.signal });
      setTimeout(() => gone.abort(), 10);
      await expect(running).rejects.toMatchObject({ code: 'CALL_CANCELLED' });
    }
    server.fail(50, 403);
    for (let n = 0; n < 5; n++) expect(await fails(upstream)).toBe('UPSTREAM_UNAUTHORIZED');
    const mute = caller('mute', { era: 'none' });
    server.fail(0, 500);
    for (let n = 0; n < 5; n++) await call(upstream, 'ask', {}, { link: mute.link }).catch(() => undefined);
    expect(upstream.status().breaker).toBe('closed');
  });

  it('counts time-outs [SP-11]', async () => {
    const { upstream } = await overHttp({ breaker, callTimeoutMs: 60 });
    for (let n = 0; n < 3; n++) await call(upstream, 'sleep', { ms: 2_000 }).catch(() => undefined);
    await expect.poll(() => upstream.status().breaker).toBe('open');
  });

  it('is not opened, and not closed, by callers who are in a hurry [SP-11]', async () => {
    const { server, upstream } = await overHttp({ breaker });
    const hurried = () => call(upstream, 'sleep', { ms: 2_000 }, { deadline: Date.now() + 30 }).catch(() => undefined);
    for (let n = 0; n < 4; n++) await hurried();
    expect(upstream.status().breaker).toBe('closed');
    server.fail(3, 500);
    for (let n = 0; n < 3; n++) await fails(upstream);
    await pause(450);
    await hurried();
    await expect.poll(() => upstream.status().breaker, { interval: 10 }).toBe('open');
  });

  it('forgets failures that are older than its window [SP-11]', async () => {
    const { server, upstream } = await overHttp({ breaker: { ...breaker, windowMs: 200 } });
    server.fail(4, 500);
    for (const pauseMs of [0, 0, 250, 0]) {
      await pause(pauseMs);
      await fails(upstream);
    }
    expect(upstream.status().breaker).toBe('closed');
  });
});

describe('the bulkhead', () => {
  it('lets so many calls in, queues as many, and refuses the rest at once [SP-11]', async () => {
    const { upstream } = await overHttp({ maxConcurrentCalls: 2 });
    const running = Array.from({ length: 4 }, () => textOf(call(upstream, 'sleep', { ms: 300 })));
    await pause(50);
    expect(upstream.status().inFlight).toBe(4);
    await expect(call(upstream, 'echo', {})).rejects.toMatchObject({ code: 'UPSTREAM_BUSY', retryAfterSeconds: 1 });
    const startedAt = Date.now();
    expect(await Promise.all(running)).toEqual(['slept', 'slept', 'slept', 'slept']);
    expect(Date.now() - startedAt).toBeGreaterThan(400);
    expect(upstream.status().inFlight).toBe(0);
  });

  it('lets a caller that waits in the queue go away, or run out of time, at once [SP-11]', async () => {
    const { upstream } = await overHttp({ maxConcurrentCalls: 1 });
    const running = textOf(call(upstream, 'sleep', { ms: 1_000 }));
    await pause(50);
    const startedAt = Date.now();
    await expect(call(upstream, 'echo', {}, { timeoutMs: 100 })).rejects.toMatchObject({ code: 'UPSTREAM_TIMEOUT' });
    expect(Date.now() - startedAt).toBeLessThan(600);
    expect(await running).toBe('slept');
  });

  it('of one upstream has no effect on another [SP-10] [SP-11]', async () => {
    const { upstream } = await overHttp({ maxConcurrentCalls: 1 });
    const { upstream: other } = await overHttp();
    const running = [call(upstream, 'sleep', { ms: 500 }), call(upstream, 'sleep', { ms: 1 })];
    expect(await textOf(call(other, 'echo', { text: 'free' }))).toBe('free');
    await Promise.all(running);
  });
});

describe('an answer that cannot be used', () => {
  it('fails its call alone when it is too long, over stdio and HTTP [SP-10]', async () => {
    const timing = { maxMessageBytes: 200_000 };
    for (const over of ['legacy stdio', 'modern http', 'legacy http']) {
      const [era, transport] = over.split(' ');
      const world = createUpstreamWorld(timing);
      const server = await serveHttpFixture(era as 'legacy');
      servers.push(server);
      const upstream = world.start('peer', transport === 'http' ? httpAt(server.url) : fixtureOver(era ?? ''));
      await enters(upstream, 'live');
      const beside = textOf(call(upstream, 'sleep', { ms: 500 }));
      const startedAt = Date.now();
      await expect(call(upstream, 'huge', { bytes: 300_000 })).rejects.toMatchObject({
        code: 'UPSTREAM_ANSWER_TOO_LARGE',
        message: expect.stringMatching(
          /^The upstream "peer" gave an answer of (30\d{4}|more than 200000) bytes; at most 200000 bytes are read\.$/,
        ),
      });
      expect(Date.now() - startedAt).toBeLessThan(3_000);
      expect(await beside, over).toBe('slept');
      expect(await textOf(call(upstream, 'huge', { bytes: 100_000 }))).toHaveLength(100_000);
      expect(upstream.status().restarts).toBe(0);
    }
  });

  it('is not even begun to be read when its head says that it is too long [SP-10]', async () => {
    const { server, upstream, calls } = await overHttp();
    server.fail(1, 200, { 'content-type': 'application/json', 'content-length': '100000000' });
    await expect(call(upstream, 'echo', { text: 'x' }, readOnly)).rejects.toThrow(
      'gave an answer of 100000000 bytes; at most 16777216 bytes are read.',
    );
    expect(calls()).toBe(1);
  });

  it('fails its call for its length over SSE too, whose stream breaks with it [SP-10]', async () => {
    const old = await serveSseFixture();
    try {
      const upstream = createUpstreamWorld({ maxMessageBytes: 200_000 }).start('peer', httpAt(old.url));
      await enters(upstream, 'live');
      await expect(call(upstream, 'echo', { text: 'x'.repeat(300_000) })).rejects.toMatchObject({
        code: 'UPSTREAM_ANSWER_TOO_LARGE',
      });
      await expect.poll(() => upstream.status().restarts).toBe(1);
      await enters(upstream, 'live');
      expect(await textOf(call(upstream, 'echo', { text: 'after it' }))).toBe('after it');
    } finally {
      await old.stop();
    }
  });

  it('of a listing is the reason why the upstream is not live [SP-10]', async () => {
    const { server } = await overHttp();
    for (const [over, settings] of Object.entries({ stdio: fixtureOver('legacy'), http: httpAt(server.url) })) {
      const upstream = createUpstreamWorld({ maxMessageBytes: 700 }).start('peer', settings);
      await enters(upstream, 'failing');
      expect([over, upstream.status().reason]).toEqual([over, expect.stringContaining('at most 700 bytes are read')]);
    }
  });
});
