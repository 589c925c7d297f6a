import { constants } from 'node:os';
import { CommandNotFound, type ManagedProcess, type Processes } from '../../../../platform/process/index.ts';
import { GitMissing } from '../errors.ts';

const maxErrorBytes = 8 * 1024;
const maxOutputBytes = 256 * 1024 * 1024;

/** The git program, held to what we want of it whatever the machine's or the repository's own settings say. */
export interface Git {
  /** What it writes. Throws `GitFailed`, `GitMissing` and the signal's reason. */
  run(args: readonly string[], options: { signal: AbortSignal; timeoutMs: number }): Promise<Buffer>;
  /** A git that goes on; its owner kills it. */
  start(args: readonly string[]): Promise<ManagedProcess>;
}

export class GitFailed extends Error {
  override name = 'GitFailed';
  readonly code: number | null;
  constructor(message: string, code: number | null) {
    super(message);
    this.code = code;
  }
}

export interface GitOptions {
  /** Bare repository that it works in. */
  folder: string;
  /** What the source is called in errors. */
  source: string;
  processes: Pick<Processes, 'spawn'>;
  /** Ways it may fetch by. */
  protocols: readonly string[];
  /** Settings of git beside ours; not seen in a list of processes, so that they may be secret. */
  settings: readonly (readonly [name: string, value: string])[];
  env: Record<string, string>;
}

/** No hooks, no helpers, no questions, no other ways than those allowed, and nothing from anybody's own git settings. */
const always = [
  ['core.hooksPath', '/dev/null'],
  ['core.fsmonitor', 'false'],
  ['core.quotePath', 'false'],
  ['core.askPass', ''],
  ['credential.helper', ''],
  ['protocol.ext.allow', 'never'],
  ['http.followRedirects', 'false'],
  ['http.lowSpeedLimit', '1000'],
  ['http.lowSpeedTime', '60'],
  ['gc.autoDetach', 'false'],
  ['maintenance.autoDetach', 'false'],
  ['submodule.recurse', 'false'],
] as const;

export function createGit({ folder, source, processes, protocols, settings, env }: GitOptions): Git {
  const configured = [...always, ...settings].flatMap(([name, value], index) => [
    [`GIT_CONFIG_KEY_${index}`, name],
    [`GIT_CONFIG_VALUE_${index}`, value],
  ]);
  const environment: Record<string, string> = {
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ALLOW_PROTOCOL: protocols.join(':'),
    GIT_PROTOCOL_FROM_USER: '0',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_CONFIG_COUNT: String(always.length + settings.length),
    ...Object.fromEntries(configured),
    ...env,
  };

  async function start(args: readonly string[]): Promise<ManagedProcess> {
    const command = ['--no-pager', `--git-dir=${folder}`, '--no-optional-locks', ...args];
    try {
      return await processes.spawn({ command: 'git', args: command, env: environment, label: 'git' });
    } catch (error) {
      throw CommandNotFound.is(error) ? GitMissing({ source }, { cause: error }) : error;
    }
  }

  return {
    start,
    async run(args, { signal, timeoutMs }) {
      signal.throwIfAborted();
      const child = await start(args);
      const limit = AbortSignal.timeout(timeoutMs);
      const stopped = AbortSignal.any([signal, limit]);
      const stop = () => void child.kill();
      stopped.addEventListener('abort', stop, { once: true });
      if (stopped.aborted) stop();
      try {
        child.stdin.end();
        const [output, complaint, { code, signal: ending }] = await Promise.all([
          collect(child.stdout, maxOutputBytes, stop),
          collect(child.stderr, maxErrorBytes),
          child.exited,
        ]);
        signal.throwIfAborted();
        if (limit.aborted) throw new GitFailed(`it takes longer than ${timeoutMs / 1_000} seconds`, code);
        if (output.more) throw new GitFailed('it answers with more than can be held', code);
        if (code === 0) return output.bytes;
        const killed = ending === null ? '' : `git was ended by signal ${constants.signals[ending as 'SIGKILL']}`;
        throw new GitFailed(complaintOf(complaint.bytes.toString('utf8')) || killed || `git ended with ${code}`, code);
      } finally {
        stopped.removeEventListener('abort', stop);
        await child.kill();
      }
    },
  };
}

async function collect(
  stream: AsyncIterable<Buffer>,
  maxBytes: number,
  onMore?: () => void,
): Promise<{ bytes: Buffer; more: boolean }> {
  const parts: Buffer[] = [];
  let length = 0;
  let more = false;
  try {
    for await (const part of stream) {
      // The rest is read too: the child would stop at a full pipe.
      if (length + part.length > maxBytes) {
        if (!more) onMore?.();
        more = true;
      } else {
        parts.push(part);
        length += part.length;
      }
    }
  } catch {} // the child was killed; how it ended tells
  return { bytes: Buffer.concat(parts, length), more };
}

/** The last line that says what is wrong, as far as others may read it: without credentials and in one line. */
function complaintOf(text: string): string {
  const lines = text.split('\n').map((line) => line.trim());
  const said = lines.findLast((line) => /^(fatal|error|ssh|remote|ERROR):? /.test(line)) ?? lines.findLast(Boolean);
  return (said ?? '')
    .replace(/^(fatal|error): /, '')
    .replace(/:\/\/[^@/\s]*@/g, '://')
    .replace(/\p{Cc}/gu, ' ')
    .replace(/[.\s]+$/, '')
    .slice(0, 300);
}
