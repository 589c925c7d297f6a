import { commandTimeoutMs } from '../bounds.ts';
import { type Git, GitFailed } from './command.ts';

export interface Entry {
  path: string;
  mode: string;
  id: string;
  /** In bytes; undefined for what is no file. */
  size: number | undefined;
}

/** Every file of a commit, in the order of git. */
export async function listTree(git: Git, commit: string, signal: AbortSignal): Promise<Entry[]> {
  const args = ['ls-tree', '-r', '-z', '-l', '--full-tree', commit];
  const output = await git.run(args, { signal, timeoutMs: commandTimeoutMs });
  return output
    .toString('utf8')
    .split('\0')
    .flatMap((line) => {
      const [, mode, id, size, path] = /^(\d+) \w+ ([0-9a-f]+) +(\d+|-)\t(.*)$/s.exec(line) ?? [];
      if (mode === undefined || id === undefined || path === undefined) return [];
      return [{ path, mode, id, size: size === '-' ? undefined : Number(size) }];
    });
}

/** The paths that differ between two commits. Undefined when the first one is not an ancestor of the second. */
export async function changedSince(
  git: Git,
  { from, to, signal }: { from: string; to: string; signal: AbortSignal },
): Promise<Set<string> | undefined> {
  const options = { signal, timeoutMs: commandTimeoutMs };
  try {
    await git.run(['merge-base', '--is-ancestor', from, to], options);
  } catch (error) {
    if (error instanceof GitFailed) return undefined; // 1: it is none; 128: it is not known here
    throw error;
  }
  const output = await git.run(['diff-tree', '-r', '-z', '--no-renames', '--name-only', from, to], options);
  return new Set(output.toString('utf8').split('\0').filter(Boolean));
}

const longestLookMs = 60_000;

/**
 * When each path was last changed on the way to a commit, in ms since the epoch; `since` and what lies before it are not
 * looked at. Paths for which that takes too long are not in it.
 */
export async function timesOf(
  git: Git,
  {
    commit,
    since,
    paths,
    signal,
  }: { commit: string; since?: string | undefined; paths: Iterable<string>; signal: AbortSignal },
): Promise<{ head: number; times: Map<string, number> }> {
  const wanted = new Set(paths);
  const times = new Map<string, number>();
  const format = ['-z', '--raw', '--no-abbrev', '--no-renames', '-m', '--first-parent', '--format=%ct'];
  const child = await git.start(['log', ...format, commit, ...(since === undefined ? [] : [`^${since}`]), '--']);
  child.stderr.resume();
  const stop = AbortSignal.any([signal, AbortSignal.timeout(longestLookMs)]);
  const kill = () => void child.kill(500);
  stop.addEventListener('abort', kill, { once: true });
  let head = 0;
  let time = 0;
  try {
    let isPath = false;
    for await (const token of tokensOf(child.stdout)) {
      if (isPath) {
        isPath = false;
        if (wanted.delete(token)) times.set(token, time);
        if (wanted.size === 0) break;
      } else if (/^\n?:/.test(token)) isPath = true;
      else {
        time = Number(token) * 1000 || time;
        head ||= time;
      }
    }
  } catch {} // killed: what was found counts
  stop.removeEventListener('abort', kill);
  await child.kill(500);
  signal.throwIfAborted();
  return { head, times };
}

async function* tokensOf(stream: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest = Buffer.alloc(0);
  for await (const part of stream) {
    const bytes = rest.length === 0 ? part : Buffer.concat([rest, part]);
    let start = 0;
    for (let end = bytes.indexOf(0); end >= 0; end = bytes.indexOf(0, start)) {
      yield bytes.toString('utf8', start, end);
      start = end + 1;
    }
    rest = Buffer.from(bytes.subarray(start));
  }
}
