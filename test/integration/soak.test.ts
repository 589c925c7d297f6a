import { expect, it } from 'vitest';
import { endure } from '../endurance.ts';
import type { Holdings } from '../holdings.ts';

const keys = 4;
const sessionsPerKey = 20;
const strain = { sessions: 300, restarts: 5, calls: 800 };

it.skipIf(process.platform !== 'linux')(
  'after abandoned sessions, killed upstreams and calls a server holds what it held before [CA-11]',
  { timeout: 240_000 },
  async () => {
    const { before, after, done, mostSessions } = await endure({
      ...strain,
      settle: { sessions: 100, restarts: 2, calls: 400 },
      pipes: 2,
      keys,
      sessionsPerKey,
      postgres: process.env.TEST_DATABASE_URL ?? '',
    });
    expect(done).toEqual(strain);
    // The stream of a session counts as well, and each of the callers has a session that it uses.
    expect(mostSessions).toBeGreaterThan(0);
    expect(mostSessions).toBeLessThanOrEqual(keys * sessionsPerKey);
    expect(after.connections).toBe(0);

    const tenth = (of: keyof Omit<Holdings, 'kinds' | 'timerKinds'>) => before[of] * 1.1;
    // So short a run still fills caches, which the whole one (`npm run bench:soak`) has behind it when it measures.
    expect(after.heapMiB).toBeLessThan(tenth('heapMiB') + 10);
    expect(after.collectedRssMiB).toBeLessThan(tenth('collectedRssMiB') + 40);
    expect(after.children).toBe(before.children);
    expect(after.descriptors).toBeLessThanOrEqual(Math.ceil(tenth('descriptors')));
    expect(after.resources, JSON.stringify(after.kinds)).toBeLessThanOrEqual(Math.ceil(tenth('resources')));
    expect(after.timers, JSON.stringify(after.timerKinds)).toBeLessThanOrEqual(Math.ceil(tenth('timers')));
  },
);
