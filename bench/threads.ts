// Where the processor time of a call goes, by thread: Fairlead with everything on, the least that its promises cost, and
// the bare relay, in turns. Linux only.
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { servedKey } from '../test/served.ts';
import { median, setting, short } from './figures.ts';
import { drive } from './load.ts';
import { startScript } from './peers.ts';
import { modern } from './rpc.ts';
import { openWorld } from './world.ts';

const rounds = setting('BENCH_ROUNDS', 9);
const roundMs = setting('BENCH_SECONDS', 1) * 1000;
/** Less than some ten thousand calls, and the compilers of V8 are what is measured. */
const warmUpMs = setting('BENCH_WARM_UP', 20) * 1000;
const connections = setting('BENCH_CONNECTIONS', 16);
const nodeFlags = (process.env.BENCH_NODE_FLAGS ?? '').split(' ').filter((flag) => flag !== '');
/** The folder of another checkout: what a change has done shows only in turns, since no machine stays the same. */
const against = process.env.BENCH_AGAINST;
/** What is under way when the load ends belongs to its calls: records on their way to the database. */
const settleMs = 700;

interface Way {
  name: string;
  pid: number;
  url: string;
  tool: string;
  key?: string;
}

const stops: (() => unknown)[] = [];
const kept = <T extends { stop(): unknown }>(part: T): T => {
  stops.push(() => part.stop());
  return part;
};

try {
  const ways = await open();
  const found = new Map(ways.map(({ name }) => [name, [] as Map<string, number>[]]));
  for (let round = -1; round < rounds; round++) {
    for (const way of ways) {
      const spent = await measure(way, round < 0 ? warmUpMs : roundMs);
      if (round >= 0) found.get(way.name)?.push(spent);
    }
  }
  for (const way of ways) print(way, found.get(way.name) ?? [], found.get('bare relay') ?? []);
} finally {
  for (const stop of stops.reverse()) await stop();
}

async function open(): Promise<Way[]> {
  const upstream = kept(await startScript('http-upstream.ts'));
  const relay = kept(await startScript('relay.ts', upstream.url));
  const least = kept(await startScript('floor.ts', upstream.url));
  const config = { upstreams: { web: { url: upstream.url, maxConcurrentCalls: 256 } } };
  const served = async (name: string, open: typeof openWorld, flags: string[]): Promise<Way> => {
    const { server } = kept(await open({ config, nodeFlags: flags }));
    return { name, pid: server.pid, url: `${server.url}/mcp`, tool: 'web_echo', key: server.adminKey };
  };
  return [
    { name: 'bare relay', pid: relay.pid, url: relay.url, tool: 'echo' },
    { name: 'the least', pid: least.pid, url: least.url, tool: 'echo', key: servedKey },
    await served('Fairlead', openWorld, nodeFlags),
    ...(against ? [await served(against, (await import(`${against}/bench/world.ts`)).openWorld, [])] : []),
  ];
}

/** Microseconds of each thread, by its name, for a call. */
async function measure({ pid, url, tool, key }: Way, forMs: number): Promise<Map<string, number>> {
  const before = threadsOf(pid);
  const shot = modern('tools/call', { name: tool, arguments: { text: 'hello' } }, key);
  const { perSecond, others } = await drive(url, shot, connections, forMs, '"hello"');
  await pause(settleMs);
  if (Object.keys(others).length > 0) console.log(`${url}: not answered as they should be:`, others);
  const calls = (perSecond * forMs) / 1_000;
  const spent = new Map<string, number>();
  for (const [thread, used] of threadsOf(pid)) {
    const name = thread.split(' ')[0] ?? '';
    spent.set(name, (spent.get(name) ?? 0) + (used - (before.get(thread) ?? 0)) / calls);
  }
  return spent;
}

/** Microseconds that each thread has used so far, by its name and number. */
function threadsOf(pid: number): Map<string, number> {
  const used = new Map<string, number>();
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    try {
      const name = readFileSync(`/proc/${pid}/task/${task}/comm`, 'utf8').trim();
      const nanos = Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]);
      used.set(`${name} ${task}`, nanos / 1_000);
    } catch {} // it has ended
  }
  return used;
}

function print({ name, pid }: Way, spent: readonly Map<string, number>[], floor: readonly Map<string, number>[]): void {
  const total = (threads: Map<string, number> | undefined) =>
    threads ? [...threads.values()].reduce((sum, micros) => sum + micros, 0) : Number.NaN;
  const told = (values: readonly number[], digits = 0) =>
    `${median(values).toFixed(digits)} (at least ${Math.min(...values).toFixed(digits)})`;
  const times = spent.map((threads, round) => total(threads) / total(floor[round]));
  console.log(`\n${name}: ${told(spent.map(total))} us a call, ${told(times, 2)} times the relay`);
  for (const thread of new Set(spent.flatMap((threads) => [...threads.keys()]))) {
    const micros = spent.map((threads) => threads.get(thread) ?? 0);
    if (median(micros) >= 0.5) console.log(`  ${thread.padEnd(14)} ${told(micros)}`);
  }
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const mib = (line: RegExp) => short(Number(line.exec(status)?.[1]) / 1_024);
  console.log(`  ${mib(/^VmRSS:\s+(\d+)/m)} MiB resident, ${mib(/^VmHWM:\s+(\d+)/m)} at most`);
}
