// Counts what the last runs left in the results folder; the last line is `N passed, N failed, N skipped`.
import { parseArgs } from 'node:util';
import { readResults } from './results.ts';

const { values } = parseArgs({
  options: {
    // Parts that ended badly. They count only when no test says why: nothing is counted twice.
    'failed-part': { type: 'string', multiple: true, default: [] },
  },
});

const files = readResults();
const failedParts = values['failed-part'];
const total = { passed: 0, failed: 0, skipped: 0 };
for (const { part, tests } of files) {
  const count = { passed: 0, failed: 0, skipped: 0 };
  for (const { state } of tests) count[state]++;
  console.log(
    `${part.padEnd(14)} ${String(count.passed).padStart(5)} passed ${String(count.failed).padStart(4)} failed ${String(count.skipped).padStart(4)} skipped`,
  );
  total.passed += count.passed;
  total.failed += count.failed;
  total.skipped += count.skipped;
}

const skipped = files.flatMap(({ part, tests }) =>
  tests.filter(({ state }) => state === 'skipped').map((test) => ({ part, ...test })),
);
if (skipped.length > 0) console.log('\nSkipped:');
for (const { part, name, reason } of skipped) console.log(`- ${part}: ${name}: ${reason ?? 'no reason given'}`);

const failed = files.flatMap(({ part, tests }) =>
  tests
    .filter(({ state }) => state === 'failed')
    .map(({ file, name, reason }) => `${part}: ${file}: ${name}${reason === undefined ? '' : `: ${reason}`}`),
);
if (total.failed === 0) total.failed = failedParts.length;
failed.push(...failedParts);
if (failed.length > 0) console.log('\nFailed:');
for (const name of failed) console.log(`- ${name}`);

if (total.failed > 0 || total.passed === 0) process.exitCode = 1;
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
