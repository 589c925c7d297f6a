// `npm run conformance`: runs the official suites against Fairlead, prints the counts and writes docs/conformance.md.
// `--arrangement direct` (or http, stdio; may be repeated) narrows it, and then writes nothing.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type ArrangementName, arrange, arrangementNames, arrangementTitles } from './conformance/arrangements.ts';
import { type Run, report } from './conformance/report.ts';
import { runServerSuite, suites } from './conformance/suites.ts';
import { type ExpectedFailures, judge } from './conformance/verdict.ts';
import { root } from './places.ts';

const { values } = parseArgs({
  options: {
    arrangement: { type: 'string', multiple: true },
    verbose: { type: 'boolean', default: false, short: 'v' },
  },
});
const names = (values.arrangement ?? arrangementNames.filter((name) => name !== 'direct')) as ArrangementName[];
for (const name of names) if (!arrangementNames.includes(name)) throw new Error(`no arrangement "${name}"`);

const expectedPath = join(root, 'test', 'conformance', 'expected-failures.json');
const expected = JSON.parse(readFileSync(expectedPath, 'utf8')) as ExpectedFailures;
const out = mkdtempSync(join(tmpdir(), 'conformance-'));
const runs: Run[] = [];

try {
  for (const name of names) {
    const { url, stop } = await arrange(name);
    try {
      for (const suite of suites) {
        const result = await runServerSuite(suite, url, join(out, name));
        // The fixtures alone are not what is expected to fail somewhere.
        runs.push({ arrangement: arrangementTitles[name], suite: suite.name, verdict: judge(result, expected) });
        if (values.verbose) {
          for (const { name: scenario, passed, failed, messages } of result.scenarios) {
            console.log(`  ${failed === 0 ? 'ok    ' : 'FAILED'} ${scenario}: ${passed} passed, ${failed} failed`);
            for (const message of messages) console.log(`           ${message}`);
          }
        }
        const { scored, unscored, checks, faults } = runs.at(-1)?.verdict ?? judge(result, expected);
        console.log(
          `${name.padEnd(6)} ${suite.name.padEnd(27)} required ${scored.passed}/${scored.all}, unscored ${unscored.passed}/${unscored.all}, checks ${checks.passed} passed, ${checks.failed} failed`,
        );
        for (const fault of faults) console.error(`  fault: ${fault}`);
        if (faults.length > 0) process.exitCode = 1;
      }
    } finally {
      await stop();
    }
  }
  if (values.arrangement === undefined) {
    writeFileSync(join(root, 'docs', 'conformance.md'), report(runs));
    console.log('Written: docs/conformance.md');
  }
} finally {
  rmSync(out, { recursive: true, force: true });
}
