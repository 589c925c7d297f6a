// Counts what the last runs left in the results folder; the last line is `N passed, N failed, N skipped`.
import { parseArgs } from 'node:util';
import { readResults } from './results.ts';

const { values } = parseArgs({
  options: {
    // Parts that ended badly. They count only when no test says why: nothing is counted twice.
    'failed-part': { type: 'string', multiple: true, default: [] },
    // Only these results; all that are there when none is named.
    part: { type: 'string', multiple: true, default: [] },
  },
});

const files = readResults().filter(({ part }) => values.part.length === 0 || values.part.includes(part));
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

// By reason: the same scenario is skipped in every arrangement for the same one.
const skipped = new Map<string, Set<string>>();
for (const { part, tests } of files) {
  for (const { state, name, reason = 'no reason given' } of tests) {
    if (state !== 'skipped') continue;
    const shortName = part === 'scenarios' ? (name.split(': ').at(-1) ?? name) : name;
    skipped.set(`${part}: ${reason}`, (skipped.get(`${part}: ${reason}`) ?? new Set()).add(shortName));
  }
}
if (skipped.size > 0) console.log('\nSkipped:');
for (const [reason, names] of skipped) {
  console.log(`- ${reason}`);
  for (const name of names) console.log(`    ${name}`);
}

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
