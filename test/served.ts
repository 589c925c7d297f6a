import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { stringify } from 'yaml';
import { packageRoot } from '../src/config/index.ts';
import { nodeFlags as flagsOfTests } from './node-flags.ts';

export interface ServedOptions {
  dataDir: string;
  /** What stands in fairlead.yaml; nothing is federated by default. */
  config?: Record<string, unknown>;
  env?: Record<string, string>;
  /** Flags of Node, for profiles; in a test those of tests, elsewhere none. */
  nodeFlags?: readonly string[];
}

/** A server in a process of its own, started as people start it. */
export interface Served {
  /** `http://127.0.0.1:<port>`, without a slash at the end. */
  url: string;
  adminKey: string;
  pid: number;
  /** From the start of the process to the line that names the address. */
  listeningMs: number;
  /** Resolves with the milliseconds from the start of the process to `ready`. */
  ready(): Promise<number>;
  kill(signal: NodeJS.Signals): void;
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** A request to a path below `url`, as the admin; what is given as `json` is its body. */
  request(
    path: string,
    init?: { method?: string; json?: unknown; headers?: Record<string, string> },
  ): Promise<Response>;
  /** What it wrote to standard error. */
  errors(): string;
  /** Kibibytes of memory that it holds now; Linux only. */
  residentKiB(): number;
  /** Microseconds of processor time that it has used; Linux only. */
  cpuMicros(): number;
  /** SIGTERM, and SIGKILL when it does not end by itself; removes what was made here. */
  stop(): Promise<void>;
}

export const servedKey = 'fl_test_0123456789abcdef0123456789abcdef0123456789abcdef';
const startLimitMs = 60_000;
const givenFlags = process.env.VITEST ? flagsOfTests : [];

/** Resolves when it listens; rejects with what it wrote when it ends before. */
export async function serve({
  dataDir,
  config = {},
  env = {},
  nodeFlags = givenFlags,
}: ServedOptions): Promise<Served> {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-served-'));
  const file = join(folder, 'fairlead.yaml');
  writeFileSync(file, stringify(config));
  const adminKey = env.FAIRLEAD_ADMIN_KEY ?? servedKey;
  const { PATH = '', NODE_V8_COVERAGE } = process.env;
  const startedAt = performance.now();
  const child = spawn(process.execPath, [...nodeFlags, join(packageRoot, 'src/main.ts'), 'serve'], {
    cwd: folder,
    env: {
      PATH,
      HOME: folder, // what it notes for the command line is not this machine's
      FAIRLEAD_CONFIG: file,
      FAIRLEAD_DATA_DIR: dataDir,
      FAIRLEAD_PORT: '0',
      FAIRLEAD_ADMIN_KEY: adminKey,
      FAIRLEAD_LOG_LEVEL: 'warn',
      ...(NODE_V8_COVERAGE ? { NODE_V8_COVERAGE } : {}),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited: Served['exited'] = new Promise((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-200_000);
  });
  const said = heard(child, startedAt);
  const release = () => rmSync(folder, { recursive: true, force: true });
  const failed = exited.then(({ code, signal }) => {
    release();
    throw new Error(`the server ended with ${signal ?? code} before it listened: ${errors}`);
  });
  failed.catch(() => undefined);
  const { text: url, ms: listeningMs } = await inTime(Promise.race([said.listening, failed]), child);
  const pid = child.pid ?? 0;
  return {
    url: url.replace(/\/mcp$/, ''),
    adminKey,
    pid,
    listeningMs,
    ready: async () => (await Promise.race([said.ready, failed])).ms,
    kill: (signal) => void child.kill(signal),
    exited,
    request(path, { json, headers = {}, method } = {}) {
      return fetch(`${url.replace(/\/mcp$/, '')}${path}`, {
        method: method ?? (json === undefined ? 'GET' : 'POST'),
        headers: {
          authorization: `Bearer ${adminKey}`,
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      });
    },
    errors: () => errors,
    residentKiB: () => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]),
    cpuMicros: () => cpuMicros(pid),
    async stop() {
      child.kill('SIGTERM');
      const cut = setTimeout(() => child.kill('SIGKILL'), 30_000);
      await exited;
      clearTimeout(cut);
      release();
    },
  };
}

interface Said {
  text: string;
  ms: number;
}

/** What it says on its output, and when. */
function heard(child: ChildProcess, startedAt: number): { listening: Promise<Said>; ready: Promise<Said> } {
  let output = '';
  const waiting: { pattern: RegExp; resolve(said: Said): void }[] = [];
  const saying = (pattern: RegExp) => new Promise<Said>((resolve) => waiting.push({ pattern, resolve }));
  const said = { listening: saying(/serves MCP at (\S+)\n/), ready: saying(/(ready) after/) };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    for (const { pattern, resolve } of waiting) {
      const found = pattern.exec(output)?.[1];
      if (found !== undefined) resolve({ text: found, ms: performance.now() - startedAt });
    }
  });
  return said;
}

async function inTime<T>(started: Promise<T>, child: ChildProcess): Promise<T> {
  const over = new AbortController();
  const tooLate = pause(startLimitMs, undefined, { signal: over.signal }).then(() => {
    child.kill('SIGKILL');
    throw new Error(`the server did not listen after ${startLimitMs / 1000} s`);
  });
  try {
    return await Promise.race([started, tooLate]);
  } finally {
    over.abort();
    tooLate.catch(() => undefined);
  }
}

/** User and system time of all of a process's threads. */
function cpuMicros(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticksPerSecond = 100; // what the kernel shows to programs, on every architecture
  return ((Number(fields[11]) + Number(fields[12])) * 1_000_000) / ticksPerSecond;
}
