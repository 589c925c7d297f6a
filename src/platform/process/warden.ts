import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Log } from '../telemetry/index.ts';
import { WardenUnavailable } from './errors.ts';

const program = fileURLToPath(new URL('./warden-program.mjs', import.meta.url));
const startTimeoutMs = 10_000;
const stopTimeoutMs = 6_000;
const longestRestartDelayMs = 5_000;

/** Our side of the warden process: starts it when first needed, starts it again if it dies, and tells it everything anew. */
export interface Warden {
  /** Resolves when the warden listens. Throws `WardenUnavailable`. */
  ready(): Promise<void>;
  watch(pid: number, mark: string): void;
  /** SIGTERM to the group and all its descendants, SIGKILL after `graceMs`; resolves when all are gone. Never rejects. */
  clear(pid: number, mark: string, graceMs: number): Promise<void>;
  stop(): Promise<void>;
}

interface Running {
  child: ChildProcessByStdio<Socket, Socket, null>;
  ready: boolean;
  startedAt: number;
}

export function createWarden({ tree, log }: { tree: string; log: Log }): Warden {
  const watched = new Map<number, string>();
  const clearing = new Map<number, { line: string; done(left: number): void }>();
  const waiting = new Set<{ resolve(): void; reject(error: unknown): void }>();
  let running: Running | undefined;
  let restart: NodeJS.Timeout | undefined;
  let restartDelayMs = 0;
  let nextId = 1;
  let stopping: Promise<void> | undefined;

  function start(): void {
    if (running || stopping) return;
    clearTimeout(restart);
    restart = undefined;
    const mine: Running = { child: launch(), ready: false, startedAt: Date.now() };
    const { child } = mine;
    running = mine;
    child.on('error', (error) => gone(mine, error));
    child.on('exit', (code, signal) => gone(mine, { code, signal }));
    if (child.pid === undefined) return; // `error` follows
    child.stdin.on('error', () => {});
    createInterface({ input: child.stdout }).on('line', (line) => heard(mine, line));
    holdLoop();
  }

  function launch(): Running['child'] {
    return spawn(process.execPath, [program, tree], {
      stdio: ['pipe', 'pipe', 'ignore'],
      // In a session of its own: Ctrl-C and a hang-up of the terminal must not reach it before us.
      detached: process.platform !== 'win32',
      windowsHide: true,
      cwd: process.platform === 'win32' ? undefined : '/',
      env: {},
    }) as Running['child']; // pipes are sockets, which the types do not say
  }

  function heard(from: Running, line: string): void {
    const [word, id, left] = line.split(' ');
    if (word === 'ready') {
      from.ready = true;
      for (const [pid, mark] of watched) say(`watch ${pid} ${mark}`);
      for (const { line } of clearing.values()) say(line);
      for (const waiter of waiting) waiter.resolve();
    } else if (word === 'done') clearing.get(Number(id))?.done(Number(left));
  }

  function gone(which: Running, how: unknown): void {
    if (running !== which) return;
    running = undefined;
    if (stopping) return;
    log.warn({ how }, 'the process warden ended; starting another');
    restartDelayMs =
      Date.now() - which.startedAt > 10_000 ? 0 : Math.min(Math.max(100, restartDelayMs * 2), longestRestartDelayMs);
    if (watched.size + clearing.size + waiting.size === 0) return;
    restart = setTimeout(start, restartDelayMs);
  }

  function say(line: string): void {
    if (running?.ready) running.child.stdin.write(`${line}\n`);
  }

  // The warden alone must not keep a program running; an answer that somebody waits for must.
  function holdLoop(): void {
    if (!running) return;
    const hold = waiting.size + clearing.size > 0 || stopping !== undefined ? 'ref' : 'unref';
    const { child } = running;
    if (child.pid !== undefined) for (const handle of [child, child.stdin, child.stdout]) handle[hold]();
  }

  async function ready(): Promise<void> {
    if (stopping) throw WardenUnavailable();
    if (running?.ready) return;
    let timer: NodeJS.Timeout | undefined;
    const waiter = { resolve: () => {}, reject: (_: unknown) => {} };
    const answered = new Promise<void>((resolve, reject) => {
      waiter.resolve = resolve;
      waiter.reject = reject;
      timer = setTimeout(() => reject(WardenUnavailable()), startTimeoutMs);
    });
    waiting.add(waiter);
    try {
      if (!restart) start();
      holdLoop();
      await answered;
    } finally {
      clearTimeout(timer);
      waiting.delete(waiter);
      holdLoop();
    }
  }

  return {
    ready,
    watch(pid, mark) {
      watched.set(pid, mark);
      say(`watch ${pid} ${mark}`);
    },
    clear(pid, mark, graceMs) {
      const id = nextId++;
      return new Promise((resolve) => {
        const line = `clear ${id} ${pid} ${mark} ${graceMs}`;
        const timer = setTimeout(() => {
          killGroup(pid); // no warden answers: at least the group goes
          done(1);
        }, graceMs + startTimeoutMs);
        function done(left: number): void {
          clearTimeout(timer);
          clearing.delete(id);
          watched.delete(pid);
          holdLoop();
          if (left > 0) log.warn({ pid, left }, 'processes of an ended child could not be killed');
          resolve();
        }
        clearing.set(id, { line, done });
        if (running?.ready) say(line);
        else if (!restart) start();
        holdLoop();
      });
    },
    stop() {
      stopping ??= (async () => {
        clearTimeout(restart);
        for (const waiter of waiting) waiter.reject(WardenUnavailable());
        const child = running?.child;
        if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
        holdLoop();
        const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
        const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
        child.stdin.end();
        await ended;
        clearTimeout(timer);
      })();
      return stopping;
    },
  };
}

function killGroup(pid: number): void {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
  } catch {} // gone already
}
