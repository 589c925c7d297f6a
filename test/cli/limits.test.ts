import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Fairlead, startFairlead } from '../harness.ts';
import { run } from './run.ts';

let fairlead: Fairlead;
const folder = mkdtempSync(join(tmpdir(), 'fairlead-cli-limits-'));

beforeAll(async () => {
  fairlead = await startFairlead({ config: { limits: [{ name: 'filed', concurrency: 3 }] } });
});
afterAll(async () => {
  await fairlead?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const cli = (...args: string[]) =>
  run(args, { cwd: folder, env: { FAIRLEAD_URL: fairlead.url, FAIRLEAD_KEY: fairlead.adminKey } });
const settingsOf = async (name: string) => JSON.parse((await cli('limits', 'show', name, '--json')).stdout).settings;

it('adds a limit by flags, lists, shows and removes it [CO-5] [SP-20]', async () => {
  const callers = ['--kind', 'agent', '--role', 'developer', '--team', 'web', '--principal', 'user:1'];
  const targets = ['--tool', 'git.*', '--toolset', 'git', '--endpoint', 'here', '--by', 'principal', 'tool'];
  const amounts = ['--rate', '60/minute', '--burst', '10', '--window', '5000/day', '--concurrency', '4'];
  const added = await cli('limits', 'add', 'all', ...callers, ...targets, ...amounts);
  expect(added).toMatchObject({ code: 0, stderr: '', stdout: 'Added the limit all. It counts from now on.\n' });
  expect(await settingsOf('all')).toEqual({
    for: { principals: ['user:1'], kinds: ['agent'], roles: ['developer'], teams: ['web'] },
    of: { tools: ['git.*'], toolsets: ['git'], endpoints: ['here'] },
    by: ['principal', 'tool'],
    rate: { limit: 60, per: 'minute', burst: 10 },
    window: { limit: 5_000, per: 'day' },
    concurrency: 4,
  });
  const table = (await cli('limits', 'list')).stdout;
  expect(table).toMatch(/^NAME +LIMIT +BY +FOR +OF +SOURCE$/m);
  expect(table).toMatch(
    /^all +60\/minute \(burst 10\), 5000 in any day, 4 at once +principal, tool +principals user:1; /m,
  );
  expect(table).toMatch(/^filed +3 at once +together +everybody +all +file$/m);
  const shown = (await cli('limits', 'show', 'all')).stdout;
  expect(shown).toMatch(/^changed +\d{4}-\S+ \S+ by key:/m);
  expect(shown).toContain('"concurrency": 4');

  const again = await cli('limits', 'add', 'all', '--concurrency', '1');
  expect(again.code).toBe(1);
  expect(again.stderr).toContain('--replace');
  expect((await cli('limits', 'add', 'all', '--concurrency', '1', '--replace')).stdout).toContain(
    'Changed the limit all',
  );
  expect(await settingsOf('all')).toEqual({ by: [], concurrency: 1 });

  expect((await cli('limits', 'remove', 'all')).stdout).toBe('Removed the limit all.\n');
  expect((await cli('limits', 'show', 'all')).stderr).toContain('There is: filed.');
  expect(JSON.parse((await cli('limits', 'list', '--json')).stdout)).toMatchObject({
    limits: [{ name: 'filed' }],
    alone: false,
  });
});

it('takes settings from a file, and says what it cannot take [CO-5] [SP-20]', async () => {
  writeFileSync(join(folder, 'limit.json'), '{"by": ["address"], "rate": {"limit": 1, "per": "second"}}');
  const made = await cli('limits', 'add', 'file', '--settings-file', 'limit.json', '--window', '9/week', '--json');
  expect(JSON.parse(made.stdout)).toMatchObject({
    source: 'runtime',
    settings: { by: ['address'], window: { per: 'week' } },
  });
  expect(JSON.parse((await cli('limits', 'remove', 'file', '--json')).stdout)).toEqual({ removed: 'file' });
  expect(await cli('limits', 'add', 'x', '--rate', 'often')).toMatchObject({ code: 2 });
  expect(await cli('limits', 'add', 'x', '--burst', '3')).toMatchObject({ code: 2 });
  expect((await cli('limits', 'add', 'x')).stderr).toContain('must have a rate, a window or a concurrency');
  expect((await cli('limits', 'remove', 'filed')).stderr).toContain('is declared in the configuration file');
});
