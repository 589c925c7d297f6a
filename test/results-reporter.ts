import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import type { Reporter, TestCase, TestModule } from 'vitest/node';
import { skipReason } from '../scripts/skipped.ts';

/** One test as it ended. `reason` says why it was skipped, where the test gave one. */
export interface TestRecord {
  file: string;
  /** Names of the surrounding suites and of the test, joined by ` > `. */
  name: string;
  state: 'passed' | 'failed' | 'skipped';
  reason?: string;
  durationMs: number;
}

/** What one run of a part leaves behind for `scripts/requirements.ts` and `scripts/summary.ts`. */
export interface ResultFile {
  part: string;
  tests: TestRecord[];
}

/** Writes each test with its end and, unlike vitest's JSON reporter, the reason of each skip. */
export default class ResultsReporter implements Reporter {
  readonly #file = process.env.TEST_RESULTS;

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    if (this.#file === undefined) return;
    const tests = modules.flatMap((module) => {
      const file = relative(process.cwd(), module.moduleId);
      const records = [...module.children.allTests()].map((test) => recordOf(file, test));
      // A module that cannot be loaded has no tests and would otherwise count as nothing at all.
      const broken = module.errors().length > 0 || (module.state() === 'failed' && records.length === 0);
      return broken ? [...records, failure(file, 'the file itself')] : records;
    });
    if (unhandled.length > 0) tests.push(failure('(run)', `${unhandled.length} errors outside of any test`));
    mkdirSync(dirname(this.#file), { recursive: true });
    const part = process.env.TEST_PART ?? 'tests';
    writeFileSync(this.#file, JSON.stringify({ part, tests } satisfies ResultFile, null, 1));
  }
}

function recordOf(file: string, test: TestCase): TestRecord {
  const result = test.result();
  const names = test.fullName.split(' > ');
  const source = () => readFileSync(test.module.moduleId, 'utf8');
  const note = result.state === 'skipped' ? (result.note ?? skipReason(source(), names)) : undefined;
  return {
    file,
    name: test.fullName,
    // A test that never ran (time-out of the run, bail) is not a skip that somebody decided on.
    state: result.state === 'pending' ? 'failed' : result.state,
    ...(note === undefined ? {} : { reason: note }),
    durationMs: Math.round(test.diagnostic()?.duration ?? 0),
  };
}

function failure(file: string, name: string): TestRecord {
  return { file, name, state: 'failed', durationMs: 0 };
}
