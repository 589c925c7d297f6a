import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { runCli } from '../../src/cli/program.ts';
import { packageRoot } from '../../src/config/index.ts';
import { nodeFlags } from '../node-flags.ts';

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  env?: Record<string, string>;
  cwd?: string;
  /** What stands on standard input. */
  input?: string;
  /** Standard output is a terminal. */
  terminal?: boolean;
  /** Whoever sits there can be asked, and answers with `input`. */
  person?: boolean;
}

/** A home folder of its own, so that no server of the machine is found and none is left behind. */
export function temporaryHome(): { home: string; env: Record<string, string>; startNotes: string; remove(): void } {
  const home = mkdtempSync(join(tmpdir(), 'fairlead-home-'));
  return {
    home,
    env: { HOME: home, PATH: process.env.PATH ?? '' },
    startNotes: join(home, '.local/state/fairlead/servers'),
    remove: () => rmSync(home, { recursive: true, force: true }),
  };
}

/** Runs one command line in this process, with streams and an environment of its own. */
export async function run(
  args: readonly string[],
  { env = {}, cwd = tmpdir(), input = '', terminal = false, person = false }: RunOptions = {},
): Promise<Ran> {
  const stdout = collected();
  const stderr = collected();
  const code = await runCli(
    args,
    {
      env,
      cwd,
      stdin: Object.assign(Readable.from([Buffer.from(input)]), { isTTY: person }),
      stdout: Object.assign(stdout.stream, { isTTY: terminal }),
      stderr: Object.assign(stderr.stream, { isTTY: person }),
      signal: new AbortController().signal,
      onHangup: () => {},
    },
    '0.0.0',
  );
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

function collected(): { stream: PassThrough; text(): string } {
  const stream = new PassThrough();
  const chunks: Buffer[] = [];
  stream.on('data', (chunk) => chunks.push(chunk));
  return { stream, text: () => Buffer.concat(chunks).toString('utf8') };
}

/** The command line of a process of its own, by the source as it stands. */
export const program = [process.execPath, ...nodeFlags, join(packageRoot, 'src/main.ts')] as const;

/** Starts the program; whoever starts it ends it. */
export function startProgram(args: readonly string[], { env = {}, cwd = tmpdir() }: RunOptions = {}): Started {
  const [command, ...main] = program;
  const child = spawn(command, [...main, ...args], { env, cwd });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended = new Promise<Ran>((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
  return {
    child,
    ended,
    stdout: () => stdout,
    stderr: () => stderr,
    async says(pattern, from = 'stdout') {
      const found = () => pattern.exec(from === 'stdout' ? stdout : stderr);
      for (let match = found(); ; match = found()) {
        if (match) return match;
        if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${stdout}${stderr}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    async stop() {
      child.kill('SIGTERM');
      return ended;
    },
  };
}

export interface Started {
  child: ChildProcessWithoutNullStreams;
  ended: Promise<Ran>;
  stdout(): string;
  stderr(): string;
  /** Waits for a text; rejects when the program ends without it. */
  says(pattern: RegExp, from?: 'stdout' | 'stderr'): Promise<RegExpExecArray>;
  stop(): Promise<Ran>;
}

/** Runs one command line in a process of its own to its end. */
export function runProgram(args: readonly string[], { input = '', ...options }: RunOptions = {}): Promise<Ran> {
  const started = startProgram(args, options);
  started.child.stdin.end(input);
  return started.ended;
}
