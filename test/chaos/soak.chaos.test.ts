import { expect, it } from 'vitest';
import { rounds } from './length.ts';
import { type Sample, sessionsPerPrincipal, soak } from './soak.ts';

const minute = 60_000;
const forMs = rounds(20 * minute, 0.7 * minute);

it.skipIf(process.platform !== 'linux')(
  'memory, handles, processes and sessions stay bounded under load that never tidies up [SP-4] [SP-9] [SP-11]',
  { timeout: forMs + 2 * minute },
  async () => {
    const { samples, afterwards, done } = await soak(forMs);
    console.log(JSON.stringify({ done, samples, afterwards }));
    const half = samples.length >> 1;
    const most = (part: Sample[], of: keyof Sample) => Math.max(...part.map((sample) => sample[of]));
    const least = (part: Sample[], of: keyof Sample) => Math.min(...part.map((sample) => sample[of]));
    const [early, late] = [samples.slice(0, half), samples.slice(half)];

    expect(done['open session']).toBeGreaterThan(sessionsPerPrincipal);
    expect(least(late, 'heapMiB')).toBeLessThan(least(early, 'heapMiB') + 30);
    expect(most(late, 'handles')).toBeLessThan(most(early, 'handles') + 30);
    expect(most(samples, 'children')).toBeLessThanOrEqual(4); // three upstreams at most, and the warden
    expect(most(samples, 'connections')).toBeLessThanOrEqual(2 * sessionsPerPrincipal + 10);
    expect(afterwards.connections).toBe(0);
    expect(afterwards.handles).toBeLessThanOrEqual(most(early, 'handles'));
    expect(afterwards.heapMiB).toBeLessThan(least(samples, 'heapMiB') + 30);
    expect(afterwards.children).toBeLessThanOrEqual(4);
  },
);
