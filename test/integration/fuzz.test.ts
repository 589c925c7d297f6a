import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { caller, closeCallers, textOf } from '../clients.ts';
import { fuzz } from '../fuzz/campaign.ts';
import { heldHeapMiB } from '../fuzz/heap.ts';
import { exchange } from '../fuzz/wire.ts';
import { type Fairlead, fixtureUpstream, startFairlead } from '../harness.ts';

// The seed of a run that failed is in its output: FUZZ_SEED repeats it.
const seed = Number(process.env.FUZZ_SEED ?? 20_260_728);
let fairlead: Fairlead;

beforeAll(async () => {
  fairlead = await startFairlead({
    config: {
      upstreams: { one: { ...fixtureUpstream('legacy'), startTimeoutMs: 20_000 } },
      endpoints: { team: { toolsets: ['one'], naming: 'bare' } },
      sessions: { maxPerPrincipal: 20 },
    },
  });
});
afterEach(closeCallers);
afterAll(() => fairlead?.stop());

describe('11,000 mutated requests', () => {
  it('are answered without a server error or a crash, and the server serves on [SP-8]', {
    timeout: 400_000,
  }, async () => {
    console.log(`FUZZ_SEED=${seed}`);
    await fuzz(fairlead, { seed: seed + 20_000, inProcess: 500, overSockets: 0 }); // warms up
    const before = heldHeapMiB();
    const report = await fuzz(fairlead, { seed, inProcess: 10_000, overSockets: 1_000 });
    console.log(JSON.stringify(report.statuses));
    expect(report.faults.join('\n\n')).toBe('');
    expect(report.done).toBe(11_000);
    expect(heldHeapMiB()).toBeLessThan(before + 100);
    // Not all of them may be refused at the door, or nothing behind it was tried.
    expect(report.statuses[200]).toBeGreaterThan(500);
    for (const era of ['sessions', 'modern'] as const) {
      const client = await caller(fairlead, era);
      expect(textOf(await client.callTool({ name: 'one_echo', arguments: { text: era } }))).toBe(era);
    }
  });
});

describe('what is no request at all', () => {
  it.each([
    { what: 'no request line', text: 'GARBAGE\r\n\r\n', status: 400 },
    {
      what: 'a length that is no number',
      text: 'POST /mcp HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: x\r\n\r\n',
      status: 400,
    },
    { what: 'no host', text: 'GET /mcp HTTP/1.1\r\nconnection: close\r\n\r\n', status: 400 },
    {
      what: 'an endless header',
      text: `GET /mcp HTTP/1.1\r\nhost: a\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`,
      status: 431,
    },
  ])('is answered in words: $what [SP-8]', async ({ text, status }) => {
    const answer = await exchange(Number(new URL(fairlead.url).port), Buffer.from(text), 5_000);
    expect(answer).toMatchObject({ status, contentType: 'application/problem+json' });
    expect(JSON.parse(answer?.body ?? '')).toMatchObject({ status, code: 'INVALID_REQUEST' });
  });
});
