import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Fairlead, startFairlead } from '../harness.ts';
import { run } from './run.ts';

let fairlead: Fairlead;
const folder = mkdtempSync(join(tmpdir(), 'fairlead-cli-quality-'));

beforeAll(async () => {
  fairlead = await startFairlead({ config: {} });
  await cli('knowledge', 'add', 'notes');
  const same = '# Queues\n\nOrders go through the queue orders-v2.\n';
  for (const name of ['queues.md', 'queues-copy.md']) writeFileSync(join(folder, name), same);
  await cli('knowledge', 'upload', 'notes', 'queues.md', 'queues-copy.md');
}, 60_000);
afterAll(async () => {
  await fairlead?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const cli = (...args: string[]) =>
  run(args, { cwd: folder, env: { FAIRLEAD_URL: fairlead.url, FAIRLEAD_KEY: fairlead.adminKey } });
const write = (name: string, text: string) => writeFileSync(join(folder, name), text);

it('evaluates a file of questions, with thresholds for pipelines and what has changed [KN-11] [SP-20]', async () => {
  write('set.csv', 'question,expect,tags\nwhich queue do orders go through,Queues,queues\nzeppelin timetable,none,\n');
  const good = await cli('knowledge', 'eval', 'set.csv', '--fail-under', 'hit-rate=1', 'abstention-recall=1');
  expect(good).toMatchObject({ code: 0, stderr: '' });
  expect(good.stdout).toMatch(/^all +2 +2 +1\.000 +1\.000 +1\.000 +1\.000 +1\.000 +1\.000$/m);
  expect(good.stdout).toMatch(/^tag queues +1 +1 .* not measured +not measured$/m);

  write('set.csv', 'question,expect\nwhich queue do orders go through,nowhere.md\nzeppelin timetable,none\n');
  const bad = await cli('knowledge', 'eval', 'set.csv', '--fail-under', 'hit-rate@1=0.5', 'mrr=0', '--fail-worse');
  expect(bad.code).toBe(1);
  expect(bad.stderr).toBe('hit-rate@1 is 0.000, and 0.5 is wanted.\n1 question is newly wrong.\n');
  expect(bad.stdout).toMatch(
    /^- which queue do orders go through\n {2}did not come: nowhere\.md \(confidence 0\.\d+\); there is no document nowhere\.md that you may read\n {2}first came: notes\/queues/m,
  );
  expect(bad.stdout).toMatch(/\nNewly wrong: 1\n- which queue do orders go through\n$/);

  write('phrase.csv', 'question,expect,phrase\nwhich queue do orders go through,notes/queues.md,orders-v3\n');
  const without = await cli('knowledge', 'eval', 'phrase.csv');
  expect(without.stdout).toMatch(/^ {2}came without all that was wanted of notes\/queues\.md \(confidence 0\.\d+\)$/m);

  const unmeasured = await cli('knowledge', 'eval', 'set.csv', '--name', 'other', '--limit', '1', '--json');
  expect(JSON.parse(unmeasured.stdout)).toMatchObject({ name: 'other', figures: { all: { right: 1 } } });
});

it('tells every fault of a file and of the command line before it asks [KN-11] [SP-20]', async () => {
  write('bad.yaml', '- question: a\n- expect: none\n');
  const faults = await cli('knowledge', 'eval', 'bad.yaml');
  expect(faults.code).toBe(2);
  expect(faults.stderr).toMatch(/^bad\.yaml has 2 faults:\n {2}- line 1: expect is missing.*\n {2}- line 2: question /);
  for (const threshold of ['speed=1', 'mrr', 'mrr=2'])
    expect((await cli('knowledge', 'eval', 'bad.yaml', '--fail-under', threshold)).stderr).toContain('is no threshold');
  expect((await cli('knowledge', 'eval', 'missing.yaml')).code).toBe(2);
});

it('lists what was asked in vain, dismisses it, and reports what needs care [KN-12] [SP-20]', async () => {
  for (const words of ['how are pigeons fed', 'How are pigeons fed?', 'who winds the clock'])
    await cli('knowledge', 'query', ...words.split(' '));
  const gaps = await cli('knowledge', 'gaps');
  expect(gaps.stdout).toMatch(
    /^\w{16} +2 +0\.\d\d +\S+ \S+ +all +How are pigeons fed\?\n\w{16} +1 .* who winds the clock$/m,
  );
  const [id = ''] = /^\w{16}/m.exec(gaps.stdout) ?? [];
  expect((await cli('knowledge', 'gaps', '--dismiss', id)).stdout).toBe(`Dismissed ${id}.\n`);
  expect((await cli('knowledge', 'gaps', '--days', '1')).stdout).not.toContain('pigeons');
  expect((await cli('knowledge', 'gaps', '--dismiss', 'nobody')).code).toBe(1);

  const { passages } = JSON.parse((await cli('knowledge', 'query', 'orders', '--json')).stdout);
  await cli('call', 'knowledge.feedback', `id:=${passages[0].id}`, 'helpful:=false', 'note=It is v3 by now.');
  const report = await cli('knowledge', 'report', 'notes');
  expect(report).toMatchObject({ code: 0, stderr: '' });
  expect(report.stdout).toMatch(
    /^Not changed for 180 days: 0\nNot seen at their source for a week: 0\nDocuments that say the same: 1\nthe same: notes\/queues.*\nPassages that did not help: 1\nnotes\/queues.*: 1 no, 0 yes\n {2}It is v3 by now\.\n$/,
  );
  expect((await cli('knowledge', 'report', 'nowhere')).code).toBe(1);
});

it('has a description of the feedback tool that a model can choose by [KN-12]', async () => {
  const { code, stdout } = await cli('tools', 'lint', 'knowledge.feedback');
  expect(code).toBe(0);
  // As every tool of this toolset: its name says with it what it is about.
  expect([...stdout.matchAll(/\[([\w-]+)\]$/gm)].map(([, rule]) => rule)).toEqual(['name-specific']);
});
