import type { Readable, Writable } from 'node:stream';

export interface SpawnSpec {
  /** A program's name, looked for in PATH, or its path. Never a shell line. */
  command: string;
  args: readonly string[];
  /** Added to the inherited allow-list; nothing else of ours reaches the child. */
  env: Record<string, string>;
  /** Default: the server's own working directory. */
  cwd?: string;
  /** What the log calls it. */
  label: string;
}

export interface ProcessExit {
  code: number | null;
  signal: string | null;
}

/**
 * A running child, leader of its own process group. Its owner must read stdout and stderr, or the child stops when
 * the pipe is full. Write errors on stdin (the child is gone) are not thrown; `exited` tells.
 */
export interface ManagedProcess {
  readonly pid: number;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Never rejects. What stdout still holds may arrive after it. Descendants left behind are ended half a second later. */
  readonly exited: Promise<ProcessExit>;
  /**
   * Ends stdin, sends SIGTERM to the group, and after `graceMs` (default 2,000) SIGKILL to it and to every descendant,
   * also one that left the group. Resolves when all are gone.
   */
  kill(graceMs?: number): Promise<void>;
}

export interface Processes {
  /**
   * Resolves when the program runs. Throws `CommandNotFound`, `CommandNotStarted`, `WorkingDirectoryMissing`,
   * `WardenUnavailable`, `ShuttingDown`.
   */
  spawn(spec: SpawnSpec): Promise<ManagedProcess>;
  /** Kills every child; nothing can be spawned any more. */
  stop(): Promise<void>;
}
