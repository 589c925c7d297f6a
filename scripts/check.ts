// Types, lint and unused code, each in full even when an earlier one finds something.
import { join } from 'node:path';
import { root } from './places.ts';
import { recordStep } from './results.ts';
import { passOnInterrupts, reportSteps, runStep, type StepEnd } from './steps.ts';

const tools = [
  { name: 'types', file: 'typescript/bin/tsc', args: ['-p', '.'] },
  { name: 'lint', file: '@biomejs/biome/bin/biome', args: ['check', '--error-on-warnings'] },
  { name: 'unused', file: 'knip/bin/knip.js', args: ['--no-progress'] },
];

passOnInterrupts();
const ends: StepEnd[] = [];
for (const { name, file, args } of tools) {
  const path = join(root, 'node_modules', file);
  ends.push(await runStep({ name, command: process.execPath, args: [path, ...args], limitMs: 120_000 }));
}
for (const end of ends) recordStep(end);
if (!reportSteps(ends)) process.exitCode ||= 1;
