import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Served } from './served.ts';

/**
 * For a server's Node: what waits to be collected says nothing of what is held, so SIGUSR2 collects it and then tells the
 * timers that are set, those too that keep no process alive and that Node lists nowhere.
 */
export const collectOnSignal = [
  '--expose-gc',
  '--import',
  `data:text/javascript,${encodeURIComponent(`
    import { queryObjects } from 'node:v8';
    const { constructor } = setTimeout(() => {}, 0);
    process.on('SIGUSR2', () => {
      gc();
      const kinds = {};
      for (const text of queryObjects(constructor, { format: 'summary' })) {
        if (/_idlePrev: null|_destroyed: true/.test(text)) continue;
        const of = (pattern) => pattern.exec(text)?.[1] ?? '?';
        const kind = of(/_onTimeout: \\[(?:Async)?Function:? ?([^\\]]*)/) + ' ' + of(/_idleTimeout: (.*),/) + ' ms';
        kinds[kind] = (kinds[kind] ?? 0) + 1;
      }
      console.error('timers ' + JSON.stringify(kinds));
    });
  `)}`,
];

/** What a server holds at one moment; Linux only. */
export interface Holdings {
  /** As it is, and after a collection that is asked for. */
  rssMiB: number;
  collectedRssMiB: number;
  heapMiB: number;
  externalMiB: number;
  /** What keeps the event loop busy: sockets, pipes, processes... */
  resources: number;
  /** Those that are set, whether they keep the event loop busy or not. */
  timers: number;
  /** Open file descriptors, and those of them that are sockets. */
  descriptors: number;
  sockets: number;
  children: number;
  /** MCP sessions and streams. */
  connections: number;
  /** `resources` by kind. */
  kinds: Record<string, number>;
  /** `timers` by their functions' names and milliseconds. */
  timerKinds: Record<string, number>;
}

export async function holdingsOf(server: Served): Promise<Holdings> {
  const rssMiB = server.residentKiB() / 1024;
  server.kill('SIGUSR2');
  await pause(500);
  const text = await (await server.request('/metrics', { headers: { connection: 'close' } })).text();
  const gauge = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  const kinds = Object.fromEntries(
    [...text.matchAll(/^nodejs_active_resources\{type="(\w+)"\} (\d+)$/gm)].map(([, kind, count]) => [
      kind,
      Number(count),
    ]),
  );
  const timerKinds = JSON.parse([...server.errors().matchAll(/^timers (.*)$/gm)].at(-1)?.[1] ?? '{}');
  const open = descriptorsOf(server.pid);
  return {
    rssMiB,
    collectedRssMiB: server.residentKiB() / 1024,
    heapMiB: gauge('nodejs_heap_size_used_bytes') / 2 ** 20,
    externalMiB: gauge('nodejs_external_memory_bytes') / 2 ** 20,
    resources: gauge('nodejs_active_resources_total'),
    timers: sumOf(timerKinds),
    descriptors: open.length,
    sockets: open.filter((target) => target.startsWith('socket:')).length,
    children: childrenOf(server.pid).length,
    connections: gauge('mcp_active_connections'),
    kinds,
    timerKinds,
  };
}

function sumOf(counts: Record<string, number>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function descriptorsOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
    } catch {
      return []; // closed meanwhile
    }
  });
}

/** Ids and command lines of a process's children, whichever of its threads started them. */
export function childrenOf(pid: number): { pid: number; command: string }[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
    const ids = textOf(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean);
    return ids.map((id) => ({ pid: Number(id), command: textOf(`/proc/${id}/cmdline`).replaceAll('\0', ' ').trim() }));
  });
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // gone meanwhile
  }
}
