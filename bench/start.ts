// How long a start takes, with the four servers of examples/first-run: first on an empty data folder, then on a used one.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../src/config/index.ts';
import { serve } from '../test/served.ts';
import { report, setting } from './figures.ts';

const rounds = setting('BENCH_ROUNDS', 3);
const none = () => ({ listening: [] as number[], ready: [] as number[], processor: [] as number[] });
const [first, later] = [none(), none()];

for (let round = 0; round < rounds; round++) {
  const dataDir = mkdtempSync(join(tmpdir(), 'fairlead-bench-start-'));
  for (const times of [first, later, later]) {
    const server = await serve({
      dataDir,
      env: { FAIRLEAD_CONFIG: join(packageRoot, 'examples/first-run/fairlead.yaml') },
    });
    times.listening.push(server.listeningMs / 1000);
    times.ready.push((await server.ready()) / 1000);
    times.processor.push(server.cpuMicros() / 1_000_000);
    await server.stop();
  }
  rmSync(dataDir, { recursive: true, force: true });
}

report('Start of a server, from the start of its process', [
  { what: 'first start, serving', rounds: first.listening, unit: 's' },
  { what: 'first start, ready', rounds: first.ready, unit: 's', goal: '10 s' },
  { what: 'first start, processor time', rounds: first.processor, unit: 's' },
  { what: 'later start, serving', rounds: later.listening, unit: 's' },
  { what: 'later start, ready', rounds: later.ready, unit: 's', goal: '4 s' },
  { what: 'later start, processor time', rounds: later.processor, unit: 's' },
]);
