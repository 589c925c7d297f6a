// The test runs of package.json: `node scripts/test.ts [all | adversarial | chaos]`.

import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from './places.ts';
import { clearResults, recordRun, recordStep } from './results.ts';
import { passOnInterrupts, reportSteps, runStep, type Step, type StepEnd } from './steps.ts';
import { vitestStep } from './vitest.ts';

const minute = 60_000;
const { values, positionals } = parseArgs({
  options: { coverage: { type: 'boolean', default: process.env.TEST_COVERAGE === '1' } },
  allowPositionals: true,
});

const script = (name: string, ...args: string[]) => ({
  name,
  command: process.execPath,
  args: [join(root, 'scripts', `${name}.ts`), ...args],
  limitMs: minute,
});

/** One after the other; those of one list side by side, since each leaves a processor idle now and then. */
const runs: Record<string, { parts: string[]; steps: Step[][] }> = {
  all: {
    parts: ['embedded', 'conformance', 'scenarios'],
    steps: [
      [{ ...script('check'), limitMs: 3 * minute }],
      [{ ...script('supply'), limitMs: 2 * minute }],
      [
        vitestStep({
          part: 'embedded',
          projects: ['architecture', 'unit', 'integration', 'adversarial'],
          limitMs: 26 * minute, // a busy machine may be slow; this only ends what hangs
          coverage: values.coverage,
        }),
        vitestStep({ part: 'conformance', projects: ['conformance'], limitMs: 15 * minute }),
      ],
      [script('requirements')],
    ],
  },
  adversarial: {
    parts: ['adversarial'],
    steps: [[vitestStep({ part: 'adversarial', projects: ['adversarial'], limitMs: 8 * minute })]],
  },
  // CHAOS=short shortens the rounds; the tests read it themselves.
  chaos: {
    parts: ['chaos'],
    steps: [
      [
        vitestStep({
          part: 'chaos',
          projects: ['chaos'],
          limitMs: process.env.CHAOS === 'short' ? 8 * minute : 120 * minute,
        }),
      ],
    ],
  },
};

const name = positionals[0] ?? 'all';
const run = runs[name];
if (run === undefined) throw new Error(`no run "${name}"; there are: ${Object.keys(runs).join(', ')}`);

passOnInterrupts();
clearResults(run.parts);
const ends: StepEnd[] = [];
for (const beside of run.steps) {
  for (const end of await Promise.all(beside.map(runStep))) {
    ends.push(end);
    if (run.parts.includes(end.name)) recordRun(end);
    else if (end.name !== 'check' && end.name !== 'supply') recordStep(end); // these record their own
  }
}
// What an earlier run left is not what this one ended with.
const only = name === 'all' ? [] : run.parts.flatMap((part) => ['--part', part]);
const summary = await runStep(script('summary', ...only));
if (!reportSteps([...ends, summary])) process.exitCode ||= 1;
