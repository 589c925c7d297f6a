// What a call costs on its way through Fairlead, beside the same call made directly and through another proxy. All take
// turns within each round, so that what the machine does besides falls on all of them.
import { fixtureUpstream } from '../test/harness.ts';
import { type Figure, median, report, setting } from './figures.ts';
import { drive, type Shot } from './load.ts';
import { startPeer, startUpstream } from './peers.ts';
import { modern, openSession } from './rpc.ts';
import { openWorld } from './world.ts';

const rounds = setting('BENCH_ROUNDS', 5);
const roundMs = setting('BENCH_SECONDS', 2) * 1000;
const connections = setting('BENCH_CONNECTIONS', 8);

interface Contender {
  name: string;
  url: string;
  shot: Shot;
  /** Processor time of the process that is measured. */
  cpuMicros?: () => number;
}

const upstream = await startUpstream();
const peer = await startPeer();
const world = await openWorld({
  config: {
    upstreams: {
      web: { url: upstream.url, maxConcurrentCalls: 64 },
      pipe: { ...fixtureUpstream('legacy'), startTimeoutMs: 30_000, maxConcurrentCalls: 64 },
    },
  },
});
try {
  const { server } = world;
  const mcp = `${server.url}/mcp`;
  const { cpuMicros, adminKey: key } = server;
  const call = (name: string) => ({ name, arguments: { text: 'hello' } });
  const direct = await openSession(upstream.url);
  const inSession = await openSession(mcp, key);
  const contenders: Contender[] = [
    { name: 'direct, stateless', url: upstream.url, shot: modern('tools/call', call('echo')) },
    { name: 'direct, in a session', url: upstream.url, shot: direct('tools/call', call('echo')) },
    ...['web', 'pipe'].flatMap((toolset) =>
      ['echo', 'write'].flatMap((tool) => [
        {
          name: `Fairlead, stateless, ${toolset} ${tool}`,
          url: mcp,
          shot: modern('tools/call', call(`${toolset}_${tool}`), key),
          cpuMicros,
        },
        {
          name: `Fairlead, in a session, ${toolset} ${tool}`,
          url: mcp,
          shot: inSession('tools/call', call(`${toolset}_${tool}`)),
          cpuMicros,
        },
      ]),
    ),
    {
      name: 'Fairlead, tools/list in a session (no upstream)',
      url: mcp,
      shot: inSession('tools/list'),
      cpuMicros,
    },
  ];
  if (peer) {
    const before = await openSession(peer.url);
    contenders.push({
      name: 'mcp-proxy, in a session, pipe echo',
      url: peer.url,
      shot: before('tools/call', call('echo')),
    });
  }
  const found = new Map(contenders.map(({ name }) => [name, { p50: [], p99: [], rate: [], cpu: [] } as Found]));
  for (let round = -1; round < rounds; round++) {
    for (const { name, url, shot, cpuMicros } of contenders) {
      const before = cpuMicros?.() ?? 0;
      const { p50, p99, perSecond, others } = await drive(url, shot, connections, round < 0 ? 1_000 : roundMs);
      const used = (cpuMicros?.() ?? 0) - before;
      if (Object.keys(others).length > 0) console.log(`${name}: other answers than 200:`, others);
      if (round < 0) continue; // warms up
      const one = found.get(name);
      one?.p50.push(p50);
      one?.p99.push(p99);
      one?.rate.push(perSecond);
      if (cpuMicros) one?.cpu.push(used / ((perSecond * roundMs) / 1000));
    }
  }
  const figures = [...found].flatMap(([name, { p50, p99, rate, cpu }]): Figure[] => [
    { what: `${name}: p50`, rounds: p50, unit: 'ms' },
    { what: `${name}: p99`, rounds: p99, unit: 'ms' },
    { what: `${name}: rate`, rounds: rate, unit: 'calls/s' },
    ...(cpu.length > 0 ? [{ what: `${name}: processor time`, rounds: cpu, unit: 'us/call' }] : []),
  ]);
  report(`tools/call, ${connections} callers at once`, figures);
  ratio('Fairlead, stateless, web echo', 'direct, stateless');
  ratio('Fairlead, in a session, web echo', 'direct, in a session');
  if (peer) ratio('Fairlead, in a session, pipe echo', 'mcp-proxy, in a session, pipe echo');

  function ratio(ours: string, theirs: string): void {
    const [a, b] = [found.get(ours), found.get(theirs)];
    if (!a || !b) return;
    const of = (part: 'p50' | 'p99' | 'rate') => (median(a[part]) / median(b[part])).toFixed(2);
    console.log(`${ours} / ${theirs}: p50 ${of('p50')}, p99 ${of('p99')}, rate ${of('rate')}`);
  }
} finally {
  await world.stop();
  peer?.stop();
  upstream.stop();
}

interface Found {
  p50: number[];
  p99: number[];
  rate: number[];
  cpu: number[];
}
