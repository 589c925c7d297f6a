import { expect, it } from 'vitest';
import { fuzz } from '../fuzz/campaign.ts';
import { heldHeapMiB } from '../fuzz/heap.ts';
import { fixtureUpstream, startFairlead } from '../harness.ts';
import { rounds } from './length.ts';

// Other requests at each run; FUZZ_SEED repeats one.
const seed = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 1e9));
const times = rounds(40, 1);
const each = rounds(10_000, 3_000);

it('no malformed request of many thousands makes it fail, or hold on to memory [SP-8]', {
  timeout: times * 300_000,
}, async () => {
  console.log(`FUZZ_SEED=${seed}`);
  const fairlead = await startFairlead({
    config: {
      upstreams: { one: { ...fixtureUpstream('legacy'), startTimeoutMs: 20_000 } },
      endpoints: { team: { toolsets: ['one'], naming: 'bare' } },
      sessions: { maxPerPrincipal: 20 },
    },
  });
  try {
    await fuzz(fairlead, { seed: seed - each, inProcess: each / 10, overSockets: 0 }); // warms up
    const before = heldHeapMiB();
    for (let n = 0; n < times; n++) {
      const report = await fuzz(fairlead, {
        seed: seed + n * each,
        inProcess: (each * 9) / 10,
        overSockets: each / 10,
      });
      expect(report.faults.join('\n\n')).toBe('');
    }
    expect(heldHeapMiB()).toBeLessThan(before + 100);
    expect((await fairlead.request('/api/v1/me')).status).toBe(200);
  } finally {
    await fairlead.stop();
  }
});
