import { join } from 'node:path';
import { memoryFolder } from './memory-folder.ts';
import { coverageDir, root } from './places.ts';
import { resultPath } from './results.ts';
import type { Step } from './steps.ts';

/** Limits are far above what a run takes: they end one that hangs, they do not measure. */
const minute = 60_000;

export interface VitestRun {
  /** Name of the result file. */
  part: string;
  projects: readonly string[];
  env?: Record<string, string>;
  limitMs?: number;
  coverage?: boolean;
  /** Paths that narrow the run. */
  only?: readonly string[];
}

/** A vitest run that leaves its results, and its coverage when asked, for the checks that follow. */
export function vitestStep({
  part,
  projects,
  env,
  limitMs = 20 * minute,
  coverage = false,
  only = [],
}: VitestRun): Step {
  const folder = join(coverageDir, part);
  const temporary = memoryFolder();
  return {
    name: part,
    command: process.execPath,
    args: [
      join(root, 'node_modules', 'vitest', 'vitest.mjs'),
      'run',
      ...projects.flatMap((project) => ['--project', project]),
      '--passWithNoTests',
      '--reporter=default',
      '--reporter=./test/results-reporter.ts',
      ...(coverage ? ['--coverage', `--coverage.reportsDirectory=${folder}`] : []),
      ...only,
    ],
    env: {
      ...(temporary === undefined ? {} : { TMPDIR: temporary }),
      ...env,
      ...(coverage ? { TEST_CHILD_COVERAGE: join(folder, 'children') } : {}),
      TEST_PART: part,
      TEST_RESULTS: resultPath(part),
    },
    limitMs,
  };
}
