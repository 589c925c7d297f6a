import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runStep } from './steps.ts';

describe('a step', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'steps-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  const node = (code: string, limitMs = 30_000) =>
    runStep({ name: 'a step', command: process.execPath, args: ['-e', code], limitMs });

  it('is well when its program ends with 0, and says how it ended otherwise', async () => {
    expect(await node('')).toMatchObject({ ok: true });
    expect(await node('process.exit(3)')).toMatchObject({ ok: false, reason: 'exit code 3' });
    expect(await node('process.kill(process.pid, "SIGTERM")')).toMatchObject({ ok: false, reason: 'ended by SIGTERM' });
    const missing = await runStep({ name: 'none', command: join(dir, 'none'), args: [], limitMs: 1_000 });
    expect(missing).toMatchObject({ ok: false, reason: expect.stringContaining('ENOENT') });
  });

  it('is killed at its time limit, with what it has started', async () => {
    const file = join(dir, 'pid');
    const child = `require('fs').writeFileSync(${JSON.stringify(file)}, String(process.pid)); setInterval(() => {}, 1000)`;
    const code = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(child)}]); setInterval(() => {}, 1000)`;
    expect(await node(code, 2_000)).toMatchObject({ ok: false, reason: 'not done after 2 s' });
    const pid = Number(readFileSync(file, 'utf8'));
    await expect.poll(() => isAlive(pid)).toBe(false);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A killed process that nobody has waited for yet is still listed.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
