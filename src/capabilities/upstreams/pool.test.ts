import { expect, it } from 'vitest';
import { pause } from '../../../test/upstreams.ts';
import type { Connection } from './connection.ts';
import { createPool } from './pool.ts';
import { defaultTiming } from './types.ts';

const never = new AbortController().signal;

/** Connections that do nothing but open and close: what is under test is when they do. */
function pool(timing = {}, failing = () => false) {
  const opened: string[] = [];
  const closed: string[] = [];
  let clock = 0;
  const later = (ms: number) => {
    clock += ms;
  };
  const made = createPool({
    name: 'peer',
    timing: { ...defaultTiming, ...timing },
    now: () => clock,
    async open(signal) {
      await pause(5);
      signal.throwIfAborted();
      if (failing()) throw new Error('no');
      const id = `${opened.length}`;
      opened.push(id);
      const { promise, resolve } = Promise.withResolvers<string>();
      const close = async (reason: string) => {
        closed.push(id);
        resolve(reason);
      };
      return { id, closed: promise, close } as unknown as Connection;
    },
  });
  return { ...made, opened, closed, later };
}

it('opens one connection for callers that come at once, and one for each key [SP-6]', async () => {
  const { acquire, opened } = pool();
  const [a, b, c] = await Promise.all(['one', 'one', 'two'].map((key) => acquire(key, never)));
  expect(a?.connection).toBe(b?.connection);
  expect(c?.connection).not.toBe(a?.connection);
  expect(opened).toHaveLength(2);
});

it('does not let one caller that goes away take the connection from another [SP-6]', async () => {
  const { acquire } = pool();
  const gone = new AbortController();
  const first = acquire('one', gone.signal);
  const second = acquire('one', never);
  gone.abort(new Error('gone'));
  await expect(first).rejects.toThrow('gone');
  expect((await second).connection).toBeDefined();
});

it('does not try again for every call when opening fails [SP-10]', async () => {
  let attempts = 0;
  const { acquire, later } = pool({ backoffMinMs: 1_000 }, () => ++attempts < 2);
  await expect(acquire('one', never)).rejects.toThrow('no');
  await expect(acquire('two', never)).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', retryAfterSeconds: 1 });
  expect(attempts).toBe(1);
  later(1_001);
  await acquire('two', never);
  expect(attempts).toBe(2);
});

it('takes the place of the one that was idle the longest, never of one in use [SP-6]', async () => {
  const { acquire, closed, later } = pool({ maxIsolated: 2 });
  const [old, recent] = [await acquire('old', never), await acquire('recent', never)];
  await expect(acquire('new', never)).rejects.toMatchObject({ code: 'UPSTREAM_BUSY' });
  old.release();
  later(10);
  recent.release();
  await acquire('new', never);
  expect(closed).toEqual(['0']);
});

it('opens anew after a connection was dropped or lost [SP-6]', async () => {
  const { acquire, drop, opened } = pool();
  const first = await acquire('one', never);
  drop(first.connection, 'broken');
  const second = await acquire('one', never);
  await second.connection.close('lost');
  await pause(1);
  await acquire('one', never);
  expect(opened).toHaveLength(3);
});

it('closes everything when it stops, also what is still opening [SP-9]', async () => {
  const { acquire, stop, opened, closed } = pool();
  await acquire('one', never);
  const opening = acquire('two', never);
  await Promise.all([stop(), expect(opening).rejects.toThrow('stopped')]);
  expect(closed).toEqual(opened);
});
