import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { silentLog } from '../../../test/database.ts';
import { createLog } from '../telemetry/index.ts';
import { createFollower, type FollowerDeps } from './follower.ts';
import { type Bus, createBus } from './index.ts';

const hour = 3_600_000;

/** Loses every message. */
const deafBus: Bus = { publish: async () => {}, subscribe: () => () => {}, stop: async () => {} };

/** Rows that somebody else changes, a follower of them, and a hand on each of its looks. */
async function world(changes: Partial<FollowerDeps<string>> = {}) {
  const bus = changes.bus ?? (await createBus({ log: silentLog }));
  const source = { rows: 'first', looks: 0, held: [] as PromiseWithResolvers<void>[], failure: undefined as unknown };
  let holding = false;
  const taken: [now: string, before: string | undefined][] = [];
  const time = { ms: 1_000_000 };
  const follower = createFollower<string>({
    bus,
    topic: 'rows.changed',
    log: silentLog,
    what: 'the rows',
    clock: { now: () => time.ms },
    async load() {
      source.looks++;
      const { rows } = source;
      if (holding) {
        const hold = Promise.withResolvers<void>();
        source.held.push(hold);
        await hold.promise;
      }
      if (source.failure) throw source.failure;
      return rows;
    },
    take: (now, before) => void taken.push([now, before]),
    ...changes,
    timing: { pollMs: hour, ...changes.timing },
  });
  onTestFinished(async () => {
    for (const { resolve } of source.held) resolve();
    await follower.stop();
    await bus.stop();
  });
  return {
    bus,
    follower,
    source,
    taken,
    time,
    /** From now on a look stands still after it has read, until it is let go on. */
    hold: (on = true) => {
      holding = on;
    },
    letGo: (look: number) => source.held[look]?.resolve(),
    notify: () => bus.publish('rows.changed', null),
  };
}

describe('a follower', () => {
  it('holds what it read first, and takes what a notice tells of [SP-19]', async () => {
    const { follower, source, taken, notify } = await world();
    expect(follower.current()).toBeUndefined();
    await follower.start();
    expect(follower.current()).toBe('first');
    source.rows = 'second';
    await notify();
    await expect.poll(follower.current).toBe('second');
    expect(taken).toEqual([
      ['first', undefined],
      ['second', 'first'],
    ]);
  });

  it('finds by looking what a lost notice told of [SP-19]', async () => {
    const { follower, source } = await world({ bus: deafBus, timing: { pollMs: 10 } });
    await follower.start();
    source.rows = 'second';
    await expect.poll(follower.current).toBe('second');
  });

  it('tells the others, and holds nothing up when the bus fails [SP-19]', async () => {
    const { follower, bus, source } = await world();
    const heard: unknown[] = [];
    bus.subscribe('rows.changed', (message) => heard.push(message));
    await follower.start();
    source.rows = 'second';
    follower.tell();
    await expect.poll(follower.current).toBe('second');
    expect(heard).toEqual([null]);
    const broken = await world({ bus: { ...deafBus, publish: () => Promise.reject(new Error('gone')) } });
    broken.follower.tell();
    await sleep(1);
  });

  it('looks once more, and not at the same time, for all who come during a look [SP-19]', async () => {
    const { follower, source, hold, letGo, notify } = await world();
    await follower.start();
    hold();
    const under = follower.refresh();
    source.rows = 'second';
    const later = [follower.refresh(), follower.refresh()];
    await notify();
    await sleep(5);
    expect(source.looks).toBe(2);
    hold(false);
    letGo(0);
    await under;
    expect(follower.current()).toBe('first');
    await Promise.all(later);
    expect(follower.current()).toBe('second');
    expect(source.looks).toBe(3);
  });

  it('goes on with what is known when a look fails, says so once, and once when it works again [SP-19]', async () => {
    const lines: string[] = [];
    const log = createLog({ level: 'info', service: 'test', destination: { write: (line) => void lines.push(line) } });
    const { follower, source } = await world({ log, timing: { pollMs: 10 } });
    await follower.start();
    source.failure = new Error('the database is away');
    await expect(follower.refresh()).rejects.toThrow('the database is away');
    await expect(follower.refresh()).rejects.toThrow();
    expect(follower.failing()).toBe(true);
    expect(follower.current()).toBe('first');
    source.rows = 'second';
    source.failure = undefined;
    await expect.poll(follower.current).toBe('second');
    await expect.poll(follower.failing).toBe(false);
    expect(lines.map((line) => JSON.parse(line).message)).toEqual([
      'the rows cannot be read; going on with those known',
      'the rows can be read again',
    ]);
  });

  it('keeps what was there when the new cannot be put in force, and tries again [SP-19]', async () => {
    let refuse = false;
    const seen: unknown[] = [];
    const { follower, source, time } = await world({
      timing: { pollMs: hour, maxStaleMs: 100 },
      take(now, before) {
        seen.push([now, before, follower.current()]);
        if (refuse) throw new Error('not these');
      },
    });
    await follower.start();
    source.rows = 'second';
    refuse = true;
    time.ms += 100;
    await expect(follower.refresh()).rejects.toThrow('not these');
    expect(follower.current()).toBe('first');
    time.ms += 1;
    expect(follower.current()).toBeUndefined();
    refuse = false;
    await follower.refresh();
    expect(follower.current()).toBe('second');
    expect(seen.slice(1)).toEqual([
      ['second', 'first', 'second'],
      ['second', 'first', 'second'],
    ]);
  });

  it('follows although the first look failed [SP-19]', async () => {
    const { follower, source } = await world({ timing: { pollMs: 10 } });
    source.failure = new Error('the database is away');
    await expect(follower.start()).rejects.toThrow('the database is away');
    expect(follower.current()).toBeUndefined();
    source.failure = undefined;
    await expect.poll(follower.current).toBe('first');
  });

  it('gives a look up that hangs, and never takes it after a later one [SP-19]', async () => {
    const { follower, source, taken, hold, letGo } = await world({ timing: { pollMs: hour, readTimeoutMs: 20 } });
    await follower.start();
    hold();
    await expect(follower.refresh()).rejects.toThrow('no answer within 20 ms');
    expect(follower.failing()).toBe(true);
    hold(false);
    source.rows = 'second';
    await follower.refresh();
    letGo(0);
    await sleep(5);
    expect(follower.current()).toBe('second');
    expect(taken.map(([now]) => now)).toEqual(['first', 'second']);
  });

  it('counts nothing that is too old, whichever way the clock was set [SP-19]', async () => {
    const { follower, time } = await world({ timing: { pollMs: hour, maxStaleMs: 30_000 } });
    await follower.start();
    time.ms += 30_000;
    expect(follower.current()).toBe('first');
    time.ms += 1;
    expect(follower.current()).toBeUndefined();
    await follower.refresh();
    time.ms -= hour;
    expect(follower.current()).toBe('first');
    time.ms += 30_001;
    expect(follower.current()).toBeUndefined();
  });

  it('counts the age from the beginning of a look, not from its end [SP-19]', async () => {
    const { follower, time, hold, letGo } = await world({ timing: { pollMs: hour, maxStaleMs: 30_000 } });
    hold();
    const starting = follower.start();
    time.ms += 30_001;
    letGo(0);
    await starting;
    expect(follower.current()).toBeUndefined();
  });

  it('takes nothing after its stop, which waits for the look under way, and looks at nothing [SP-19]', async () => {
    const { follower, source, taken, hold, letGo, notify } = await world({ timing: { pollMs: 5 } });
    await follower.refresh();
    expect(source.looks).toBe(0);
    await follower.start();
    hold();
    source.rows = 'second';
    const under = follower.refresh();
    const queued = follower.refresh();
    let stopped = false;
    const stopping = Promise.all([follower.stop(), follower.stop()]).then(() => {
      stopped = true;
    });
    await sleep(5);
    expect(stopped).toBe(false);
    const looks = source.looks;
    letGo(0);
    await Promise.all([stopping, under, queued]);
    await notify();
    await follower.refresh();
    await sleep(20);
    expect(source.looks).toBe(looks);
    expect(taken).toEqual([['first', undefined]]);
    hold(false);
    await follower.start();
    expect(follower.current()).toBe('second');
  });
});
