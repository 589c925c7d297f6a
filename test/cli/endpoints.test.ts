import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Fairlead, startFairlead } from '../harness.ts';
import { listedUpstream } from '../listed.ts';
import { run } from './run.ts';

let fairlead: Fairlead;
const folder = mkdtempSync(join(tmpdir(), 'fairlead-cli-endpoints-'));
const inputSchema = { type: 'object' };
const git = listedUpstream([
  { name: 'git_log', inputSchema, annotations: { readOnlyHint: true } },
  { name: 'git_push', inputSchema },
]);
const weather = listedUpstream([{ name: 'forecast', inputSchema, annotations: { readOnlyHint: true } }]);

beforeAll(async () => {
  fairlead = await startFairlead({
    config: { upstreams: { git, weather }, endpoints: { filed: { toolsets: ['git'] } } },
  });
});
afterAll(async () => {
  await fairlead?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const cli = (...args: string[]) =>
  run(args, { cwd: folder, env: { FAIRLEAD_URL: fairlead.url, FAIRLEAD_KEY: fairlead.adminKey } });
const json = async (...args: string[]) => {
  const ran = await cli(...args, '--json');
  expect(ran).toMatchObject({ code: 0, stderr: '' });
  return JSON.parse(ran.stdout);
};
const toolsAt = async (endpoint: string) =>
  (await json('tools', 'list', '--endpoint', endpoint)).tools.map(({ id }: { id: string }) => id);

it('adds an endpoint by flags, lists, shows and removes it [CA-1] [SP-20]', async () => {
  const reading = [
    '--include',
    'annotations.readOnly=true annotations.destructive=false',
    '--exclude',
    'toolsets=weather',
  ];
  const added = await cli('endpoints', 'add', 'reading', ...reading);
  expect(added).toMatchObject({ code: 0, stderr: '' });
  expect(added.stdout).toContain(`Added the endpoint reading, served at ${fairlead.url}/mcp/reading.`);
  expect(added.stdout).toContain('npx fairlead connect --endpoint reading');
  expect(await toolsAt('reading')).toEqual(['git.git_log']);

  const table = (await cli('endpoints', 'list')).stdout;
  expect(table).toMatch(/^NAME +TOOLS +DISCLOSURE +SOURCE +ADDRESS$/m);
  expect(table).toMatch(new RegExp(`^filed +2 +full +file +${fairlead.url}/mcp/filed$`, 'm'));
  expect(table).toMatch(/^reading +1 +full +runtime /m);
  const shown = (await cli('endpoints', 'show', 'reading')).stdout;
  expect(shown).toMatch(/^tools +1 that you may call$/m);
  expect(shown).toMatch(/^changed +\d{4}-\S+ \S+ by key:/m);
  expect(shown).toContain('"exclude"');
  expect((await json('endpoints', 'show', 'reading')).settings).toMatchObject({
    include: [{ annotations: { readOnly: true, destructive: false } }],
    exclude: [{ toolsets: ['weather'] }],
  });

  const again = await cli('endpoints', 'add', 'reading', '--toolset', 'weather');
  expect(again).toMatchObject({
    code: 1,
    stderr: 'There is an endpoint "reading" already.\nAdd --replace to change it, or take another name.\n',
  });
  const lists = ['--include', 'tools=git.*,weather.forecast', 'toolsets=git', '--disclosure', 'search'];
  const more = ['--pin', 'git.git_log', '--instructions', 'Ask first.', '--naming', 'bare', '--replace'];
  const changed = await json('endpoints', 'add', 'reading', ...lists, ...more);
  expect(changed).toMatchObject({
    disclosure: 'search',
    settings: {
      include: [{ tools: ['git.*', 'weather.forecast'] }, { toolsets: ['git'] }],
      pinned: ['git.git_log'],
      instructions: 'Ask first.',
      naming: 'bare',
    },
  });
  expect(changed.settings.exclude).toBeUndefined();
  const found = await cli('tools', 'search', 'forecast of the weather', '--endpoint', 'reading');
  expect(found.stdout).toMatch(/^weather\.forecast/m);

  expect(await json('endpoints', 'remove', 'reading')).toEqual({ removed: 'reading' });
  expect((await cli('endpoints', 'show', 'reading')).stderr).toBe(
    'There is no endpoint "reading".\nThere is: filed.\n',
  );
});

it('takes settings of a file, flags over them, and tells the faults of both [CA-1] [SP-20]', async () => {
  writeFileSync(join(folder, 'e.json'), '{"toolsets": ["git"], "tools": {"git.git_log": {"name": "history"}}}');
  const { settings } = await json('endpoints', 'add', 'filled', '--settings-file', 'e.json', '--toolset', 'weather');
  expect(settings).toMatchObject({ toolsets: ['weather'], tools: { 'git.git_log': { name: 'history' } } });
  expect((await cli('endpoints', 'remove', 'filled')).stdout).toBe('Removed the endpoint filled.\n');
  const wrong = await cli('endpoints', 'add', 'wrong', '--disclosure', 'some');
  expect(wrong).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('disclosure') });
  for (const [args, said] of [
    [['--include', 'git'], /^--include: "git" selects nothing\.\nSuch as /],
    [['--exclude', 'annotations.readOnly=perhaps'], /^--exclude: "annotations\.readOnly=perhaps" selects nothing/],
    [['--settings-file', 'missing.json'], /cannot be read: ENOENT/],
  ] as const)
    expect(await cli('endpoints', 'add', 'x', ...args)).toMatchObject({ code: 2, stderr: expect.stringMatching(said) });
});

it('leaves those of the file to the file, and shows to others what is theirs [CA-1] [SP-20]', async () => {
  for (const args of [
    ['add', 'filed', '--toolset', 'git'],
    ['add', 'filed', '--toolset', 'git', '--replace'],
    ['remove', 'filed'],
  ])
    expect(await cli('endpoints', ...args)).toMatchObject({ code: 1, stderr: expect.stringContaining('file') });
  const viewer = await fairlead.makeKey(['viewer']);
  const shown = await cli('endpoints', 'show', 'filed', '--key', viewer);
  expect(shown.stdout).toMatch(/^tools +1 that you may call$/m);
  expect(shown.stdout).not.toContain('{');
  await fairlead.request('/api/v1/orgs', { json: { id: 'acme', name: 'Acme' } });
  const theirs = await fairlead.makeKey(['viewer'], { org: 'acme' });
  expect((await cli('endpoints', 'list', '--key', theirs)).stdout).toMatch(/^No endpoints but \/mcp\./);
});
