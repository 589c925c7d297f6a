import { spawn } from 'node:child_process';
import { root } from './places.ts';

export interface Step {
  name: string;
  command: string;
  args: readonly string[];
  /** Added to our own environment. */
  env?: Record<string, string>;
  /** After this the whole process group is killed and the step counts as failed. */
  limitMs: number;
}

export interface StepEnd {
  name: string;
  ok: boolean;
  ms: number;
  /** Why it failed, when it did. */
  reason?: string;
}

const running = new Set<number>();
let interrupted = false;

/** Runs a program with our output and without input; a failure is a value, not an exception. */
export async function runStep({ name, command, args, env = {}, limitMs }: Step): Promise<StepEnd> {
  if (interrupted) return { name, ok: false, ms: 0, reason: 'interrupted' };
  const startedAt = Date.now();
  console.log(`\n== ${name}: ${[command, ...args].join(' ')}`);
  const child = spawn(command, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true, // its own process group, so that a time-out also reaches what it has started
  });
  const { pid } = child;
  if (pid !== undefined) running.add(pid);
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    if (pid !== undefined) killGroup(pid, 'SIGKILL');
  }, limitMs);
  const ended = await new Promise<{ code: number | null; signal: string | null; error?: Error }>((resolve) => {
    child.on('error', (error) => resolve({ code: null, signal: null, error }));
    child.on('exit', (code, signal) => resolve({ code, signal }));
  });
  clearTimeout(timer);
  if (pid !== undefined) running.delete(pid);
  const ms = Date.now() - startedAt;
  if (ended.code === 0) return { name, ok: true, ms };
  const reason = timedOut
    ? `not done after ${Math.round(limitMs / 1000)} s`
    : (ended.error?.message ?? (ended.signal === null ? `exit code ${ended.code}` : `ended by ${ended.signal}`));
  return { name, ok: false, ms, reason };
}

/** From now on an interrupt is passed on to the step that runs, so that it can clean up, and no further one starts. */
export function passOnInterrupts(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      interrupted = true;
      process.exitCode = 130;
      for (const pid of running) killGroup(pid, signal);
    });
  }
}

export function wasInterrupted(): boolean {
  return interrupted;
}

/** The time table of a run, and whether all went well. */
export function reportSteps(ends: readonly StepEnd[]): boolean {
  console.log('');
  for (const { name, ok, ms, reason } of ends) {
    console.log(
      `${ok ? 'ok    ' : 'FAILED'} ${name.padEnd(24)} ${(ms / 1000).toFixed(1).padStart(7)} s${reason ? `  ${reason}` : ''}`,
    );
  }
  return ends.every(({ ok }) => ok);
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // it is gone already
  }
}
