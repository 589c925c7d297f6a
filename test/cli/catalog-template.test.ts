import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lintTool } from '../../src/capabilities/catalog/review/lint.ts';
import { packageRoot } from '../../src/config/index.ts';
import { type Fairlead, startFairlead } from '../harness.ts';
import { run } from './run.ts';

const folder = mkdtempSync(join(tmpdir(), 'fairlead-template-'));
const project = join(folder, 'weather');
const node = join(packageRoot, 'node_modules/.bin/node');
const read = (file: string) => readFileSync(join(project, file), 'utf8');
const template = (...args: string[]) => run(['catalog', 'template', ...args], { cwd: folder });

beforeAll(async () => {
  const { code, stdout } = await template('weather', '--name', 'io.github.meadow/weather-mcp', '--title', 'Weather');
  expect(code).toBe(0);
  expect(stdout).toContain('EVALUATION.md');
  // What it depends on is here already: nothing is installed.
  symlinkSync(join(packageRoot, 'node_modules'), join(project, 'node_modules'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the server that catalog template writes', () => {
  let fairlead: Fairlead;
  const inProject = (...args: string[]) => execFileSync(node, args, { cwd: project, encoding: 'utf8' });

  beforeAll(async () => {
    inProject(join(packageRoot, 'node_modules/typescript/bin/tsc'), '-p', '.');
    const served = (file: string) => ({ command: node, args: [join(project, file)], startTimeoutMs: 60_000 });
    fairlead = await startFairlead({
      config: { upstreams: { source: served('src/server.ts'), built: served('dist/server.js') } },
    });
  });
  afterAll(() => fairlead?.stop());

  it.each(['source', 'built'])('is called through Fairlead, from its %s [CA-4]', async (toolset) => {
    const called = await fairlead.request(`/api/v1/tools/${toolset}.count_words/call`, {
      json: { arguments: { text: 'one two\nthree' } },
    });
    expect(await called.json()).toMatchObject({
      outcome: 'ok',
      result: { structuredContent: { words: 3, lines: 2, characters: 13 } },
    });
    const long = await fairlead.request(`/api/v1/tools/${toolset}.count_words/call`, {
      json: { arguments: { text: 'a'.repeat(100_001) } },
    });
    expect(await long.json()).toMatchObject({ outcome: 'tool_error' });
  });

  it('has a tool with whose description a model can do something [CA-4] [CA-2]', async () => {
    const { definition, annotations } = await (await fairlead.request('/api/v1/tools/source.count_words')).json();
    expect(lintTool(definition)).toEqual([]);
    expect(annotations).toMatchObject({ readOnly: true });
  });

  it('has a test of its own that passes, and a program that is one once it is built [CA-4]', () => {
    expect(inProject('--test')).toMatch(/pass 1\n/);
    const { bin, mcpName, dependencies } = JSON.parse(read('package.json'));
    expect(existsSync(join(project, bin['weather-mcp']))).toBe(true);
    expect(read(bin['weather-mcp'])).toMatch(/^#!\/usr\/bin\/env node\n/);
    expect(mcpName).toBe('io.github.meadow/weather-mcp');
    const ours = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')).dependencies;
    for (const [name, range] of Object.entries(dependencies)) expect(range).toBe(`^${ours[name]}`);
  });

  it('is described so that others can add it [CA-4]', async () => {
    const shown = await run(['catalog', 'show', 'weather-mcp', '--registry', join(project, 'server.json')]);
    expect(shown).toMatchObject({ code: 0, stderr: '' });
    expect(shown.stdout).toMatch(/^title +Weather$/m);
    const added = await run(['catalog', 'add', 'weather-mcp', '--dry-run', '--registry', join(project, 'server.json')]);
    expect(added.stdout).toContain('- weather-mcp@0.1.0\n');
    expect(added.stdout).toContain('MAX_CHARACTERS: "100000"');
  });
});

describe('the evaluation sheet', () => {
  it('asks for licence, upkeep, permissions, data, alternatives and a score, and says how to score [CA-4]', () => {
    const headings = read('EVALUATION.md').match(/^## .*$/gm);
    expect(headings).toEqual([
      ...['## Licence', '## Upkeep', '## Permissions', '## Data touched', '## Alternatives', '## Score'],
    ]);
    const weights = [...read('EVALUATION.md').matchAll(/\| (\d) \| \|$/gm)].map(([, weight]) => Number(weight));
    expect(weights.reduce((sum, weight) => sum + 3 * weight, 0)).toBe(30);
    expect(read('EVALUATION.md')).toContain('At most 30.');
  });
});

describe('catalog template', () => {
  it('writes nothing where something is, and nothing under a wrong name [CA-4] [SP-20]', async () => {
    writeFileSync(join(folder, 'file'), '');
    for (const [args, said] of [
      [['weather', '--name', 'a.b/c'], /Something is in .*weather already/],
      [['new'], /It needs a name/],
      [['new', '--name', 'weather'], /--name must be namespace\/name/],
      [['new', '--name', 'a.b/_x', '--title', ' '], /must begin with a letter or digit.*--title must be one line/],
      [['new', '--name', 'a.b/c', '--description', 'x'.repeat(101)], /--description must be one line/],
    ] as const) {
      const { code, stderr } = await template(...args);
      expect(stderr).toMatch(said);
      expect(code).toBe(2);
    }
    expect(existsSync(join(folder, 'new'))).toBe(false);
    expect((await template('file', '--name', 'a.b/c')).code).not.toBe(0);
    expect(statSync(join(folder, 'file')).size).toBe(0);
  });

  it('tells programs what it wrote [CA-4] [SP-20]', async () => {
    const { stdout } = await template('other', '--name', 'a.b/9lives', '--licence', 'MIT', '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      folder: join(folder, 'other'),
      files: expect.arrayContaining(['server.json']),
    });
    expect(readFileSync(join(folder, 'other/EVALUATION.md'), 'utf8')).toContain('| MIT |');
  });
});
