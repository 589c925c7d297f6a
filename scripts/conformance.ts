// `npm run conformance`: runs the official suites against Fairlead and its upstream connector, prints the counts and
// writes docs/conformance.md. `--only direct` (or inside, http, stdio, client; may be repeated) narrows it, and then
// nothing is written; `--verbose` shows each scenario.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  arrange,
  arrangementNames,
  arrangementTitles,
  clientCommand,
  clientTitles,
} from './conformance/arrangements.ts';
import { type Run, report } from './conformance/report.ts';
import { clientParts, runClientSuite, runServerSuite, type SuiteResult, suites } from './conformance/suites.ts';
import { type ExpectedFailures, judge } from './conformance/verdict.ts';
import { root } from './places.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    verbose: { type: 'boolean', default: false, short: 'v' },
  },
});
const all = [...arrangementNames, 'client'] as const;
const names = values.only ?? all;
for (const name of names) if (!(all as readonly string[]).includes(name)) throw new Error(`no arrangement "${name}"`);

const expectedPath = join(root, 'test', 'conformance', 'expected-failures.json');
const expected = JSON.parse(readFileSync(expectedPath, 'utf8')) as ExpectedFailures;
const out = mkdtempSync(join(tmpdir(), 'conformance-'));
const runs: Run[] = [];

try {
  for (const name of arrangementNames.filter((each) => names.includes(each))) {
    const { url, stop } = await arrange(name);
    try {
      for (const suite of suites)
        note(name, arrangementTitles[name], await runServerSuite(suite, url, join(out, name)));
    } finally {
      await stop();
    }
  }
  if (names.includes('client')) {
    for (const suite of suites) {
      for (const part of clientParts) {
        note('client', clientTitles[part], await runClientSuite(suite, part, clientCommand, join(out, 'client')));
      }
    }
  }
  if (values.only === undefined) {
    mkdirSync(join(root, 'docs'), { recursive: true });
    writeFileSync(join(root, 'docs', 'conformance.md'), report(runs));
    console.log('Written: docs/conformance.md');
  }
} finally {
  rmSync(out, { recursive: true, force: true });
}

function note(name: string, arrangement: string, result: SuiteResult): void {
  const verdict = judge(result, expected);
  runs.push({ arrangement, suite: result.suite, verdict });
  if (values.verbose) {
    for (const { name: scenario, passed, failed, messages } of result.scenarios) {
      console.log(`  ${failed === 0 ? 'ok    ' : 'FAILED'} ${scenario}: ${passed} passed, ${failed} failed`);
      for (const message of messages) console.log(`           ${message}`);
    }
  }
  const { scored, unscored, checks, faults } = verdict;
  console.log(
    `${name.padEnd(6)} ${result.suite.padEnd(27)} required ${scored.passed}/${scored.all}, unscored ${unscored.passed}/${unscored.all}, checks ${checks.passed} passed, ${checks.failed} failed`,
  );
  for (const fault of faults) console.error(`  fault: ${fault}`);
  if (faults.length > 0) process.exitCode = 1;
}
