// Coverage of what tests start: worker threads and child processes write theirs into this folder when they end.
// Set here and not for the whole run, since the test processes themselves are measured by vitest.
import { syncBuiltinESMExports } from 'node:module';
import threads, { type WorkerOptions } from 'node:worker_threads';

const folder = process.env.TEST_CHILD_COVERAGE;
if (folder !== undefined && process.env.NODE_V8_COVERAGE === undefined) {
  process.env.NODE_V8_COVERAGE = folder;
  const { Worker } = threads;
  // Threads that are given no environment would not hear of it.
  threads.Worker = class extends Worker {
    constructor(file: string | URL, options: WorkerOptions = {}) {
      const env = options.env;
      const asked = typeof env === 'object' && env !== null ? { ...env, NODE_V8_COVERAGE: folder } : env;
      super(file, { ...options, ...(asked === undefined ? {} : { env: asked }) });
    }
  };
  syncBuiltinESMExports();
}
