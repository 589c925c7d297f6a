import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { packageRoot } from '../../src/config/index.ts';
import { fixtureUpstream } from '../harness.ts';

const adminKey = 'an-admin-key-of-thirty-two-characters-or-more';
const config = {
  upstreams: { fixture: { ...fixtureUpstream(), tools: { sleep: { annotations: { readOnly: false } } } } },
};

/** A server in a process of its own, over the embedded database of the folder; resolves when it is ready. */
async function serve(folder: string): Promise<{ child: ChildProcess; url: string }> {
  const { PATH = '', HOME = '/' } = process.env;
  const args = [join(packageRoot, 'src/main.ts'), 'serve', '--port', '0', '--config', join(folder, 'fairlead.yaml')];
  const child = spawn(process.execPath, args, {
    env: { PATH, HOME, FAIRLEAD_DATA_DIR: join(folder, 'data'), FAIRLEAD_ADMIN_KEY: adminKey },
    cwd: folder,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const url = await new Promise<string>((resolve, reject) => {
    let text = '';
    child.once('exit', () => reject(new Error(`the server ended: ${text}`)));
    child.stdout.on('data', (data) => {
      text += data;
      const served = /serves MCP at (\S+)\/mcp[\s\S]*ready after/.exec(text)?.[1];
      if (served) resolve(served);
    });
  });
  return { child, url };
}

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
    const audit = await fetch(`${second.url}/api/v1/audit?tool=fixture.sleep`, { headers });
    expect(await audit.json()).toMatchObject({ records: [{ id: callId, outcome: 'failed', outcomeUnknown: true }] });
  } finally {
    for (const child of started) {
      if (child.exitCode === null && child.signalCode === null && child.kill('SIGKILL')) await once(child, 'exit');
    }
    rmSync(folder, { recursive: true, force: true });
  }
}, 150_000);
