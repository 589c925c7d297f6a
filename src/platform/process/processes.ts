import { type ChildProcessWithoutNullStreams, spawn as spawnChild } from 'node:child_process';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { ShuttingDown } from '../../kernel/errors.ts';
import { randomToken } from '../../kernel/ids.ts';
import type { Log } from '../telemetry/index.ts';
import { CommandNotFound, CommandNotStarted, WorkingDirectoryMissing } from './errors.ts';
import type { ManagedProcess, ProcessExit, Processes, SpawnSpec } from './types.ts';
import { createWarden } from './warden.ts';

const defaultGraceMs = 2000;
/** For descendants of a child that ended by itself. */
const stragglerGraceMs = 500;

export interface ProcessesDeps {
  /** The variables that every child gets, with their values. */
  inherit: Record<string, string>;
  log: Log;
}

/**
 * Starts children that cannot outlive us: each leads a process group and carries a mark in its environment, and a
 * warden process kills group, mark and descendants when we end in any way.
 */
export function createProcesses({ inherit, log }: ProcessesDeps): Processes {
  const tree = randomToken(12);
  const warden = createWarden({ tree, log });
  const alive = new Set<ManagedProcess>();
  let spawned = 0;
  let stopping: Promise<void> | undefined;

  async function spawn(spec: SpawnSpec): Promise<ManagedProcess> {
    if (stopping) throw ShuttingDown();
    await warden.ready();
    if (stopping) throw ShuttingDown();
    const mark = `${tree}.${++spawned}`;
    const env = { ...inherit, ...spec.env, FAIRLEAD_PROCESS_TREE: mark };
    let child: ChildProcessWithoutNullStreams;
    try {
      child = spawnChild(spec.command, spec.args, {
        cwd: spec.cwd,
        env,
        stdio: 'pipe',
        shell: false,
        detached: process.platform !== 'win32', // there it would open a console window
        windowsHide: true,
      });
    } catch (error) {
      throw await explain(error, spec, env);
    }
    if (child.pid === undefined) {
      const [error] = await once(child, 'error');
      throw await explain(error, spec, env);
    }
    const managed = manage(child, child.pid, mark, spec.label);
    await once(child, 'spawn');
    return managed;
  }

  function manage(child: ChildProcessWithoutNullStreams, pid: number, mark: string, label: string): ManagedProcess {
    warden.watch(pid, mark);
    const { stdin, stdout, stderr } = child;
    for (const stream of [stdin, stdout, stderr]) stream.on('error', () => {});
    child.on('error', (error) => log.warn({ label, pid, err: error }, 'child process'));
    let killAt: number | undefined;
    const exited = new Promise<ProcessExit>((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    const gone = exited.then(async ({ code, signal }) => {
      log.debug({ label, pid, code, signal }, 'child process ended');
      const graceMs = killAt === undefined ? stragglerGraceMs : Math.max(0, killAt - Date.now());
      await warden.clear(pid, mark, graceMs);
      alive.delete(managed);
    });
    const managed: ManagedProcess = {
      pid,
      stdin,
      stdout,
      stderr,
      exited,
      async kill(graceMs = defaultGraceMs) {
        const at = Date.now() + graceMs;
        if (killAt !== undefined && killAt <= at) return gone;
        killAt = at;
        stdin.end();
        await warden.clear(pid, mark, graceMs);
        await gone;
      },
    };
    alive.add(managed);
    return managed;
  }

  return {
    spawn,
    stop() {
      stopping ??= (async () => {
        await Promise.all([...alive].map((managed) => managed.kill()));
        await warden.stop();
      })();
      return stopping;
    },
  };
}

async function explain(error: unknown, spec: SpawnSpec, env: Record<string, string>) {
  const command = spec.command;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const detail = { cause: error };
  // A missing directory and a missing program are the same error code to the operating system.
  if (spec.cwd !== undefined && !(await isDirectory(spec.cwd))) return WorkingDirectoryMissing({ command }, detail);
  if (code === 'ENOENT') {
    return (await isFound(command, env.PATH ?? '', spec.cwd))
      ? CommandNotStarted({ command, reason: 'the interpreter that its first line names is missing' }, detail)
      : CommandNotFound({ command }, detail);
  }
  return CommandNotStarted({ command, reason: reasons[code] ?? 'the operating system refused' }, detail);
}

const reasons: Record<string, string> = {
  EACCES: 'it is not an executable file, or may not be run by this user',
  EAGAIN: 'the limit of processes is reached',
  ENOMEM: 'there is not enough memory',
  EMFILE: 'the limit of open files is reached',
  ENFILE: 'the limit of open files is reached',
  E2BIG: 'its arguments and environment are too long',
  ENOEXEC: 'it is not a program that this machine can run',
  EINVAL: 'a batch file needs a shell, and no shell is used here',
  ERR_INVALID_ARG_VALUE: 'an argument or variable holds a NUL character or is empty',
};

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (facts) => facts.isDirectory(),
    () => false,
  );
}

async function isFound(command: string, path: string, cwd = '.'): Promise<boolean> {
  const places = /[/\\]/.test(command)
    ? [isAbsolute(command) ? command : join(cwd, command)]
    : path.split(delimiter).map((folder) => join(folder, command));
  const found = await Promise.all(
    places.map((place) =>
      stat(place)
        .then((facts) => facts.isFile())
        .catch(() => false),
    ),
  );
  return found.includes(true);
}
