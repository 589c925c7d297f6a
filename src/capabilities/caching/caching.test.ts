import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLog } from '../../../test/database.ts';
import { caching as schema } from '../../config/caching-schema.ts';
import type { ProviderReply } from '../../kernel/call.ts';
import { type Bus, createBus } from '../../platform/bus/index.ts';
import { type Caching, createCaching, type ToolCall } from './caching.ts';

type Result = Extract<ProviderReply, { kind: 'result' }>;

let nowMs = 1_795_219_200_000;
let bus: Bus;
const open: Caching[] = [];

beforeAll(async () => {
  bus = await createBus({ log: silentLog });
});
afterAll(async () => {
  for (const one of open) one.stop();
  await bus?.stop();
});

function cacheOf(settings: unknown, sessions = false): Caching {
  const one = createCaching({
    bus,
    clock: { now: () => nowMs },
    log: silentLog,
    settings: schema.parse(settings),
    isBoundToSession: () => sessions,
    instruments: { hit: () => undefined, miss: () => undefined },
  });
  one.start();
  open.push(one);
  return one;
}

const callOf = (id: string, args: Record<string, unknown> = {}, more: Record<string, unknown> = {}): ToolCall =>
  ({
    operation: 'tool',
    arguments: args,
    signal: new AbortController().signal,
    principal: { id: 'key:1', org: 'acme' },
    tool: { id, org: 'acme', digest: 'sha256:1', annotations: { readOnly: true } },
    ...more,
  }) as unknown as ToolCall;
const result = (text: string): Result => ({ kind: 'result', result: { content: [{ type: 'text', text }] } });

/** What the call is told: what was kept, or `text`, which then is. */
async function use(cache: Caching, call: ToolCall, text: string): Promise<string> {
  const begun = await cache.begin(call);
  if (begun?.kind === 'hit') return JSON.stringify(begun.reply.result).replace(/.*"text":"([^"]*).*/, '$1');
  begun?.end({ ran: true, reply: result(text) });
  return text;
}

describe('what is kept of results', () => {
  const settings = {
    results: [{ tools: ['git.log', 'web.*'], ttlSeconds: 10, tags: ['repo'] }],
    invalidations: [{ tools: ['git.push'], tags: ['repo'] }],
  };

  it('counts for one definition of a tool, its arguments in whatever order, and no other operation [CO-7]', async () => {
    const cache = cacheOf(settings);
    await use(cache, callOf('git.log', { a: 1, b: 2 }), 'one');
    expect(await use(cache, callOf('git.log', { b: 2, a: 1 }), 'two')).toBe('one');
    expect(await use(cache, callOf('git.log', { a: 1 }), 'two')).toBe('two');
    const changed = { tool: { ...callOf('git.log').tool, digest: 'sha256:2' } };
    expect(await use(cache, callOf('git.log', { a: 1, b: 2 }, changed), 'new')).toBe('new');
    const elsewhere = { principal: { id: 'key:1', org: 'other' } };
    expect(await use(cache, callOf('git.log', { a: 1, b: 2 }, elsewhere), 'theirs')).toBe('theirs');
    expect(cache.begin(callOf('git.log', {}, { operation: 'read' }))).toBeUndefined();
    expect(cache.begin(callOf('git.log', {}, { continuation: {} }))).toBeUndefined();
    expect(cache.begin(callOf('git.status'))).toBeUndefined();
    expect(cacheOf(settings, true).begin(callOf('git.log'))).toBeUndefined(); // bound to its session
    nowMs += 10_000;
    expect(await use(cache, callOf('git.log', { a: 1, b: 2 }), 'later')).toBe('later');
  });

  it('is invalidated on every server by a call on one of them, within the organisation [CO-7]', async () => {
    const [here, there] = [cacheOf(settings), cacheOf(settings)];
    const theirs = { principal: { id: 'key:1', org: 'other' } };
    await use(there, callOf('git.log'), 'before');
    await use(there, callOf('git.log', {}, theirs), 'before');
    await use(here, callOf('git.push', {}, { tool: { ...callOf('git.push').tool, annotations: {} } }), 'pushed');
    await expect.poll(() => there.stateOf('acme').entries).toBe(0);
    expect(await use(there, callOf('git.log'), 'after')).toBe('after');
    expect(await use(there, callOf('git.log', {}, theirs), 'after')).toBe('before');
  });

  it('takes no more memory than it may, and gives up what was not asked for longest [CO-7]', async () => {
    const cache = cacheOf({ ...settings, maxMiB: 1 });
    const large = 'x'.repeat(90 * 1024);
    for (let n = 0; n < 20; n++) {
      await use(cache, callOf('web.get', { n }), large);
      await use(cache, callOf('web.get', { n: 0 }), large); // asked for all the time
    }
    expect(cache.size().bytes).toBeLessThanOrEqual(1024 * 1024);
    expect(cache.size().entries).toBeGreaterThan(8);
    expect(await use(cache, callOf('web.get', { n: 0 }), 'anew')).toBe(large);
    expect(await use(cache, callOf('web.get', { n: 1 }), 'anew')).toBe('anew');
    await use(cache, callOf('web.get', { n: 'huge' }), 'y'.repeat(200 * 1024));
    expect(await use(cache, callOf('web.get', { n: 'huge' }), 'anew')).toBe('anew'); // one must not push out all others
    cache.redeclare(schema.parse({}));
    expect(cache.size()).toEqual({ entries: 0, bytes: 0 });
  });
});
