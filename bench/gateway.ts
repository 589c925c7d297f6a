// What a call costs through Fairlead with everything on, beside the upstream called directly, a bare relay as the floor,
// and other proxies. All take turns within each round, so that what the machine does besides falls on all of them.
import { median, setting, short } from './figures.ts';
import { drive, type Shot, type Volley } from './load.ts';
import { peers, startPeer, startScript, stdioUpstream } from './peers.ts';
import { openPipe } from './pipe.ts';
import { usageOf } from './processes.ts';
import { modern, openSession } from './rpc.ts';
import { openWorld } from './world.ts';

const rounds = setting('BENCH_ROUNDS', 3);
const roundMs = setting('BENCH_SECONDS', 2) * 1000;
const warmUpMs = 4_000; // less, and the compilers of V8 are what is measured
const connectionCounts = (process.env.BENCH_CONNECTIONS ?? '1,16,100').split(',').map(Number);
/** Only contenders whose name has this in it. */
const only = process.env.BENCH_ONLY ?? '';

interface Contender {
  name: string;
  drive(connections: number, forMs: number): Promise<Volley>;
  /** The process of the proxy; absent where there is none. */
  pid?: number;
}

interface Measured {
  perSecond: number[];
  p50: number[];
  p99: number[];
  cpuMs: number[];
  peakMiB: number;
  errors: number;
}

const stops: (() => unknown)[] = [];
const kept = <T extends { stop(): unknown }>(part: T): T => {
  stops.push(() => part.stop());
  return part;
};

try {
  const contenders = (await open()).filter(({ name }) => name.includes(only));
  for (const connections of connectionCounts) print(connections, await measure(contenders, connections));
} finally {
  for (const stop of stops.reverse()) await stop();
}

async function open(): Promise<Contender[]> {
  const upstream = kept(await startScript('http-upstream.ts'));
  const relay = kept(await startScript('relay.ts', upstream.url));
  const pipe = kept(await openPipe());
  const { server } = kept(
    await openWorld({
      config: {
        upstreams: {
          web: { url: upstream.url, maxConcurrentCalls: 256 },
          pipe: { ...stdioUpstream, maxConcurrentCalls: 256 },
        },
      },
    }),
  );
  const mcp = `${server.url}/mcp`;
  const key = server.adminKey;
  const call = (name: string) => ({ name, arguments: { text: 'hello' } });
  const http = (name: string, url: string, shot: Shot, pid?: number): Contender => ({
    name,
    drive: (connections, forMs) => drive(url, shot, connections, forMs, '"hello"'),
    ...(pid === undefined ? {} : { pid }),
  });
  const inSession = await openSession(mcp, key);
  const contenders = [
    http('http, 2026: direct', upstream.url, modern('tools/call', call('echo'))),
    http('http, 2026: bare relay', relay.url, modern('tools/call', call('echo')), relay.pid),
    http('http, 2026: Fairlead', mcp, modern('tools/call', call('web_echo'), key), server.pid),
    http('http, 2026: Fairlead, write', mcp, modern('tools/call', call('web_write'), key), server.pid),
    http('http, 2025: Fairlead', mcp, inSession('tools/call', call('web_echo')), server.pid),
    { name: 'stdio: direct', drive: pipe.drive },
    http('stdio, 2026: Fairlead', mcp, modern('tools/call', call('pipe_echo'), key), server.pid),
    http('stdio, 2025: Fairlead', mcp, inSession('tools/call', call('pipe_echo')), server.pid),
  ];
  for (const name of Object.keys(peers) as (keyof typeof peers)[]) {
    if (!`stdio, 2025: ${name}`.includes(only)) continue;
    const peer = await startPeer(name);
    if (!peer) continue;
    kept(peer);
    const session = await openSession(peer.url);
    contenders.push(http(`stdio, 2025: ${name}`, peer.url, session('tools/call', call('echo')), peer.pid));
  }
  return contenders;
}

async function measure(contenders: readonly Contender[], connections: number): Promise<Map<string, Measured>> {
  const found = new Map<string, Measured>();
  for (let round = -1; round < rounds; round++) {
    for (const { name, drive, pid } of contenders) {
      const usage = pid === undefined ? undefined : usageOf(pid, stdioUpstream.args[0] ?? '');
      const before = usage?.cpuMicros() ?? 0;
      const { perSecond, p50, p99, others } = await drive(connections, round < 0 ? warmUpMs : roundMs);
      const usedMs = ((usage?.cpuMicros() ?? 0) - before) / 1_000;
      const errors = Object.values(others).reduce((sum, count) => sum + count, 0);
      if (errors > 0) console.log(`${name}: not answered as they should be:`, others);
      if (round < 0) continue; // warms up
      const one = found.get(name) ?? { perSecond: [], p50: [], p99: [], cpuMs: [], peakMiB: 0, errors: 0 };
      one.perSecond.push(perSecond);
      one.p50.push(p50);
      one.p99.push(p99);
      if (usage) one.cpuMs.push(usedMs / ((perSecond * roundMs) / 1_000));
      one.peakMiB = Math.max(one.peakMiB, (usage?.peakKiB() ?? 0) / 1_024);
      one.errors += errors;
      found.set(name, one);
    }
  }
  return found;
}

function print(connections: number, found: Map<string, Measured>): void {
  console.log(`\ntools/call, ${connections} at once, median of ${rounds} rounds of ${roundMs / 1_000} s in turns`);
  const head = ['', 'calls/s', 'p50 ms', 'p99 ms', 'CPU ms/call', 'peak MiB', 'errors'];
  const lines = [...found].map(([name, { perSecond, p50, p99, cpuMs, peakMiB, errors }]) => [
    name,
    short(median(perSecond)),
    short(median(p50)),
    short(median(p99)),
    cpuMs.length > 0 ? median(cpuMs).toFixed(3) : '',
    peakMiB > 0 ? peakMiB.toFixed(0) : '',
    `${errors}`,
  ]);
  const widths = head.map((_, column) => Math.max(...[head, ...lines].map((line) => line[column]?.length ?? 0)));
  for (const line of [head, ...lines]) {
    const cells = line.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)));
    console.log(`  ${cells.join('  ')}`);
  }
  goals(found);
}

/** In ratios of one run, since what a figure is worth by itself depends on the machine. */
function goals(found: Map<string, Measured>): void {
  const of = (name: string, part: 'perSecond' | 'cpuMs') => {
    const values = found.get(name)?.[part];
    return values && values.length > 0 ? median(values) : undefined;
  };
  const ours = of('http, 2026: Fairlead', 'cpuMs');
  const floor = of('http, 2026: bare relay', 'cpuMs');
  if (ours !== undefined && floor !== undefined) {
    console.log(`  CPU before an HTTP upstream: ${(ours / floor).toFixed(2)} times the bare relay (goal: at most 2.0)`);
  }
  const rate = of('stdio, 2026: Fairlead', 'perSecond');
  const direct = of('stdio: direct', 'perSecond');
  const best = Math.max(...Object.keys(peers).map((name) => of(`stdio, 2025: ${name}`, 'perSecond') ?? 0));
  if (rate === undefined || direct === undefined) return;
  const times = best > 0 ? `${(rate / best).toFixed(1)} times the better peer (goal: 4)` : 'no peer to compare with';
  const share = `${((100 * rate) / direct).toFixed(0)} % of the upstream itself (goal: 90 %)`;
  console.log(`  rate before an stdio upstream: ${times}, or ${share}`);
}
