import { readdirSync, readFileSync } from 'node:fs';

/** What a process and its children use, without the upstream that it may have started. Linux only. */
export interface Usage {
  /** Microseconds of processor time so far, user and system, of all threads. */
  cpuMicros(): number;
  /** Kibibytes of memory that it held at most. */
  peakKiB(): number;
}

/** `besides` is the script of the children that do not count. */
export function usageOf(pid: number, besides: string): Usage {
  const family = () => [pid, ...childrenOf(pid)].filter((one) => read(one, 'cmdline').split('\0')[1] !== besides);
  return {
    cpuMicros: () => family().reduce((sum, one) => sum + cpuMicros(one), 0),
    peakKiB: () =>
      family().reduce((sum, one) => sum + Number(/^VmHWM:\s+(\d+)/m.exec(read(one, 'status'))?.[1] ?? 0), 0),
  };
}

/** Microseconds of processor time so far: of the main thread of a process, and of all its children. */
export function partsOf(pid: number): { main: number; children: number } {
  return {
    main: microsIn(read(pid, `task/${pid}/stat`)),
    children: childrenOf(pid).reduce((sum, one) => sum + cpuMicros(one), 0),
  };
}

function childrenOf(pid: number): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), parent: Number(statOf(Number(name))[1]) }));
  const below = (one: number): number[] =>
    parents.filter(({ parent }) => parent === one).flatMap((child) => [child.pid, ...below(child.pid)]);
  return below(pid);
}

const cpuMicros = (pid: number): number => microsIn(read(pid, 'stat'));

function microsIn(stat: string): number {
  const fields = fieldsOf(stat);
  const ticksPerSecond = 100; // what the kernel shows to programs, on every architecture
  return ((Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * 1_000_000) / ticksPerSecond;
}

const statOf = (pid: number): string[] => fieldsOf(read(pid, 'stat'));

/** The fields of `stat` from the state on. */
function fieldsOf(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return ''; // it has ended
  }
}
