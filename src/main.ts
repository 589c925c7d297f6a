#!/usr/bin/env node
import ours from '../package.json' with { type: 'json' };
import { runCli } from './cli/program.ts';
import { readEnvironment } from './config/index.ts';

const stop = new AbortController();
// Whoever started this passes a signal on that the whole process group has got already: that is one, not two.
const sameSignalMs = 100;
let firstSignalAt = 0;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (!stop.signal.aborted) firstSignalAt = performance.now();
    else if (performance.now() - firstSignalAt > sameSignalMs) process.exit(130); // the second time means now
    stop.abort();
  });
}

// Whoever reads has read enough (`fairlead tools list | head`).
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

const code = await runCli(
  process.argv.slice(2),
  {
    env: readEnvironment(),
    cwd: process.cwd(),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    signal: stop.signal,
    onHangup: (listener) => void process.on('SIGHUP', listener),
  },
  ours.version,
);
process.exitCode = code;
