import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createPlaces } from './places.ts';

/** Work that runs until it is let go. */
function works(limit: number) {
  const places = createPlaces(limit);
  const running = new Map<string, () => void>();
  return {
    places,
    enter: (org: string, name: string, urgent = false) =>
      places.enter(
        {
          org,
          key: `${org} ${name}`,
          run: () => new Promise<void>((resolve) => running.set(`${org} ${name}`, resolve)),
        },
        urgent,
      ),
    async end(key: string) {
      running.get(key)?.();
      running.delete(key);
      await turn();
    },
    running: () => [...running.keys()],
  };
}

it('leaves room for every organisation, however much slow work another one has [KN-3]', async () => {
  const { places, enter, end, running } = works(4);
  places.divide(4, 2);
  for (let n = 0; n < 50; n++) enter('slow', `s${n}`);
  expect(running()).toEqual(['slow s0', 'slow s1']);
  enter('other', 'a');
  expect(running()).toEqual(['slow s0', 'slow s1', 'other a']);
  await end('other a');
  enter('slow', 'now', true);
  await end('slow s0');
  expect(running()).toEqual(['slow s1', 'slow now']);
  places.divide(4, 1); // the other one has no sources any more
  expect(running()).toHaveLength(4);
});

it('runs the same at most once at a time, and by its latest description [KN-3]', async () => {
  const { places, enter, end, running } = works(1);
  enter('org', 'a');
  enter('org', 'a');
  enter('org', 'b');
  enter('org', 'b');
  expect(running()).toEqual(['org a']);
  await end('org a');
  expect(running()).toEqual(['org b']);
  enter('org', 'c');
  places.leave('org c');
  await end('org b');
  expect(running()).toEqual([]);
  const stopped = places.stop();
  enter('org', 'd');
  await stopped;
  expect(running()).toEqual([]);
});
