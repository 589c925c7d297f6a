import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished, vi } from 'vitest';
import { killWriters } from '../../../test/chaos/writeload.ts';
import { openTestDatabase, seedDataDir, seedTar, silentLog } from '../../../test/database.ts';
import { poolOver } from './embedded.ts';
import { openDatabase } from './index.ts';
import { openThread } from './thread.ts';

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-embedded-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}

it('keeps its rows from one start to the next [SP-19]', { timeout: 180_000 }, async () => {
  const dataDir = newFolder();
  const first = await openDatabase({ dataDir, log: silentLog });
  await first.pool.query("create table note (text text); insert into note values ('kept')");
  await first.stop();
  const second = await openDatabase({ dataDir, log: silentLog });
  const { rows } = await second.pool.query('select text from note');
  await second.stop();
  expect(rows).toEqual([{ text: 'kept' }]);
});

it('starts after a kill -9 in the middle of its first start [SP-19]', { timeout: 180_000 }, async () => {
  const dataDir = newFolder();
  const door = new URL('./index.ts', import.meta.url).href;
  const script = `const { openDatabase } = await import(${JSON.stringify(door)});
    await openDatabase({ dataDir: ${JSON.stringify(dataDir)}, log: console });
    console.log('too late');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (bytes: Buffer) => {
    output += bytes;
  });
  const closed = once(child, 'close');
  await vi.waitUntil(() => existsSync(join(dataDir, 'db.making', 'PG_VERSION')), { timeout: 120_000, interval: 1 });
  child.kill('SIGKILL');
  await closed;
  expect(output).toBe('');
  const database = await openDatabase({ dataDir, log: silentLog });
  await database.pool.query('create table note (text text)');
  await database.stop();
});

it('loses no acknowledged row in 3 rounds of kill -9 under write load [SP-19]', { timeout: 120_000 }, async () => {
  const dataDir = newFolder();
  await seedDataDir(dataDir);
  const report = await killWriters({ dataDir }, 3);
  expect(report).toEqual({ acknowledged: expect.any(Number), lost: [], torn: [] });
  expect(report.acknowledged).toBeGreaterThan(3);
});

it('outlives a connection that breaks between two statements of a transaction [SP-19]', async () => {
  const thread = await openThread({ dataDir: 'memory://', seed: await seedTar() }, silentLog);
  const pool = poolOver(thread, silentLog);
  onTestFinished(() => pool.end().finally(thread.stop));
  const client = await pool.connect();
  await client.query('begin; create table half (id int)');
  const taken = await thread.connect(); // one backend: the newer connection ends the older
  await expect(client.query('select 1')).rejects.toThrow();
  client.release();
  taken.close();
  const { rows } = await pool.query("select to_regclass('half') as half");
  expect(rows).toEqual([{ half: null }]);
});

it('leaves the event loop free while a query runs [SP-19]', async () => {
  const { database, stop } = await openTestDatabase([], { kind: 'embedded' });
  onTestFinished(stop);
  let ticks = 0;
  const ticking = setInterval(() => ticks++, 10);
  await database.pool.query('select count(*) from generate_series(1, 3000000)');
  clearInterval(ticking);
  expect(ticks).toBeGreaterThan(5);
});

it('knows the vector type [SP-19]', async () => {
  const { database, stop } = await openTestDatabase([], { kind: 'embedded' });
  onTestFinished(stop);
  await database.pool.query('create extension vector');
  const { rows } = await database.pool.query("select '[3,4]'::vector <-> '[0,0]'::vector as distance");
  expect(rows).toEqual([{ distance: 5 }]);
});

/** Runs `script`, which finds `openDatabase` and `dataDir` in scope, where no file may grow beyond `maxMegabytes`. */
async function runWithFileLimit(dataDir: string, maxMegabytes: number, script: string): Promise<string> {
  const door = fileURLToPath(new URL('./index.ts', import.meta.url));
  const source = `const { openDatabase } = await import(${JSON.stringify(door)});
    const dataDir = ${JSON.stringify(dataDir)};
    const log = { error: (fields, text) => console.log(text), warn() {}, info() {} };
    ${script}`;
  const blocks = maxMegabytes * 2048;
  const child = spawn(
    '/bin/sh',
    ['-c', `ulimit -f ${blocks}; exec "$0" --input-type=module -e "$1"`, process.execPath, source],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  child.stdout.on('data', (bytes: Buffer) => {
    output += bytes;
  });
  await once(child, 'close');
  return output;
}

it.skipIf(process.platform === 'win32')(
  'fails its queries and says so when the disk takes no more, and has every acknowledged row afterwards [SP-19]',
  { timeout: 180_000 },
  async () => {
    const dataDir = newFolder();
    await seedDataDir(dataDir);
    const before = await openDatabase({ dataDir, log: silentLog });
    await before.pool.query('create table note (id int, text text)');
    await before.stop();
    // The file of the write-ahead log has 16 MB: its second half cannot be written.
    const output = await runWithFileLimit(
      dataDir,
      8,
      `const database = await openDatabase({ dataDir, log });
      let id = 0;
      try {
        for (;;) {
          await database.pool.query("insert into note select $1, repeat(md5(random()::text), 300) from generate_series(1, 10)", [id]);
          id++;
        }
      } catch {}
      await new Promise((resolve) => setTimeout(resolve, 500));
      await database.ping().catch((error) => console.log('ping: ' + error.code));
      console.log('acknowledged: ' + id);
      await database.stop();`,
    );
    expect(output).toContain('the embedded database ended');
    expect(output).toContain('ping: DATABASE_UNAVAILABLE');
    const acknowledged = Number(/acknowledged: (\d+)/.exec(output)?.[1]);
    expect(acknowledged).toBeGreaterThan(5);
    const after = await openDatabase({ dataDir, log: silentLog });
    const { rows } = await after.pool.query('select count(*)::int as n from note where id < $1', [acknowledged]);
    await after.stop();
    expect(rows).toEqual([{ n: acknowledged * 10 }]);
  },
);
