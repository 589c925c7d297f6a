import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { filedUpstream } from '../filed.ts';
import { type Fairlead, startFairlead } from '../harness.ts';
import { type RunOptions, run } from './run.ts';

// `fairlead tools lint`: against a server, and for authors of servers without one.

let fairlead: Fairlead;
const folder = mkdtempSync(join(tmpdir(), 'fairlead-lint-'));
const inputSchema = {
  type: 'object',
  properties: { service: { type: 'string', description: 'Name of the service, e.g. "billing".' } },
};
const good = {
  name: 'read_log_lines',
  description:
    'Returns the last lines of a service log, newest first. Use it when a service misbehaves. Not for metrics.',
  inputSchema,
};
const guessed = {
  ...good,
  name: 'list_alerts',
  description: 'Returns the alerts of a service, newest first, with all.',
};
const bad = { name: 'run', description: '', inputSchema: { type: 'object', properties: { a: { type: 'string' } } } };
const upstream = filedUpstream({ tools: [good, guessed, bad] });

beforeAll(async () => {
  fairlead = await startFairlead({
    config: {
      upstreams: {
        logs: {
          ...upstream.settings,
          tools: {
            read_log_lines: { examples: [{ intent: "what's wrong", arguments: { service: 'billing' } }] },
            list_alerts: {
              whenToUse: 'When it is on fire.',
              whenNotToUse: 'For logs.',
              sideEffects: 'None.',
              cost: { units: 2, amount: 0.1, currency: 'EUR' },
              rateLimits: ['60 an hour'],
              errors: { GONE: 'Ask somebody.' },
              examples: [{ intent: "what's on fire", arguments: { service: "bob's" } }],
            },
          },
        },
      },
    },
  });
});
afterAll(async () => {
  await fairlead?.stop();
  upstream.remove();
  rmSync(folder, { recursive: true, force: true });
});

const cli = (args: string[], more: RunOptions = {}) =>
  run(args, {
    cwd: folder,
    env: { FAIRLEAD_URL: fairlead.url, FAIRLEAD_KEY: fairlead.adminKey },
    ...more,
  });
const alone = (args: string[], input = '') =>
  run(['tools', 'lint', ...args], { cwd: folder, env: { HOME: folder }, input });

it('finds nothing at all in our own tools, whichever there are, but for two whose names were promised [CA-2]', async () => {
  const { code, stdout } = await cli(['tools', 'lint', 'fairlead', '--json']);
  const { tools, faults } = JSON.parse(stdout);
  // What a caller does with an approval is to look, whichever of the two it takes: its name says at what.
  const promised = ['fairlead.approval_result', 'fairlead.approval_status'];
  expect(code).toBe(0);
  expect(faults).toMatchObject(promised.map((tool) => ({ tool, rule: 'name-verb', severity: 'warning' })));
  const own = await fairlead.request('/api/v1/tools?toolset=fairlead');
  const names = (await own.json()).tools.map(({ name }: { name: string }) => name);
  expect(names).toEqual(expect.arrayContaining(['search_tools', 'describe_tool', 'call_tool']));
  expect(tools).toBe(names.length);
});

it('judges tools with what the settings say of them, and ends with 1 for errors [CA-2] [SP-20]', async () => {
  const all = await cli(['tools', 'lint', 'logs']);
  expect(all.code).toBe(1);
  expect(all.stdout).toMatch(/^logs\.run\n {2}\w/m);
  expect(all.stdout).toMatch(/^ {2}error +description: Describe what the tool does.* \[description\]$/m);
  expect(all.stdout).toMatch(/^3 tools: 2 errors, \d warnings?\.$/m);
  expect(all.stdout).not.toContain('logs.list_alerts'); // its own words alone would not say when to use it
  expect(await cli(['tools', 'lint', 'logs.list_alerts'])).toMatchObject({
    code: 0,
    stdout: '1 tool: 0 errors, 0 warnings.\n',
  });
  expect((await cli(['tools', 'lint', 'logs_list_alerts', '--strict'])).code).toBe(0);
  expect((await cli(['tools', 'lint', 'nothing'])).stderr).toContain('There is no toolset "nothing"');
  expect((await cli(['tools', 'lint', 'logs.nothing'])).code).toBe(1);
  expect(JSON.parse((await cli(['tools', 'lint', '--json'])).stdout).tools).toBe(3);
});

it('judges a file without a server: a list, a result of tools/list, or a whole answer [CA-2] [SP-20]', async () => {
  const text = JSON.stringify([good, guessed]);
  for (const value of [text, `{"tools": ${text}}`, `{"jsonrpc": "2.0", "id": 1, "result": {"tools": ${text}}}`]) {
    writeFileSync(join(folder, 'tools.json'), value);
    const found = await alone(['--file', 'tools.json']);
    expect(found).toMatchObject({ code: 0, stderr: '' }); // warnings alone
    expect(found.stdout).toMatch(/^list_alerts\n {2}warning +description: .*\[when-to-use\]$/m);
    expect((await alone(['--file', '-', '--strict'], value)).code).toBe(1);
  }
  const told = { ...guessed, _meta: { 'dev.fairlead/tool': { whenToUse: 'On fire.', whenNotToUse: 'For logs.' } } };
  expect((await alone(['--file', '-', '--strict'], JSON.stringify([told]))).code).toBe(0);
  expect((await alone(['--file', '-'], JSON.stringify([{}]))).stdout).toMatch(/^tool 1\n/);
});

it.each([
  ['a file that is not there', ['--file', 'missing.json'], '', /cannot be read: ENOENT/],
  ['no JSON', ['--file', '-'], '{', /cannot be read: not valid JSON/],
  ['no list', ['--file', '-'], '{"tools": {}}', /holds no list of tools/],
  ['what are no tools', ['--file', '-'], '[1]', /holds no list of tools/],
  ['a file and an id', ['logs', '--file', '-'], '[]', /judged as a whole/],
])('refuses %s with exit code 2 [SP-20]', async (_, args, input, said) => {
  const { code, stdout, stderr } = await alone(args, input);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(said);
});

it('shows what is known of a tool, with its latency and calls that can be copied [CA-2] [SP-20]', async () => {
  await cli(['call', 'logs.list_alerts', 'service=billing']);
  const { stdout } = await cli(['tools', 'describe', 'logs.list_alerts']);
  for (const line of [
    /^use it +When it is on fire\.$/m,
    /^not for +For logs\.$/m,
    /^changes +None\.$/m,
    /^costs +2 units, 0\.1 EUR$/m,
    /^at most +60 an hour$/m,
    /^takes +\d+ ms at the median, \d+ ms at the 95th percentile \(of 1 call\)$/m,
    /^On GONE: Ask somebody\.$/m,
    /^# what's on fire\nnpx fairlead call logs\.list_alerts --args '\{"service":"bob'\\''s"\}'$/m,
  ])
    expect(stdout).toMatch(line);
});

it('finds tools by what is wanted, by their ids [CA-5] [SP-20]', async () => {
  const found = await cli(['tools', 'search', 'alerts', 'of', 'a', 'service']);
  expect(found).toMatchObject({ code: 0, stderr: '' });
  expect(found.stdout).toMatch(/^TOOL +DESCRIPTION\nlogs\.list_alerts /);
  expect(found.stdout).toMatch(/^How one is called: npx fairlead tools describe logs\.list_alerts$/m);
  const { tools } = JSON.parse((await cli(['tools', 'search', 'log lines', '--limit', '1', '--json'])).stdout);
  expect(tools).toMatchObject([{ id: 'logs.read_log_lines', name: 'logs_read_log_lines' }]);
  expect((await cli(['tools', 'search', 'alerts', '--toolset', 'nothing'])).stdout).toMatch(/^Nothing fits\./);
  expect((await cli(['tools', 'search', 'alerts', '--limit', '0'])).code).toBe(2);
  expect(await cli(['tools', 'search', 'alerts', '--limit', '5000'])).toMatchObject({ code: 1, stdout: '' });
  const viewer = await fairlead.makeKey(['viewer']);
  const hidden = await cli(['tools', 'search', 'alerts', '--key', viewer]);
  expect(hidden.stdout).toMatch(/^Nothing fits\./);
});
