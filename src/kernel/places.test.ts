import { expect, it } from 'vitest';
import { createPlaces, NoPlace } from './places.ts';

const never = new AbortController().signal;

function work() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { run: () => promise, end: resolve };
}

it('lets the next in line in when one leaves, also when it leaves with an error [SP-11]', async () => {
  const places = createPlaces(1, 2);
  const first = work();
  const order: string[] = [];
  const note = (what: string) => async () => void order.push(what);
  const running = places.run(() => first.run().then(note('first')), never);
  const fail = () => note('second')().then(() => Promise.reject(new Error('bad')));
  const failing = places.run(fail, never).catch(() => undefined);
  const last = places.run(note('third'), never);
  await expect(places.run(async () => 1, never)).rejects.toBeInstanceOf(NoPlace);
  first.end();
  await Promise.all([running, failing, last]);
  expect(order).toEqual(['first', 'second', 'third']);
  expect(await places.run(async () => 'free again', never)).toBe('free again');
});

it('frees the place in line of a caller that went away [SP-11]', async () => {
  const places = createPlaces(1, 1);
  const first = work();
  const running = places.run(first.run, never);
  const gone = new AbortController();
  const waiting = places.run(async () => 'never', gone.signal);
  gone.abort(new Error('gone'));
  await expect(waiting).rejects.toThrow('gone');
  const next = places.run(async () => 'next', never);
  first.end();
  expect(await next).toBe('next');
  await running;
});
