import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTestDatabase, type TestDatabase } from '../../../test/database.ts';
import { serveHttpFixture, serveSilence } from '../../../test/fixtures/servers/http.ts';
import {
  createUpstreamWorld,
  fixtureOver,
  httpAt,
  isAlive,
  pause,
  type UpstreamWorld,
  until,
} from '../../../test/upstreams.ts';
import type { UpstreamSettings } from '../../config/schema.ts';
import { type Bus, createBus } from '../../platform/bus/index.ts';
import { createKeyring } from '../../platform/keyring/index.ts';
import { upstreamsMigrations } from './migrations.ts';
import { createUpstreams, type Upstreams, type UpstreamsDeps } from './upstreams.ts';

let database: TestDatabase;
let bus: Bus;
const cleanups: (() => unknown)[] = [];
const by = 'key:admin';
const reference = (to: string) => `\${${to}}`;
const loopback = ['127.0.0.1'];

beforeEach(async () => {
  database = await openTestDatabase(upstreamsMigrations);
  bus = await createBus({ log: createUpstreamWorld().around.log });
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
  await bus.stop();
  await database.stop();
});

interface House {
  upstreams: Upstreams;
  world: UpstreamWorld;
}

async function house(more: Partial<UpstreamsDeps> = {}, allow: readonly string[] = loopback): Promise<House> {
  const world = createUpstreamWorld({ backoffMinMs: 50 }, allow);
  const upstreams = createUpstreams({
    ...world.around,
    db: database.db,
    bus,
    keyring: createKeyring('a secret of at least thirty-two bytes'),
    clock: { now: Date.now },
    declared: {},
    allowRuntimeStdio: false,
    timing: { ...world.around.timing, pollMs: 200, healthEveryMs: 200, healthMs: 2_000 },
    ...more,
  });
  cleanups.unshift(upstreams.stop);
  await upstreams.start();
  await upstreams.ready();
  return { upstreams, world };
}

async function peer(eras: 'legacy' | 'modern' | 'both' = 'both') {
  const server = await serveHttpFixture(eras);
  cleanups.push(server.stop);
  return server;
}

const rows = async () => (await sql<{ settings: unknown }>`select * from upstreams_runtime`.execute(database.db)).rows;

describe('an upstream added at run time', () => {
  it('is connected at once and survives a restart [SP-9]', async () => {
    const { url } = await peer();
    const first = await house();
    expect(await first.upstreams.add('default', 'docs', { url }, by)).toMatchObject({
      name: 'docs',
      source: 'runtime',
    });
    await until(() => first.upstreams.get('default', 'docs')?.state === 'live');
    expect(first.world.catalog.facts.get('docs')).toMatchObject({ trustAnnotations: false });
    await first.upstreams.stop();
    const second = await house();
    expect(second.upstreams.list('default')).toMatchObject([{ name: 'docs', state: 'live', tools: 17 }]);
  });

  it('is followed, changed and left by the other replicas [SP-9]', async () => {
    const [one, two] = [await peer('modern'), await peer('legacy')];
    const [here, there] = [await house(), await house()];
    await here.upstreams.add('default', 'docs', { url: one.url }, by);
    await until(() => there.upstreams.get('default', 'docs')?.era === '2026-07-28');
    await here.upstreams.change('default', 'docs', { url: two.url }, by);
    await until(() => there.upstreams.get('default', 'docs')?.era === '2025-11-25');
    await here.upstreams.remove('default', 'docs', by);
    await until(() => there.upstreams.list().length === 0);
    expect(there.world.catalog.removed).toContain('docs');
    expect(here.world.catalog.removed).toContain('docs');
    await until(() => two.sessions() === 0);
  });

  it('belongs to its organisation: the other one may use the same name and sees nothing [SP-9] [SP-14]', async () => {
    const { url } = await peer();
    const { upstreams } = await house();
    await upstreams.add('acme', 'docs', { url }, by);
    expect(upstreams.list('other')).toEqual([]);
    expect(upstreams.get('other', 'docs')).toBeUndefined();
    expect(upstreams.describe('other', 'docs')).toBeUndefined();
    await expect(upstreams.remove('other', 'docs', by)).rejects.toMatchObject({ code: 'UPSTREAM_UNKNOWN' });
    await upstreams.add('other', 'docs', { url }, by);
    expect(upstreams.list('other')).toHaveLength(1);
    await expect(upstreams.add('acme', 'docs', { url }, by)).rejects.toMatchObject({ spec: { status: 409 } });
  });

  it('never gives its secrets out, nor leaves them readable in the database [SP-9]', async () => {
    const server = await peer();
    const { upstreams, world } = await house();
    const secret = 'ghp_0123456789abcdef';
    const url = `${server.url}?key=${secret}`;
    await upstreams.add('default', 'docs', { url, headers: { Authorization: `Bearer ${secret}` } }, by);
    await until(() => upstreams.get('default', 'docs')?.state === 'live');
    expect(server.requests.at(-1)?.headers.authorization).toBe(`Bearer ${secret}`);
    const shown = { list: upstreams.list(), describe: upstreams.describe('default', 'docs'), stored: await rows() };
    expect(JSON.stringify(shown)).not.toContain(secret);
    expect(JSON.stringify(world.logged)).not.toContain(secret);
    expect(shown.describe).toMatchObject({ url: `${server.url}?key=***`, headers: { Authorization: '***' } });
    await upstreams.change('default', 'docs', { ...shown.describe, callTimeoutMs: 1_234 }, by);
    await until(() => upstreams.get('default', 'docs')?.state === 'live');
    expect(upstreams.describe('default', 'docs')).toMatchObject({ callTimeoutMs: 1_234 });
    expect(server.requests.at(-1)?.headers.authorization).toBe(`Bearer ${secret}`);
  });

  it('may name secrets by reference, which are looked up and shown as written [SP-9]', async () => {
    const server = await peer();
    const resolveReference = async (text: string) => text.replace(reference('env:DOCS_TOKEN'), 'the-token-itself');
    const { upstreams } = await house({ resolveReference });
    await upstreams.add(
      'default',
      'docs',
      { url: server.url, headers: { 'X-Token': reference('env:DOCS_TOKEN') } },
      by,
    );
    await until(() => upstreams.get('default', 'docs')?.state === 'live');
    expect(server.requests.at(-1)?.headers['x-token']).toBe('the-token-itself');
    expect(upstreams.describe('default', 'docs')).toMatchObject({
      headers: { 'X-Token': reference('env:DOCS_TOKEN') },
    });
    const without = await house();
    const headers = { 'X-Token': reference('file:/etc/shadow') };
    await expect(without.upstreams.add('default', 'more', { url: server.url, headers }, by)).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    });
  });

  it('is refused when it could reach what only the server may reach [SP-9]', async () => {
    const { url } = await peer();
    const { upstreams } = await house({}, []);
    for (const target of [url, 'http://169.254.169.254/latest', 'http://localhost:1/']) {
      await expect(upstreams.add('default', 'docs', { url: target }, by)).rejects.toMatchObject({
        code: 'EGRESS_BLOCKED',
      });
      await expect(upstreams.test('default', 'docs', { url: target })).rejects.toMatchObject({
        code: 'EGRESS_BLOCKED',
      });
    }
    expect(upstreams.list()).toEqual([]);
  });

  it('starts no process unless the file allows it [SP-9]', async () => {
    const settings = fixtureOver('legacy');
    const { command, args } = settings as { command: string; args: string[] };
    const strict = await house();
    await expect(strict.upstreams.add('default', 'docs', { command, args }, by)).rejects.toMatchObject({
      code: 'RUNTIME_STDIO_OFF',
      spec: { status: 403 },
    });
    await expect(strict.upstreams.test('default', 'docs', { command, args })).rejects.toMatchObject({
      code: 'RUNTIME_STDIO_OFF',
    });
    const loose = await house({ allowRuntimeStdio: true });
    await loose.upstreams.add('default', 'docs', { command, args }, by);
    await until(() => loose.upstreams.get('default', 'docs')?.state === 'live');
    await until(() => strict.upstreams.get('default', 'docs')?.state === 'failing'); // a replica with another file
    expect(strict.world.pids).toEqual([]);
  });

  it('is refused with every fault at once and no value repeated [SP-9]', async () => {
    const { upstreams } = await house();
    const input = { url: 'ftp://secret-host/', isolation: 'secret-word', callTimeoutMs: -1 };
    const refusal = await upstreams.add('default', 'docs', input, by).catch((error: Error) => error.message);
    expect(refusal).toMatch(/url.*isolation.*callTimeoutMs/s);
    expect(refusal).not.toContain('secret');
    await expect(upstreams.add('default', 'Bad Name', { url: 'http://x.example/' }, by)).rejects.toThrow('name');
    await expect(upstreams.add('default', 'fairlead', { url: 'http://x.example/' }, by)).rejects.toThrow('taken');
  });

  it('whose secrets were sealed under another secret is shown as such [SP-9]', async () => {
    const { url } = await peer();
    const first = await house();
    await first.upstreams.add('default', 'docs', { url, headers: { 'X-Key': 'some-secret-value' } }, by);
    await first.upstreams.stop();
    const second = await house({ keyring: createKeyring('quite another secret of thirty-two bytes') });
    expect(second.upstreams.get('default', 'docs')).toMatchObject({
      state: 'failing',
      reason: 'its settings cannot be read; they have to be given again',
    });
    await second.upstreams.change('default', 'docs', { url }, by);
    await until(() => second.upstreams.get('default', 'docs')?.state === 'live');
  });
});

describe('a test of an upstream', () => {
  it('tells what it would offer, or why it does not work, and changes nothing [SP-9]', async () => {
    const server = await peer('legacy');
    const silence = await serveSilence();
    await silence.stop();
    const { upstreams, world } = await house();
    const good = await upstreams.test('default', 'docs', { url: server.url });
    expect(good).toMatchObject({ ok: true, era: '2025-11-25', transport: 'http', tools: 17, prompts: 1, resources: 2 });
    const bad = await upstreams.test('default', 'docs', { url: silence.url });
    expect(bad).toMatchObject({ ok: false, reason: 'the connection was refused' });
    expect(upstreams.list()).toEqual([]);
    expect(world.catalog.listings).toBe(0);
    expect(server.sessions()).toBe(0);
  });
});

describe('upstreams of the file', () => {
  it('cannot be changed at run time [SP-9]', async () => {
    const { url } = await peer();
    const { upstreams } = await house({ declared: { docs: httpAt(url) } });
    for (const [attempt, code] of [
      [upstreams.add('default', 'docs', { url }, by), 'UPSTREAM_NAME_TAKEN'],
      [upstreams.change('default', 'docs', { url }, by), 'UPSTREAM_DECLARED'],
      [upstreams.remove('default', 'docs', by), 'UPSTREAM_DECLARED'],
    ] as const) {
      await expect(attempt).rejects.toMatchObject({ code, spec: { status: 409 } });
    }
    expect(upstreams.list()).toMatchObject([{ source: 'file', state: 'live' }]);
  });

  it('are touched by a reload only where it changes them [SP-3] [SP-9]', async () => {
    const { url } = await peer();
    const declared: Record<string, UpstreamSettings> = {
      stays: fixtureOver('legacy'),
      changes: httpAt(url),
      goes: httpAt(url),
    };
    const { upstreams, world } = await house({ declared });
    const [pid = 0] = world.pids;
    await upstreams.redeclare({
      stays: fixtureOver('legacy'),
      changes: httpAt(url, { callTimeoutMs: 5_000 }),
      comes: httpAt(url),
      off: httpAt(url, { disabled: true }),
    });
    await until(() => ['changes', 'comes'].every((name) => upstreams.get('default', name)?.state === 'live'));
    expect(world.pids).toEqual([pid]);
    expect(isAlive(pid)).toBe(true);
    expect(world.catalog.removed).toEqual(expect.arrayContaining(['goes', 'off']));
    expect(world.catalog.facts.get('changes')).toMatchObject({ callTimeoutMs: 5_000 });
    expect(upstreams.list().map(({ name, state }) => [name, state])).toEqual([
      ['changes', 'live'],
      ['comes', 'live'],
      ['off', 'disabled'],
      ['stays', 'live'],
    ]);
  });

  it('that left the file while the server was down leave the catalog when it starts [SP-10]', async () => {
    const { url } = await peer();
    const first = await house({ declared: { docs: httpAt(url), old: httpAt(url) } });
    await first.upstreams.stop();
    const second = await house({ declared: { docs: httpAt(url) } });
    expect(second.world.catalog.removed).toEqual(['old']);
    const third = await house({ declared: { docs: httpAt(url) } });
    expect(third.world.catalog.removed).toEqual([]);
  });
});

describe('a resource that is watched', () => {
  it.each(['legacy', 'modern'] as const)(
    'tells of its changes at an upstream that speaks %s, also after a reconnect [SP-5]',
    async (eras) => {
      const server = await peer(eras);
      const { upstreams } = await house({ declared: { docs: httpAt(server.url) } });
      const updates: unknown[] = [];
      upstreams.onResourceUpdated((update) => updates.push(update));
      const unsubscribe = await upstreams.subscribe('default', 'docs', 'fixture://watched');
      const touch = () => {
        for (const tell of server.state.changed) tell('resource');
      };
      const touchUntilTold = async () => {
        const before = updates.length;
        await until(() => {
          if (updates.length === before) touch();
          return updates.length > before;
        });
      };
      await touchUntilTold();
      server.forgetSessions();
      await touchUntilTold();
      expect(updates[0]).toEqual({ org: 'default', toolset: 'docs', uri: 'fixture://watched' });
      await unsubscribe();
      await pause(200);
      if (eras === 'legacy') expect(server.requests.some(({ rpc }) => rpc === 'resources/unsubscribe')).toBe(true);
    },
  );
});
