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
  type UpstreamWorld,
} from '../../../test/upstreams.ts';
import { CallerCannotAnswer } from './errors.ts';
import type { Upstream } from './upstream.ts';

const servers: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

type Peer = 'legacy stdio' | 'modern stdio' | 'legacy http' | 'modern http' | 'sse';
const peers: Peer[] = ['legacy stdio', 'modern stdio', 'legacy http', 'modern http', 'sse'];
const eraOf = (peer: Peer) => (peer.startsWith('modern') ? '2026-07-28' : '2025');

async function connect(peer: Peer, world: UpstreamWorld, more: Record<string, unknown> = {}): Promise<Upstream> {
  const [era, transport] = peer.split(' ');
  let upstream: Upstream;
  if (transport === 'stdio') upstream = world.start('fixture', fixtureOver(era ?? '', more));
  else {
    const server = peer === 'sse' ? await serveSseFixture() : await serveHttpFixture(era as 'legacy' | 'modern');
    servers.push(server);
    upstream = world.start('fixture', httpAt(server.url, more));
  }
  await enters(upstream, 'live');
  return upstream;
}

describe.each(peers)('an upstream over %s', (peer) => {
  it('asks a caller that has a session during the call, and gets its answer [SP-6]', async () => {
    const upstream = await connect(peer, createUpstreamWorld());
    expect(upstream.status().era).toMatch(new RegExp(`^${eraOf(peer)}`));
    const ann = caller('ann');
    expect(await textOf(call(upstream, 'ask', { question: 'colour?' }, { link: ann.link }))).toContain(
      "colour? accept ann's answer",
    );
    expect(ann.asked).toMatchObject([{ method: 'elicitation/create', params: { message: 'colour?' } }]);
  });

  it('never gets the question of one call to the caller of another [SP-6]', async () => {
    const upstream = await connect(peer, createUpstreamWorld());
    const names = ['ann', 'bob', 'eve'];
    const callers = names.map((name) => caller(name));
    const results = await Promise.allSettled(
      callers.map(({ link }, n) =>
        textOf(call(upstream, 'ask', { question: `for ${names[n]}`, afterMs: 100 * n }, { link })),
      ),
    );
    for (const [n, { asked }] of callers.entries()) {
      for (const { params } of asked) expect(params.message).toBe(`for ${names[n]}`);
    }
    const shared = peer === 'legacy stdio' || peer === 'sse';
    if (shared) {
      // The first two ask while others are in flight; the last one is alone by then.
      expect(callers[0]?.asked).toEqual([]);
      expect(callers[2]?.asked).toHaveLength(1);
    } else {
      expect(results.map((result) => result.status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
      expect(callers.map(({ asked }) => asked.length)).toEqual([1, 1, 1]);
    }
  });

  it('is told why a caller that cannot be asked is not asked [SP-6]', async () => {
    const upstream = await connect(peer, createUpstreamWorld());
    const mute = caller('mute', { era: 'none' });
    const deaf = caller('deaf', { capabilities: { sampling: {} } });
    for (const { link, asked } of [mute, deaf]) {
      await expect(textOf(call(upstream, 'ask', { question: '?' }, { link }))).rejects.toThrow(
        /caller|does not support|Missing|capabilit/i,
      );
      expect(asked).toEqual([]);
    }
  });
});

describe('a question on a shared pipe', () => {
  it('is refused after a call was given up, since it may be the one that asks [SP-6]', async () => {
    const upstream = await connect('legacy stdio', createUpstreamWorld());
    const [ann, bob] = [caller('ann'), caller('bob')];
    const given = new AbortController();
    const first = call(
      upstream,
      'ask',
      { question: 'for ann', afterMs: 400 },
      { link: ann.link, signal: given.signal },
    );
    await pause(150);
    given.abort();
    await expect(first).rejects.toThrow('cancelled');
    await textOf(call(upstream, 'sleep', { ms: 600 }, { link: bob.link }));
    expect(bob.asked).toEqual([]);
    expect(ann.asked).toEqual([]);
  });

  it('is refused on the standing stream of a shared HTTP session while several calls run [SP-6]', async () => {
    const upstream = await connect('legacy http', createUpstreamWorld());
    const callers = ['ann', 'bob'].map((name) => caller(name));
    const question = { question: 'whose?', afterMs: 100, unrelated: true };
    const results = await Promise.allSettled(
      callers.map(({ link }) => textOf(call(upstream, 'ask', question, { link }))),
    );
    expect(results.map((result) => result.status)).toContain('rejected');
    expect(callers[0]?.asked).toEqual([]);
    const alone = caller('alone');
    expect(await textOf(call(upstream, 'ask', question, { link: alone.link }))).toBe("whose? accept alone's answer");
  });

  it('reaches each caller when every session has a process of its own [SP-6]', async () => {
    const world = createUpstreamWorld();
    const upstream = await connect('legacy stdio', world, { isolation: 'session' });
    const callers = ['ann', 'bob'].map((name) => caller(name));
    const answers = await Promise.all(
      callers.map(({ link }) => textOf(call(upstream, 'ask', { question: 'who?', afterMs: 200 }, { link }))),
    );
    expect(answers).toEqual(["who? accept ann's answer", "who? accept bob's answer"]);
    expect(world.pids).toHaveLength(3); // one that lists, and one for each session
  });
});

describe('isolation', () => {
  it('gives each principal its own process and keeps it for the next call [SP-6]', async () => {
    const world = createUpstreamWorld();
    const upstream = await connect('legacy stdio', world, { isolation: 'principal' });
    const whoami = (principal: string) => textOf(call(upstream, 'whoami', {}, { principal }));
    const [one, two] = await Promise.all([whoami('key:1'), whoami('key:2')]);
    expect(one).not.toBe(two);
    expect(await whoami('key:1')).toBe(one);
    expect(world.pids).toHaveLength(3);
  });

  it('closes connections that nobody uses and makes room for others [SP-6]', async () => {
    const world = createUpstreamWorld({ maxIsolated: 2, idleMs: 300 });
    const server = await serveHttpFixture('legacy');
    servers.push(server);
    const upstream = world.start('fixture', httpAt(server.url, { isolation: 'principal' }));
    await enters(upstream, 'live');
    for (const principal of ['a', 'b', 'c', 'd']) await textOf(call(upstream, 'whoami', {}, { principal }));
    await pause(900);
    expect(server.sessions()).toBe(1); // the one that lists
  });

  it('refuses more callers than it has places for [SP-6]', async () => {
    const world = createUpstreamWorld({ maxIsolated: 1 });
    const upstream = await connect('legacy http', world, { isolation: 'principal' });
    const first = textOf(call(upstream, 'sleep', { ms: 500 }, { principal: 'a' }));
    await pause(200);
    await expect(call(upstream, 'whoami', {}, { principal: 'b' })).rejects.toThrow('busy');
    expect(await first).toBe('slept');
  });
});

describe('an upstream of the newer protocol', () => {
  it('hands its questions to a caller of the newer protocol and takes the next round [SP-6]', async () => {
    const upstream = await connect('modern http', createUpstreamWorld());
    const { link, asked } = caller('ann', { era: 'modern' });
    const first = await call(upstream, 'ask', { question: 'which?' }, { link });
    expect(first).toMatchObject({
      kind: 'input_required',
      required: { requestState: 'state of which?', inputRequests: { it: { method: 'elicitation/create' } } },
    });
    const continuation = {
      requestState: 'state of which?',
      inputResponses: { it: { action: 'accept', content: { answer: 'that' } } },
    };
    expect(await textOf(call(upstream, 'ask', { question: 'which?' }, { link, continuation }))).toBe(
      'which? accept that state of which?',
    );
    expect(asked).toEqual([]);
  });

  it('asks several rounds of a caller with a session [SP-6]', async () => {
    const upstream = await connect('modern stdio', createUpstreamWorld());
    const { link, asked } = caller('ann');
    expect(await textOf(call(upstream, 'ask_twice', { question: 'q' }, { link }))).toBe(
      "ann's answer then ann's answer",
    );
    expect(asked.map(({ params }) => params.message)).toEqual(['q first', 'q second']);
  });

  it('learns what the caller, not the gateway, can be asked [SP-6]', async () => {
    const upstream = await connect('modern http', createUpstreamWorld());
    const seen = async (link: ReturnType<typeof caller>['link']) =>
      JSON.parse(await textOf(call(upstream, 'capabilities', {}, { link })));
    expect(await seen(caller('a', { capabilities: { sampling: {}, experimental: {} } }).link)).toEqual({
      sampling: {},
    });
    expect(await seen(caller('b', { era: 'none' }).link)).toEqual({});
  });
});

describe('what comes up beside the result', () => {
  it.each(['legacy stdio', 'modern stdio', 'legacy http', 'modern http'] as const)(
    'progress reaches its caller over %s [SP-5] [SP-6]',
    async (peer) => {
      const upstream = await connect(peer, createUpstreamWorld());
      const callers = ['ann', 'bob'].map((name) => caller(name));
      await Promise.all(callers.map(({ link }) => textOf(call(upstream, 'count', {}, { link }))));
      for (const { progress } of callers) {
        expect(progress.map((update) => update.message)).toEqual(['step 1', 'step 2', 'step 3']);
      }
    },
  );

  it.each(['legacy stdio', 'modern stdio', 'legacy http', 'modern http'] as const)(
    'a caller that goes away cancels its call over %s [SP-6] [SP-11]',
    async (peer) => {
      const world = createUpstreamWorld();
      const [era, transport] = peer.split(' ');
      let http: HttpFixture | undefined;
      if (transport === 'http') {
        http = await serveHttpFixture(era as 'legacy');
        servers.push(http);
      }
      const upstream = world.start('fixture', http ? httpAt(http.url) : fixtureOver(era ?? ''));
      await enters(upstream, 'live');
      const gone = new AbortController();
      const running = call(upstream, 'sleep', { ms: 5_000 }, { signal: gone.signal });
      await pause(300);
      const abortedAt = Date.now();
      gone.abort();
      await expect(running).rejects.toMatchObject({ code: 'CALL_CANCELLED' });
      expect(Date.now() - abortedAt).toBeLessThan(500);
      if (http) await expect.poll(() => http?.state.cancelled).toEqual(['sleep']);
      expect(upstream.status()).toMatchObject({ inFlight: 0, breaker: 'closed' });
      expect(await textOf(call(upstream, 'echo', { text: 'still here' }))).toBe('still here');
    },
  );

  it('sampling, roots and log messages go to the caller too [SP-5] [SP-6]', async () => {
    for (const peer of ['legacy stdio', 'modern http'] as const) {
      const upstream = await connect(peer, createUpstreamWorld());
      const ann = caller('ann', { logLevel: 'debug' });
      expect(await textOf(call(upstream, 'ask_model', { question: 'x' }, { link: ann.link }))).toContain("ann's model");
      expect(await textOf(call(upstream, 'ask_roots', {}, { link: ann.link }))).toContain('file:///ann');
      await textOf(call(upstream, 'log', { text: 'a line' }, { link: ann.link }));
      expect(ann.logs).toEqual(['a line']);
    }
  });

  it('a question waits no longer than it may [SP-6]', async () => {
    for (const peer of ['legacy http', 'modern http'] as const) {
      const upstream = await connect(peer, createUpstreamWorld({ questionMs: 300 }));
      const slow = caller('slow', { ask: () => new Promise(() => undefined) });
      const startedAt = Date.now();
      const error = await textOf(call(upstream, 'ask', { question: '?' }, { link: slow.link })).catch(
        (e: unknown) => e,
      );
      expect(String(error)).toContain('did not answer in time');
      expect(Date.now() - startedAt).toBeLessThan(2_000);
      if (peer === 'modern http') expect(CallerCannotAnswer.is(error)).toBe(true);
    }
  });

  it("the call's clock stands still while its caller thinks [SP-6] [SP-11]", async () => {
    const upstream = await connect('legacy stdio', createUpstreamWorld());
    const { link } = caller('ann', {
      ask: async () => {
        await pause(900);
        return { action: 'accept', content: { answer: 'late' } };
      },
    });
    expect(await textOf(call(upstream, 'ask', { question: '?' }, { link, timeoutMs: 600 }))).toBe('? accept late');
  });
});
