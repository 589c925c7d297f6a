import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ResultFile } from '../test/results-reporter.ts';
import { resultsDir } from './places.ts';

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
