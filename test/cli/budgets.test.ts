import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Fairlead, startFairlead } from '../harness.ts';
import { listedUpstream } from '../listed.ts';
import { run } from './run.ts';

let fairlead: Fairlead;
const folder = mkdtempSync(join(tmpdir(), 'fairlead-cli-budgets-'));

beforeAll(async () => {
  const t = {
    ...listedUpstream([{ name: 'one' }, { name: 'two' }]),
    tools: { one: { cost: { units: 1.5, amount: 0.02, currency: 'EUR' } } },
  };
  fairlead = await startFairlead({ config: { upstreams: { t }, budgets: [{ name: 'filed', calls: 4, per: 'day' }] } });
  for (const tool of ['t.one', 't.one', 't.two'])
    await fairlead.request(`/api/v1/tools/${tool}/call`, { json: { arguments: {} } });
});
afterAll(async () => {
  await fairlead?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const cli = (...args: string[]) =>
  run(args, { cwd: folder, env: { FAIRLEAD_URL: fairlead.url, FAIRLEAD_KEY: fairlead.adminKey } });
const settingsOf = async (name: string) => JSON.parse((await cli('budgets', 'show', name, '--json')).stdout).settings;

it('sets a budget by flags, lists, shows and removes it [CO-6] [SP-20]', async () => {
  const which = ['--kind', 'agent', '--team', 'web', '--tool', 'git.*', '--by', 'team', 'tool'];
  const amounts = ['--money', '12.50EUR', '--per', '14d@2026-01-05', '--timezone', 'Europe/Berlin'];
  const more = ['--warn-at', '50', '90', '--reserve', '0.25'];
  const set = await cli('budgets', 'set', 'all', ...which, ...amounts, ...more);
  expect(set).toMatchObject({ code: 0, stderr: '', stdout: 'The budget all counts from now on.\n' });
  expect(await settingsOf('all')).toEqual({
    for: { kinds: ['agent'], teams: ['web'] },
    of: { tools: ['git.*'] },
    by: ['team', 'tool'],
    money: { amount: 12.5, currency: 'EUR' },
    per: { days: 14, from: '2026-01-05' },
    timezone: 'Europe/Berlin',
    warnAt: [50, 90],
    reserve: 0.25,
  });
  const table = (await cli('budgets', 'list')).stdout;
  expect(table).toMatch(/^NAME +BUDGET +SPENT +BY +FOR +OF +SOURCE$/m);
  expect(table).toMatch(
    /^all +12.5 EUR each 14 d \(Europe\/Berlin\) +- +team, tool +kinds agent; teams web +tools git\.\* /m,
  );
  expect(table).toMatch(/^filed +4 calls a day +3 \(75%\) +together +everybody +all +file$/m);
  const shown = (await cli('budgets', 'show', 'filed')).stdout;
  expect(shown).toMatch(/^all together +\d{4}-\S+ \S+ +\d{4}-\S+ \S+ +3 +0 +1$/m);
  expect((await cli('budgets', 'show', 'all')).stdout).toContain('Nothing was spent yet.');

  await cli('budgets', 'set', 'all', '--tokens', '5');
  expect(await settingsOf('all')).toEqual({
    by: [],
    tokens: 5,
    per: 'month',
    timezone: 'UTC',
    warnAt: [80],
    reserve: 0,
  });
  expect((await cli('budgets', 'remove', 'all')).stdout).toBe('Removed the budget all.\n');
  expect((await cli('budgets', 'show', 'all')).stderr).toContain('There is no budget "all"');
  expect((await cli('budgets', 'remove', 'filed')).stderr).toContain('is declared in the configuration file');
});

it('takes settings from a file, and says what it cannot take [CO-6] [SP-20]', async () => {
  writeFileSync(join(folder, 'budget.json'), '{"by": ["person"], "calls": 3}');
  const made = await cli(
    'budgets',
    'set',
    'file',
    '--settings-file',
    'budget.json',
    '--per',
    '6h@2026-01-05T00:00:00Z',
    '--json',
  );
  expect(JSON.parse(made.stdout)).toMatchObject({ source: 'runtime', settings: { by: ['person'], per: { hours: 6 } } });
  expect(JSON.parse((await cli('budgets', 'remove', 'file', '--json')).stdout)).toEqual({ removed: 'file' });
  expect(await cli('budgets', 'set', 'x', '--money', 'much')).toMatchObject({ code: 2 });
  expect(await cli('budgets', 'set', 'x', '--units', 'few')).toMatchObject({ code: 2 });
  expect((await cli('budgets', 'set', 'x')).stderr).toContain('must have one of calls, units, tokens and money');
});

it('reports what calls have cost, by day, tool and principal [CO-6] [SP-20]', async () => {
  const byTool = (await cli('usage', '--by', 'tool', '--since', '1d')).stdout;
  expect(byTool).toMatch(/^TOOL +CALLS +UNITS +TOKENS +MONEY$/m);
  expect(byTool).toMatch(/^t\.one +2 +3 +0 +0\.04 EUR$/m);
  expect(byTool).toMatch(/^t\.two +1 +0 +0/m);
  expect((await cli('usage')).stdout).toMatch(/^\d{4}-\d\d-\d\d +3 +3 +0 +0\.04 EUR$/m);
  const principals = JSON.parse((await cli('usage', '--by', 'principal', '--tool', 't.two', '--json')).stdout);
  expect(principals).toMatchObject({ by: 'principal', usage: [{ name: expect.stringMatching(/^key:/), calls: 1 }] });
  expect((await cli('usage', '--until', '2020-01-01', '--since', '2019-01-01')).stdout).toContain('No call was made');
  expect(await cli('usage', '--since', 'lately')).toMatchObject({ code: 2 });
});
