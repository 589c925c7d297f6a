import { afterAll, beforeAll, expect, it } from 'vitest';
import { run } from '../cli/run.ts';
import { type Fairlead, fixtureUpstream, startFairlead } from '../harness.ts';

let fairlead: Fairlead;

beforeAll(async () => {
  fairlead = await startFairlead({
    config: { audit: { queueSize: 3, whenFull: 'drop' }, upstreams: { pipe: fixtureUpstream('legacy') } },
  });
});
afterAll(() => fairlead.stop());

it('a gap in the audit is told to those who run the server, while it lasts and for ever after [CA-12]', async () => {
  const { audit } = fairlead.running.house;
  const places: { release(): void }[] = [];
  while (audit.stats().queued < audit.stats().queueSize) places.push(audit.reserve());
  const { status } = await fairlead.request('/api/v1/tools/pipe.write/call', { json: { arguments: { text: 'hi' } } });
  expect(status).toBe(200);

  const ready = async (headers: Record<string, string> = {}) => (await fairlead.request('/readyz', { headers })).json();
  const warnings = [expect.stringMatching(/^audit records are being dropped/)];
  expect(await ready()).toEqual({ status: 'ready', warnings });
  expect(await ready({ 'x-forwarded-for': '203.0.113.7' })).toEqual({ status: 'ready' });
  expect(await (await fairlead.request('/api/v1/status')).json()).toMatchObject({
    warnings: [expect.stringMatching(/^audit: the queue is full, and 1 records of default have been dropped since 2/)],
  });

  for (const place of places) place.release();
  await expect.poll(() => audit.stats().gaps, { timeout: 10_000 }).toEqual([]);
  expect(await ready()).toEqual({ status: 'ready' });
  const { code, stdout } = await run(['audit', 'verify'], {
    env: { FAIRLEAD_URL: fairlead.url, FAIRLEAD_KEY: fairlead.adminKey },
  });
  expect(stdout).toMatch(/none is missing, none was changed\.\nCalls that left no record: 1, in gaps .*: 1\. /);
  expect(code).toBe(0);
});
