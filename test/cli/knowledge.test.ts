import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Fairlead, startFairlead } from '../harness.ts';
import { run } from './run.ts';

let fairlead: Fairlead;
const folder = mkdtempSync(join(tmpdir(), 'fairlead-cli-knowledge-'));

beforeAll(async () => {
  mkdirSync(join(folder, 'docs'));
  writeFileSync(join(folder, 'docs', 'queues.md'), '# Queues\n\nOrders go through the queue orders-v2.\n');
  writeFileSync(join(folder, 'docs', 'broken.pdf'), '%PDF-1.7\nand no more');
  writeFileSync(join(folder, 'noise.bin'), Buffer.from([0, 1, 2, 0, 255]));
  const sources = { files: { folder: join(folder, 'docs') } };
  fairlead = await startFairlead({ config: { knowledge: { collections: { filed: { sources } } } } });
}, 60_000);
afterAll(async () => {
  await fairlead?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const cli = (...args: string[]) =>
  run(args, { cwd: folder, env: { FAIRLEAD_URL: fairlead.url, FAIRLEAD_KEY: fairlead.adminKey } });

it('reads a source while one watches, and tells what could not be read [KN-3] [SP-20]', {
  timeout: 60_000,
}, async () => {
  const synced = await cli('knowledge', 'sync', 'filed', '--watch');
  expect(synced).toMatchObject({ code: 0, stderr: '' });
  expect(synced.stdout).toMatch(/^files: done, 2 seen, 1 (added|unchanged), 1 failed\n$/);
  const runs = await cli('knowledge', 'runs', '--problems');
  expect(runs.stdout).toMatch(/^filed +files +done +2 seen, 1 (added|unchanged), 1 failed/m);
  expect(runs.stdout).toMatch(/^filed\/files\/broken\.pdf: The document "broken\.pdf" cannot be read \(/m);
  expect((await cli('knowledge', 'sync', 'filed', '--source', 'nowhere')).code).toBe(1);
  expect(JSON.parse((await cli('knowledge', 'sync', 'filed', '--json')).stdout)).toMatchObject({ sources: ['files'] });
});

it('says why a source could not be read to whoever watches [KN-3] [SP-20]', { timeout: 60_000 }, async () => {
  renameSync(join(folder, 'docs'), join(folder, 'away'));
  const synced = await cli('knowledge', 'sync', 'filed', '--watch');
  renameSync(join(folder, 'away'), join(folder, 'docs'));
  expect(synced).toMatchObject({ code: 1, stdout: 'files: failed, 0 seen\n' });
  expect(synced.stderr).toMatch(/^files: The source .* cannot be read now: it does not exist\.\n$/);
  expect((await cli('knowledge', 'list')).stderr).toMatch(
    /^filed\/files could not be read: The source .* it does not exist\.\n$/,
  );
});

it('asks, and says where nothing fits [KN-8] [SP-20]', async () => {
  const asked = await cli('knowledge', 'query', 'which', 'queue', 'do', 'orders', 'go', 'through');
  expect(asked.stdout).toMatch(/^0\.\d+ {2}Queues\nfiled\/queues\.md:3\nOrders go through the queue orders-v2\.\n$/);
  const nothing = await cli('knowledge', 'query', 'zeppelin', 'timetable', '--collection', 'filed');
  expect(nothing.stderr).toMatch(/^Nothing was found\. /);
  const unknown = await cli('knowledge', 'query', 'x', '--collection', 'nowhere');
  expect(unknown.code).toBe(1);
  expect(unknown.stderr).toContain('There is no collection "nowhere" that you may read.');
  expect(JSON.parse((await cli('knowledge', 'query', 'orders', '--json')).stdout)).toMatchObject({ answerable: true });
});

it('adds a collection, fills it, checks it and removes it [KN-1] [SP-20]', async () => {
  expect((await cli('knowledge', 'add', 'notes', '--writer', 'role:developer')).code).toBe(0);
  const refused = await cli('knowledge', 'add', 'notes', '--reader', 'nobody');
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('must be everyone, role:');
  expect((await cli('knowledge', 'add', 'filed')).stderr).toContain('declared in the configuration file');

  const sent = await cli('knowledge', 'upload', 'notes', 'docs/queues.md', 'noise.bin');
  expect(sent.code).toBe(1);
  expect(sent.stdout).toBe('docs/queues.md: Queues, 1 passage\n');
  expect(sent.stderr).toMatch(/^noise\.bin: The document "noise\.bin" cannot be read \(binary\)/);
  expect((await cli('knowledge', 'upload', 'notes', 'missing.md')).code).toBe(2);
  expect((await cli('knowledge', 'list')).stdout).toMatch(/^notes +1 +1 +runtime +everyone +role:developer/m);
  expect((await cli('knowledge', 'verify', 'notes')).stdout).toMatch(/^The collection notes is whole/);
  expect((await cli('knowledge', 'remove', 'notes')).code).toBe(2); // nobody can be asked
  expect((await cli('knowledge', 'remove', 'notes', '--yes')).stdout).toBe('Removed the collection notes.\n');
  expect((await cli('knowledge', 'remove', 'filed', '--yes')).code).toBe(1);
});
