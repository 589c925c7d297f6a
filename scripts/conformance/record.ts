import type { TestRecord } from '../../test/results-reporter.ts';
import { readResults, writeResults } from '../results.ts';
import type { SuiteResult } from './suites.ts';

/** Leaves each scenario as one test in the results, so that they count one by one. */
export function recordScenarios(arrangement: string, { suite, scenarios }: SuiteResult): void {
  if (process.env.TEST_RESULTS === undefined) return; // nobody counts
  const earlier = readResults().find(({ part }) => part === 'scenarios')?.tests ?? [];
  const records = scenarios.map(({ name, scored, unscoredReason, failed, messages }): TestRecord => {
    const record = { file: 'scenarios', name: `${arrangement}: ${suite}: ${name}`, durationMs: 0 };
    if (failed === 0) return { ...record, state: 'passed' };
    return scored
      ? { ...record, state: 'failed', reason: messages.join('; ') }
      : { ...record, state: 'skipped', reason: `not required (${unscoredReason}), and not passed` };
  });
  writeResults('scenarios', [...earlier, ...records]);
}
