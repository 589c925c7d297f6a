import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';

/** Something that runs until it is stopped. */
export interface Service {
  /** What it is and where it comes from, such as `Postgres 17 (Docker)`. */
  name: string;
  url: string;
  stop(): Promise<void>;
  /** It keeps its connections and answers nobody until the returned function is called. */
  pause?(): Promise<() => Promise<void>>;
}

/** Thrown where a service cannot be had on this machine: a reason for people, not a bug. */
export class NotToBeHad extends Error {
  override name = 'NotToBeHad';
}

export interface CommandOptions {
  limitMs?: number;
  env?: Record<string, string>;
  /** Shows its output while it runs, for commands that take long. */
  show?: boolean;
}

/** Runs a program to its end; resolves with its standard output, rejects with its last words. */
export function run(command: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { limitMs = 30_000, env = {}, show = false } = options;
  return new Promise((resolve, reject) => {
    const child = execFile(
      command,
      [...args],
      { timeout: limitMs, env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (error === null) return resolve(stdout);
        const last = `${stdout}\n${stderr}`.trim().split('\n').slice(-3).join(' | ');
        reject(new Error(`${command} ${args[0] ?? ''}: ${error.killed ? `not done after ${limitMs} ms` : last}`));
      },
    );
    child.stdin?.end();
    if (show) {
      child.stdout?.pipe(process.stdout, { end: false });
      child.stderr?.pipe(process.stderr, { end: false });
    }
  });
}

/** The path of a program, as a shell would find it, also where only root's shell looks. */
export function which(program: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/sbin'];
  return folders
    .map((folder) => join(folder, program))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** A loopback port that was free a moment ago: whoever starts on it must try again with another when it is taken. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

export interface Program {
  command: string;
  args: readonly string[];
  /** Resolves to true when it answers. Asked ten times a second. */
  answers(): Promise<boolean>;
  startLimitMs?: number;
  /** Ends it politely; it is killed ten seconds later. */
  stopSignal?: NodeJS.Signals;
}

/** Starts a program in a process group of its own, so that an interrupt at the terminal reaches only us first. */
export async function startProgram(program: Program): Promise<Required<Pick<Service, 'pause' | 'stop'>>> {
  const { command, args, answers, startLimitMs = 30_000, stopSignal = 'SIGTERM' } = program;
  const child = spawn(command, [...args], { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let output = '';
  const keep = (chunk: Buffer) => {
    output = `${output}${chunk}`.slice(-4_000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const exited = new Promise<void>((resolve) => {
    child.on('exit', () => resolve());
    child.on('error', (error) => {
      keep(Buffer.from(error.message));
      resolve();
    });
  });
  let gone = false;
  void exited.then(() => {
    gone = true;
  });

  const until = Date.now() + startLimitMs;
  while (!(await answers())) {
    if (gone || Date.now() > until) {
      await stopChild(child, exited, 'SIGKILL');
      throw new Error(`${command} did not start:\n${output.trim().split('\n').slice(-20).join('\n')}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    stop: () => stopChild(child, exited, stopSignal),
    async pause() {
      // From the top down: what is stopped starts no more.
      const stopped = child.pid === undefined ? [] : stopTree(child.pid);
      return async () => {
        for (const pid of stopped) process.kill(pid, 'SIGCONT');
      };
    },
  };
}

/** Stops a process and all below it; returns which. Linux only. */
function stopTree(pid: number): number[] {
  process.kill(pid, 'SIGSTOP');
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  return [pid, ...children.flatMap(stopTree)];
}

async function stopChild(child: ChildProcess, exited: Promise<void>, signal: NodeJS.Signals): Promise<void> {
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await exited;
  clearTimeout(timer);
}

/** Prefixes a command so that it ends when we do, kill -9 included, where the system can do that. */
export function diesWithUs(
  command: string,
  args: readonly string[],
  signal = 'TERM',
): { command: string; args: string[] } {
  const setpriv = which('setpriv');
  return setpriv === undefined
    ? { command, args: [...args] }
    : { command: setpriv, args: ['--pdeathsig', signal, command, ...args] };
}
