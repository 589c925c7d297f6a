// What a server holds after a long strain, beside what it held before: abandoned sessions, upstreams that were killed,
// calls in both eras.
import { type EnduranceOptions, endure } from '../test/endurance.ts';
import type { Holdings } from '../test/holdings.ts';
import { setting } from './figures.ts';
import { postgres } from './world.ts';

const goal = 1.1;
const options: EnduranceOptions = {
  sessions: setting('BENCH_SESSIONS', 5_000),
  restarts: setting('BENCH_RESTARTS', 200),
  calls: setting('BENCH_CALLS', 20_000),
  settle: {
    sessions: setting('BENCH_SETTLE_SESSIONS', 500),
    restarts: setting('BENCH_SETTLE_RESTARTS', 10),
    calls: setting('BENCH_SETTLE_CALLS', 4_000),
  },
  pipes: setting('BENCH_PIPES', 10),
  keys: setting('BENCH_KEYS', 20),
  sessionsPerKey: 50,
};

const kinds: [name: string, base: string][] = [
  ['embedded', ''],
  ...(postgres ? [['Postgres', postgres] as [string, string]] : []),
];
for (const [kind, base] of kinds) {
  const startedAt = performance.now();
  const onProgress = (step: string) =>
    console.log(`${kind}: ${step} after ${((performance.now() - startedAt) / 1_000).toFixed(0)} s`);
  const { before, after, done, mostSessions, others } = await endure({ ...options, postgres: base, onProgress });
  console.log(
    `\nSoak, ${kind}: ${done.sessions} abandoned sessions, ${done.restarts} upstream restarts, ${done.calls} calls`,
  );
  console.log(
    `  at most ${mostSessions} sessions open at once, of ${options.keys} callers with ${options.sessionsPerKey} each`,
  );
  console.log('  other answers:', others);
  compare(before, after);
}

function compare(before: Holdings, after: Holdings): void {
  const lines = [['', 'settled', 'afterwards', 'ratio', `goal ${goal}`]];
  const line = (what: string, from: number, to: number, isGoal: boolean) => {
    const ratio = to / Math.max(from, 1);
    const verdict = !isGoal ? '' : ratio <= goal ? 'held' : 'grew';
    lines.push([what, from.toFixed(from % 1 ? 1 : 0), to.toFixed(to % 1 ? 1 : 0), ratio.toFixed(2), verdict]);
  };
  const kinds = (from: Record<string, number>, to: Record<string, number>) => {
    for (const kind of new Set([...Object.keys(from), ...Object.keys(to)])) {
      line(`  ${kind}`, from[kind] ?? 0, to[kind] ?? 0, false);
    }
  };
  line('RSS after a collection, MiB', before.collectedRssMiB, after.collectedRssMiB, true);
  line('RSS with what waits to be collected, MiB', before.rssMiB, after.rssMiB, true);
  line('heap used, MiB', before.heapMiB, after.heapMiB, true);
  line('external memory, MiB', before.externalMiB, after.externalMiB, false);
  line('active resources', before.resources, after.resources, true);
  kinds(before.kinds, after.kinds);
  line('timers', before.timers, after.timers, true);
  kinds(before.timerKinds, after.timerKinds);
  line('file descriptors', before.descriptors, after.descriptors, true);
  line('sockets', before.sockets, after.sockets, true);
  line('child processes', before.children, after.children, true);
  line('sessions and streams', before.connections, after.connections, true);
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)));
  for (const cells of lines)
    console.log(`  ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ')}`.trimEnd());
}
