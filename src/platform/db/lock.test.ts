import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { silentLog } from '../../../test/database.ts';
import { DataDirInUse } from './errors.ts';
import { lockDataDir, openDatabase } from './index.ts';

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-lock-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Another process that holds the folder until it is killed. */
async function holder(dataDir: string): Promise<ChildProcess> {
  const door = new URL('./index.ts', import.meta.url).href;
  const script = `const { lockDataDir } = await import(${JSON.stringify(door)});
    lockDataDir(${JSON.stringify(dataDir)}); console.log('held'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve);
    child.once('exit', (code) => reject(new Error(`the holder ended with ${code}`)));
  });
  return child;
}

it('refuses a data folder that another process uses, and says what to do [SP-19]', async () => {
  const dataDir = newFolder();
  await holder(dataDir);
  const error = await openDatabase({ dataDir, log: silentLog }).catch((thrown: unknown) => thrown);
  if (!DataDirInUse.is(error)) throw error;
  expect(error.message).toContain('embedded database');
  expect(error.action).toContain('FAIRLEAD_DATA_DIR');
});

it('frees the data folder at once when its holder is killed with kill -9 [SP-19]', async () => {
  const dataDir = newFolder();
  const child = await holder(dataDir);
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
  lockDataDir(dataDir).release();
});

it('refuses a second holder in the same process until the first has released it [SP-19]', () => {
  const dataDir = newFolder();
  const first = lockDataDir(dataDir);
  expect(() => lockDataDir(dataDir)).toThrow(DataDirInUse().spec.message.slice(0, 20));
  first.release();
  first.release();
  lockDataDir(dataDir).release();
});
