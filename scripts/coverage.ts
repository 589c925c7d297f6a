// `npm run coverage`: runs the suite with coverage and prints lines and branches by folder.
//   --check    measures nothing: takes what runs with TEST_COVERAGE=1 left (`npm test`, `npm run test:services`), and
//              fails when a folder fell below its floor
//   --update   writes the floors (test/coverage.json) half a percent below what there is; with --check, from the same
//              runs that CI looks at
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Cover, merge, readCover } from './coverage/cover.ts';
import { belowFloor, floorsOf, type Share, shares, whole } from './coverage/table.ts';
import { coverageDir, root } from './places.ts';
import { recordStep } from './results.ts';
import { passOnInterrupts, runStep } from './steps.ts';
import { vitestStep } from './vitest.ts';

const { values } = parseArgs({
  options: { check: { type: 'boolean', default: false }, update: { type: 'boolean', default: false } },
});
const floorsPath = join(root, 'test', 'coverage.json');
const goals: Record<string, number> = { [whole]: 90, 'src/capabilities/access': 95, 'src/capabilities/policy': 95 };

if (!values.check) {
  passOnInterrupts();
  rmSync(coverageDir, { recursive: true, force: true });
  const run = vitestStep({ part: 'embedded', projects: ['unit', 'integration'], coverage: true });
  if (!(await runStep(run)).ok) process.exitCode = 1;
}

const startedAt = Date.now();
const cover: Cover = new Map();
for (const part of existsSync(coverageDir) ? readdirSync(coverageDir) : []) {
  merge(cover, await readCover(join(coverageDir, part)));
}
if (cover.size === 0) throw new Error('no run has left its coverage; run without --check');
const found = shares(cover);

console.log(`\n${'folder'.padEnd(32)}   lines branches  goal (lines)`);
for (const [folder, { lines, branches }] of found) {
  const goal = goals[folder] === undefined ? '' : `  ${goals[folder]}${lines < goals[folder] ? ', not reached' : ''}`;
  console.log(`${folder.padEnd(32)} ${lines.toFixed(1).padStart(7)} ${branches.toFixed(1).padStart(8)}${goal}`);
}

if (values.update) {
  writeFileSync(floorsPath, `${JSON.stringify(floorsOf(found), null, 2)}\n`);
  console.log('\nWritten: test/coverage.json');
} else {
  const floors = (existsSync(floorsPath) ? JSON.parse(readFileSync(floorsPath, 'utf8')) : {}) as Record<string, Share>;
  const faults = existsSync(floorsPath) ? belowFloor(found, floors) : ['there is no test/coverage.json: run --update'];
  for (const fault of faults) console.log(`fault: ${fault}`);
  // Without services there is less to see than CI sees: only CI decides.
  if (values.check && faults.length > 0) process.exitCode = 1;
  const reason = faults.join('; ') || undefined;
  if (values.check) recordStep({ name: 'coverage', ok: faults.length === 0, ms: Date.now() - startedAt, reason });
}
