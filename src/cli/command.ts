import type { Readable, Writable } from 'node:stream';

/** One command of the CLI, as data: help, parsing and docs are made from it. */
export interface CommandSpec {
  /** Words after `fairlead`: `['keys', 'create']`. */
  path: readonly string[];
  summary: string;
  /** Longer text under the summary. */
  about?: string;
  /** Positional arguments: `<name>` must be given, `[name]` may, `[names...]` takes the rest. */
  args?: readonly { name: string; help: string }[];
  options?: readonly OptionSpec[];
  examples: readonly { line: string; does: string }[];
  /** Talks to a running server: gets `--url` and `--key`. */
  remote?: boolean;
  run(context: CliContext, input: CommandInput): Promise<number | undefined>;
}

export interface OptionSpec {
  /** As commander has it: `--limit <n>`, `--json`, `--role <name...>`. */
  flags: string;
  help: string;
  default?: string | boolean;
}

export interface CommandInput {
  /** Positional arguments by name, without brackets. */
  args: Record<string, string | string[] | undefined>;
  /** Options in camel case. */
  options: Record<string, string | boolean | string[] | undefined>;
}

/** The world of a command; tests bring their own. */
export interface CliContext {
  env: NodeJS.ProcessEnv;
  cwd: string;
  stdin: Readable & { isTTY?: boolean };
  stdout: Writable & { isTTY?: boolean; columns?: number };
  stderr: Writable & { isTTY?: boolean; columns?: number };
  /** Aborted by the first SIGINT or SIGTERM. */
  signal: AbortSignal;
  /** Called on SIGHUP. */
  onHangup(listener: () => void): void;
}

/** What a command's end means to the shell. */
export const exitCodes = {
  ok: 0,
  /** The request was refused or failed. */
  failed: 1,
  /** The command line or the configuration is wrong. */
  usage: 2,
  /** The server cannot be reached. */
  unreachable: 3,
  /** No key, or one that does not count. */
  unauthenticated: 4,
} as const;

/** For whatever a program may want to read. */
export const jsonOption: OptionSpec = { flags: '--json', help: 'print JSON, for programs' };

/** Of whatever shows a table. */
export const wideOption: OptionSpec = { flags: '--wide', help: 'all columns, however narrow the terminal is' };

/** An administrator of the default organisation reaches the others. */
export const orgOption: OptionSpec = {
  flags: '--org <id>',
  help: 'organisation to act in; that of the key when absent',
};

/** An option's text, or undefined. */
export function textOf(value: CommandInput['options'][string]): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
