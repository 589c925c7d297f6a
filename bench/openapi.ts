// How long the import of a large OpenAPI document takes: all of GitHub's, and a part of it.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createImporter } from '../src/capabilities/upstreams/openapi/importer.ts';
import { pruneDocument } from '../src/capabilities/upstreams/openapi/prune.ts';
import { inheritedEnvironment } from '../src/config/index.ts';
import { createProcesses } from '../src/platform/process/index.ts';
import { createLog } from '../src/platform/telemetry/index.ts';
import { type Figure, report, setting } from './figures.ts';
import { openWorld } from './world.ts';

const rounds = setting('BENCH_ROUNDS', 5);
const bytes = readFileSync(createRequire(import.meta.url).resolve('@octokit/openapi/generated/api.github.com.json'));
const select = { tags: ['issues'] };
const pruned = pruneDocument(bytes.toString(), {});

const processes = createProcesses({
  inherit: inheritedEnvironment(process.env),
  log: createLog({ level: 'silent', service: 'bench' }),
});
const importer = createImporter({ processes });
const never = new AbortController().signal;
const options = { secrets: [], headers: ['authorization'], destructive: [] };
const figures: Figure[] = [];

/** Seconds of each round, and tools per second. */
async function measure(what: string, given: Parameters<typeof importer.run>[1], goal?: string): Promise<void> {
  const seconds: number[] = [];
  const rates: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const startedAt = performance.now();
    const { tools } = await importer.run(bytes, given, never);
    const took = (performance.now() - startedAt) / 1_000;
    seconds.push(took);
    rates.push(tools.length / took);
  }
  figures.push({ what: `${what}: import`, rounds: seconds, unit: 's', ...(goal ? { goal } : {}) });
  figures.push({ what: `${what}: tools per second`, rounds: rates, unit: '/s' });
}

await measure('all of GitHub', options, '5 s');
await measure('its tag "issues"', { ...options, select });
await processes.stop();

// From the request that adds it until its tools are served, durable catalog included.
const world = await openWorld({
  config: { server: { maxBodyBytes: 16 * 1024 * 1024 }, egress: { allow: ['127.0.0.1'] } },
});
try {
  const { url, adminKey } = world.server;
  const headers = { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' };
  const ask = async (method: string, path: string, body?: unknown) => {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(`${url}/api/v1${path}`, { method, headers, ...sent });
    return (response.status === 204 ? {} : await response.json()) as { state?: string };
  };
  const seconds: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const settings = { openapi: pruned, baseUrl: 'http://127.0.0.1:9' };
    const startedAt = performance.now();
    await ask('POST', '/upstreams', { name: 'github', settings });
    while ((await ask('GET', '/upstreams/github')).state !== 'live') await new Promise((wake) => setTimeout(wake, 20));
    seconds.push((performance.now() - startedAt) / 1_000);
    await ask('DELETE', '/upstreams/github');
  }
  figures.push({ what: 'all of GitHub: added at run time, until served', rounds: seconds, unit: 's' });
} finally {
  await world.stop();
}
report(`Import of an OpenAPI document of ${(bytes.length / 1024 / 1024).toFixed(1)} MiB`, figures);
