// Listings with ten upstreams, of which one hangs, one crashes in a loop and one answers after 20 s.
import { fixtureUpstream } from '../test/harness.ts';
import { type Figure, report, setting } from './figures.ts';
import { drive, type Shot } from './load.ts';
import { initialize, modern, openSession } from './rpc.ts';
import { openWorld } from './world.ts';

const rounds = setting('BENCH_ROUNDS', 3);
const roundMs = setting('BENCH_SECONDS', 2) * 1000;
const connections = setting('BENCH_CONNECTIONS', 8);

const good = Array.from({ length: 7 }, (_, n) => [
  `good-${n}`,
  { ...fixtureUpstream('legacy'), startTimeoutMs: 30_000 },
]);
const world = await openWorld({
  config: {
    upstreams: {
      ...Object.fromEntries(good),
      hangs: fixtureUpstream('hang'),
      crashes: fixtureUpstream('crash'),
      slow: fixtureUpstream('slow', '20000'),
    },
  },
});
try {
  const { url, adminKey: key } = world.server;
  const mcp = `${url}/mcp`;
  const shots: Record<string, () => Shot | Promise<Shot>> = {
    initialize: () => initialize(key),
    'server/discover': () => modern('server/discover', {}, key),
    'tools/list, stateless': () => modern('tools/list', {}, key),
    // A new one each round: those that `initialize` opens push the oldest out.
    'tools/list, in a session': async () => (await openSession(mcp, key))('tools/list'),
  };
  const found: Record<string, { p50: number[]; p99: number[] }> = {};
  for (let round = 0; round < rounds; round++) {
    for (const [what, shot] of Object.entries(shots)) {
      const { p50, p99, others } = await drive(mcp, await shot(), connections, roundMs);
      if (Object.keys(others).length > 0) console.log(`${what}: other answers than 200:`, others);
      found[what] ??= { p50: [], p99: [] };
      found[what].p50.push(p50);
      found[what].p99.push(p99);
    }
  }
  const figures = Object.entries(found).flatMap(([what, { p50, p99 }]): Figure[] => [
    { what: `${what}: p50`, rounds: p50, unit: 'ms' },
    { what: `${what}: p99`, rounds: p99, unit: 'ms', goal: '50 ms' },
  ]);
  report(`Listings with three bad upstreams among ten, ${connections} callers at once`, figures);
} finally {
  await world.stop();
}
