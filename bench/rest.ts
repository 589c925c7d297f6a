// Every REST route under 100 connections, and what an idle server holds of memory.
import { setTimeout as pause } from 'node:timers/promises';
import autocannon from 'autocannon';
import { fixtureUpstream } from '../test/harness.ts';
import { type Figure, report, setting } from './figures.ts';
import { openWorld, postgres } from './world.ts';

const rounds = setting('BENCH_ROUNDS', 3);
const seconds = setting('BENCH_SECONDS', 2);
const connections = setting('BENCH_CONNECTIONS', 100);
const idleMs = setting('BENCH_IDLE_SECONDS', 10) * 1000;

const call = JSON.stringify({ arguments: { text: 'hello' } });
const routes: [method: 'GET' | 'POST', path: string, body?: string][] = [
  ['GET', '/healthz'],
  ['GET', '/readyz'],
  ['GET', '/metrics'],
  ['GET', '/openapi.json'],
  ['GET', '/api/v1/me'],
  ['GET', '/api/v1/tools'],
  ['GET', '/api/v1/tools/one.echo'],
  ['GET', '/api/v1/upstreams'],
  ['GET', '/api/v1/policies'],
  ['GET', '/api/v1/keys'],
  ['GET', '/api/v1/orgs'],
  ['GET', '/api/v1/audit?limit=50'],
  ['POST', '/api/v1/tools/one.echo/call', call],
  ['POST', '/api/v1/tools/one.write/call', call],
];

const figures: Figure[] = [];
const memory: Figure[] = [];
const kinds: [name: string, base: string, goal: string][] = [
  ['embedded', '', '700 MiB'],
  ...(postgres ? ([['Postgres', postgres, '250 MiB']] as [string, string, string][]) : []),
];
for (const [kind, base, goal] of kinds) {
  const world = await openWorld(
    { config: { upstreams: { one: { ...fixtureUpstream('legacy'), maxConcurrentCalls: 128 } } } },
    base,
  );
  try {
    const { server } = world;
    await pause(idleMs);
    memory.push({ what: `idle, ${kind}`, rounds: [server.residentKiB() / 1024], unit: 'MiB', goal });
    for (const [method, path, body] of routes) {
      const p50: number[] = [];
      const p99: number[] = [];
      for (let round = 0; round < rounds; round++) {
        const { latency, non2xx, errors } = await autocannon({
          url: `${server.url}${path}`,
          method,
          connections,
          duration: seconds,
          headers: { authorization: `Bearer ${server.adminKey}`, 'content-type': 'application/json' },
          ...(body === undefined ? {} : { body }),
        });
        if (non2xx + errors > 0) console.log(`${method} ${path}: ${non2xx} answers other than 2xx, ${errors} errors`);
        p50.push(latency.p50);
        p99.push(latency.p99);
      }
      figures.push({ what: `${kind}: ${method} ${path}: p50`, rounds: p50, unit: 'ms' });
      figures.push({ what: `${kind}: ${method} ${path}: p99`, rounds: p99, unit: 'ms', goal: '200 ms' });
    }
    memory.push({ what: `after the load, ${kind}`, rounds: [server.residentKiB() / 1024], unit: 'MiB' });
  } finally {
    await world.stop();
  }
}
report(`REST under ${connections} connections`, figures);
report('Memory of the server process', memory);
if (!postgres) console.log('\nNot measured on Postgres: neither TEST_DATABASE_URL nor DATABASE_URL names one.');
