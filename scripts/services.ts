// `npm run test:services`: every test that comes to a service once more, on Postgres 17 with pgvector and on Redis, with
// Prometheus, nginx, Chromium and OpenBao at hand. Starts what it can get, says by name what it cannot and why, and stops exactly what it started.
// `node scripts/services.ts --hold` only starts them and prints their addresses, until interrupted.
import { parseArgs } from 'node:util';
import type { TestRecord } from '../test/results-reporter.ts';
import { root } from './places.ts';
import { clearResults, recordRun, writeResults } from './results.ts';
import { concernedTests } from './services/concerned.ts';
import { programOf } from './services/debian.ts';
import { vaultProgram } from './services/openbao.ts';
import { startPostgres } from './services/postgres.ts';
import { startRedis } from './services/redis.ts';
import { NotToBeHad, type Service } from './services/service.ts';
import { passOnInterrupts, reportSteps, runStep, wasInterrupted } from './steps.ts';
import { vitestStep } from './vitest.ts';

const { values, positionals } = parseArgs({
  options: {
    hold: { type: 'boolean', default: false },
    coverage: { type: 'boolean', default: process.env.TEST_COVERAGE === '1' },
  },
  allowPositionals: true, // paths that narrow the run
});

passOnInterrupts();
clearResults(['services', 'services-missing']);
const started: Service[] = [];
const env: Record<string, string> = {};
const missing: TestRecord[] = [];

try {
  await obtain('Postgres 17 with pgvector', async () => {
    env.TEST_DATABASE_URL = await keep(await startPostgres());
  });
  await obtain('Redis', async () => {
    env.TEST_REDIS_URL = await keep(await startRedis());
  });
  await obtain('Prometheus', async () => {
    env.TEST_PROMETHEUS = await programOf('prometheus', 'prometheus');
  });
  await obtain('nginx', async () => {
    env.TEST_NGINX = await programOf('nginx', 'nginx-light');
  });
  await obtain('Chromium', async () => {
    env.CHROMIUM_PATH = await programOf('chromium', 'chromium');
  });

  await obtain('OpenBao', async () => {
    env.TEST_VAULT = await vaultProgram();
  });

  if (values.hold) await hold();
  else if (env.TEST_DATABASE_URL === undefined && env.TEST_REDIS_URL === undefined) {
    console.log('No service to run on: nothing that `npm test` does not show already.');
  } else if (!wasInterrupted()) {
    const step = vitestStep({
      part: 'services',
      projects: ['unit', 'integration', 'adversarial'],
      env,
      limitMs: 19 * 60_000,
      coverage: values.coverage,
      only: positionals.length > 0 ? positionals : concernedTests(root),
    });
    const end = await runStep(step);
    recordRun(end);
    if (!reportSteps([end])) process.exitCode ||= 1;
  }
} finally {
  for (const service of started.reverse()) {
    await service.stop().catch((error: Error) => {
      console.error(`${service.name} could not be stopped: ${error.message}`);
      process.exitCode ||= 1;
    });
  }
}

for (const { name, reason } of missing) console.log(`Not run: ${name}: ${reason}`);
if (missing.length > 0) writeResults('services-missing', missing);

/** Tries to get something; what cannot be had here becomes a skip with its reason, anything else stays a failure. */
async function obtain(name: string, get: () => Promise<void>): Promise<void> {
  if (wasInterrupted()) return;
  const startedAt = Date.now();
  try {
    await get();
    console.log(`${name} is there after ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
  } catch (error) {
    if (!(error instanceof NotToBeHad)) throw error;
    missing.push({
      file: 'scripts/services.ts',
      name: `the suite with ${name}`,
      state: 'skipped',
      reason: error.message,
      durationMs: 0,
    });
  }
}

async function keep(service: Service): Promise<string> {
  started.push(service);
  return service.url;
}

async function hold(): Promise<void> {
  for (const [name, value] of Object.entries(env)) console.log(`export ${name}=${value}`);
  while (!wasInterrupted()) await new Promise((resolve) => setTimeout(resolve, 200));
}
