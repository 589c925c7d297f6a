import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { fixtureUpstream } from '../harness.ts';
import { adminKey, end, serve } from './serving.ts';

const config = {
  upstreams: { fixture: { ...fixtureUpstream(), tools: { sleep: { annotations: { readOnly: false } } } } },
};

const headers = { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json', 'idempotency-key': 'once' };
const body = JSON.stringify({ arguments: { ms: 60_000 } });
const call = (url: string) => fetch(`${url}/api/v1/tools/fixture.sleep/call`, { method: 'POST', headers, body });

it('never runs a call again that a killed server was running, and says that its outcome is unknown [SP-12] [SP-16]', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-idempotency-'));
  writeFileSync(join(folder, 'fairlead.yaml'), stringify(config));
  const started: ChildProcess[] = [];
  try {
    const first = await serve(folder);
    started.push(first.child);
    const cut = call(first.url).catch(() => 'cut');
    await expect.poll(async () => (await call(first.url)).status, { timeout: 20_000 }).toBe(409);
    first.child.kill('SIGKILL');
    expect(await cut).toBe('cut');

    const second = await serve(folder);
    started.push(second.child);
    let answer = await call(second.url);
    while (answer.status === 409) {
      await new Promise((resolve) => setTimeout(resolve, 1_000)); // until nobody believes that the first one is alive
      answer = await call(second.url);
    }
    expect(answer.status).toBe(502);
    const { callId, outcome, error } = (await answer.json()) as Record<string, { code?: string }>;
    expect({ outcome, code: error?.code }).toEqual({ outcome: 'failed', code: 'IDEMPOTENCY_OUTCOME_UNKNOWN' });
    const audit = async (query: string) =>
      (await fetch(`${second.url}/api/v1/audit${query}`, { headers })).json() as Promise<object>;
    expect(await audit(`/${callId}`)).toMatchObject({ outcome: 'failed', outcomeUnknown: true });
    // Of all that were sent one was dispatched; that the others were told of it is on record too.
    const told = { outcome: 'failed', errorCode: 'IDEMPOTENCY_OUTCOME_UNKNOWN', replayed: true };
    expect(await audit(`?tool=fixture.sleep&parent=${callId}`)).toMatchObject({ records: [told] });
  } finally {
    await end(started);
    rmSync(folder, { recursive: true, force: true });
  }
}, 150_000);
