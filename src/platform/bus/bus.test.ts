import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { openTestDatabase, silentLog } from '../../../test/database.ts';
import { openProxy } from '../../../test/proxy.ts';
import type { Json } from '../../kernel/json.ts';
import { type Database, openDatabase } from '../db/index.ts';
import { type Bus, createBus } from './index.ts';

/** Two replicas of one installation, and what lies between them. */
interface World {
  here: Bus;
  there: Bus;
  lose(): Promise<void>;
  bringBack(): Promise<void>;
}

const redisUrl = process.env.TEST_REDIS_URL;
const postgresUrl = process.env.TEST_DATABASE_URL;

async function overPostgres(): Promise<World> {
  const { database, stop } = await openTestDatabase([], { kind: 'postgres' });
  onTestFinished(stop);
  const url = new URL(database.pool.options.connectionString ?? '');
  const proxy = await openProxy({ host: url.hostname, port: Number(url.port || 5432) });
  onTestFinished(proxy.stop);
  url.hostname = '127.0.0.1';
  url.port = String(proxy.port());
  const open = async (): Promise<Bus> => {
    const own: Database = await openDatabase({ databaseUrl: url.href, dataDir: '/nowhere', log: silentLog });
    onTestFinished(own.stop);
    return createBus({ database: own, log: silentLog });
  };
  return { here: await open(), there: await open(), lose: proxy.lose, bringBack: proxy.bringBack };
}

async function overRedis(): Promise<World> {
  const url = new URL(redisUrl ?? '');
  const proxy = await openProxy({ host: url.hostname, port: Number(url.port || 6379) });
  onTestFinished(proxy.stop);
  url.hostname = '127.0.0.1';
  url.port = String(proxy.port());
  const name = `fairlead-test-${crypto.randomUUID()}`;
  const open = () => createBus({ redisUrl: url.href, log: silentLog, name });
  return { here: await open(), there: await open(), lose: proxy.lose, bringBack: proxy.bringBack };
}

async function inOneProcess() {
  const bus = await createBus({ log: silentLog });
  onTestFinished(bus.stop);
  return bus;
}

function record(bus: Bus, topic: string): Json[] {
  const heard: Json[] = [];
  bus.subscribe(topic, (message) => heard.push(message));
  return heard;
}

describe('the bus in one process', () => {
  it('tells every listener of a topic, and nobody else [SP-19]', async () => {
    const bus = await inOneProcess();
    const first = record(bus, 'keys');
    const second = record(bus, 'keys');
    const other = record(bus, 'policies');
    await bus.publish('keys', { id: 'k1', deep: [1, null] });
    expect(first).toEqual([{ id: 'k1', deep: [1, null] }]);
    expect(second).toEqual(first);
    expect(other).toEqual([]);
  });

  it('tells nobody who has stopped listening [SP-19]', async () => {
    const bus = await inOneProcess();
    const heard: Json[] = [];
    const handler = (message: Json) => heard.push(message);
    const stopFirst = bus.subscribe('keys', handler);
    bus.subscribe('keys', handler);
    stopFirst();
    stopFirst();
    await bus.publish('keys', 1);
    expect(heard).toEqual([1]);
  });

  it('goes on when a listener fails [SP-19]', async () => {
    const bus = await inOneProcess();
    bus.subscribe('keys', () => {
      throw new Error('a faulty listener');
    });
    const heard = record(bus, 'keys');
    await bus.publish('keys', 1);
    expect(heard).toEqual([1]);
  });

  it('hands out copies, as over a network [SP-19]', async () => {
    const bus = await inOneProcess();
    const heard = record(bus, 'keys');
    const message = { list: [1] };
    const published = bus.publish('keys', message);
    message.list.push(2);
    await published;
    expect(heard).toEqual([{ list: [1] }]);
  });

  it('refuses a message that Postgres could not carry [SP-19]', async () => {
    const bus = await inOneProcess();
    await expect(bus.publish('keys', 'x'.repeat(8_000))).rejects.toThrow('longer than 7900 bytes');
    await bus.publish('keys', 'x'.repeat(7_500));
  });
});

const services = [
  { service: 'Postgres', there: postgresUrl !== undefined, open: overPostgres },
  { service: 'Redis', there: redisUrl !== undefined, open: overRedis },
];

describe.each(services.filter((one) => one.there))('the bus over $service', ({ open }) => {
  async function world(): Promise<World> {
    const made = await open();
    onTestFinished(made.here.stop);
    onTestFinished(made.there.stop);
    return made;
  }

  it('tells the sender and the others, each once [SP-19]', async () => {
    const { here, there } = await world();
    const near = record(here, 'keys');
    const far = record(there, 'keys');
    await here.publish('keys', { revoked: 'k✓' });
    expect(near).toEqual([{ revoked: 'k✓' }]);
    await vi.waitFor(() => expect(far).toEqual([{ revoked: 'k✓' }]), 20_000);
    await there.publish('keys', 'x'.repeat(7_500));
    await vi.waitFor(() => expect(near).toHaveLength(2), 20_000);
    expect(far).toHaveLength(2);
  });

  it('keeps the order of one sender [SP-19]', async () => {
    const { here, there } = await world();
    const far = record(there, 'steps');
    const steps = Array.from({ length: 50 }, (_, step) => step);
    await Promise.all(steps.map((step) => here.publish('steps', step)));
    await vi.waitFor(() => expect(far).toEqual(steps), 20_000);
  });

  it('goes on in each replica while the service is away, and joins them again when it is back [SP-19]', async () => {
    const { here, there, lose, bringBack } = await world();
    const near = record(here, 'keys');
    const far = record(there, 'keys');
    await lose();
    await here.publish('keys', 'alone');
    expect(near).toEqual(['alone']);
    await bringBack();
    await vi.waitFor(
      async () => {
        await here.publish('keys', 'again');
        expect(far).toContain('again');
      },
      { timeout: 15_000, interval: 200 },
    );
    expect(far).not.toContain('alone');
  });

  it('is silent after its stop [SP-19]', async () => {
    const { here, there } = await world();
    const far = record(there, 'keys');
    await Promise.all([there.stop(), there.stop()]);
    await here.publish('keys', 1);
    await there.publish('keys', 2);
    expect(far).toEqual([]);
  });
});

describe.runIf(redisUrl !== undefined)('the bus over a Redis that is away at the start', () => {
  it('comes up without it and works when it comes [SP-19]', { timeout: 40_000 }, async () => {
    const target = new URL(redisUrl ?? '');
    const proxy = await openProxy({ host: target.hostname, port: Number(target.port || 6379) });
    onTestFinished(proxy.stop);
    await proxy.lose();
    const url = `redis://127.0.0.1:${proxy.port()}`;
    const name = `fairlead-test-${crypto.randomUUID()}`;
    const [here, there] = await Promise.all([
      createBus({ redisUrl: url, log: silentLog, name }),
      createBus({ redisUrl: url, log: silentLog, name }),
    ]);
    onTestFinished(here.stop);
    onTestFinished(there.stop);
    const far = record(there, 'keys');
    await proxy.bringBack();
    await vi.waitFor(
      async () => {
        await here.publish('keys', 'at last');
        expect(far).toContain('at last');
      },
      { timeout: 20_000, interval: 200 },
    );
  });
});
