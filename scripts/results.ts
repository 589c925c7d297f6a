import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ResultFile, TestRecord } from '../test/results-reporter.ts';
import { resultsDir } from './places.ts';
import type { StepEnd } from './steps.ts';

export function resultPath(part: string): string {
  return join(resultsDir, `${part}.json`);
}

/** Forgets what earlier runs of these parts left, so that no stale proof counts. */
export function clearResults(parts: readonly string[]): void {
  for (const part of parts) rmSync(resultPath(part), { force: true });
}

export function readResults(): ResultFile[] {
  if (!existsSync(resultsDir)) return [];
  return readdirSync(resultsDir)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => JSON.parse(readFileSync(join(resultsDir, name), 'utf8')) as ResultFile);
}

export function writeResults(part: string, tests: TestRecord[]): void {
  mkdirSync(resultsDir, { recursive: true });
  writeFileSync(resultPath(part), JSON.stringify({ part, tests } satisfies ResultFile, null, 1));
}

/** Leaves a record of a step that is not itself a test run, so that it counts as one test. */
export function recordStep({ name, ok, ms, reason }: StepEnd): void {
  const detail = reason === undefined ? {} : { reason };
  writeResults(`step-${name}`, [{ file: 'scripts', name, state: ok ? 'passed' : 'failed', durationMs: ms, ...detail }]);
}

/** Makes sure that a test run which failed without a failed test (stopped, not started) shows in the results. */
export function recordRun(end: StepEnd): void {
  if (end.ok) return;
  const found = readResults().find(({ part }) => part === end.name);
  if (found?.tests.some(({ state }) => state === 'failed')) return;
  const record: TestRecord = { file: 'scripts', name: `the run: ${end.reason}`, state: 'failed', durationMs: end.ms };
  writeResults(end.name, [...(found?.tests ?? []), record]);
}
