import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GitSourceSettings } from '../../../../config/knowledge-schema.ts';
import { digestOf } from '../../../../kernel/digest.ts';
import { commandTimeoutMs, fetchTimeoutMs } from '../bounds.ts';
import { SourceUnavailable } from '../errors.ts';
import type { SourceDeps } from '../types.ts';
import type { GitAddress } from './address.ts';
import { createGit, type Git, GitFailed, type GitOptions } from './command.ts';

/** Where the fetched commit is kept in the mirror. */
const kept = 'refs/fairlead/source';
const trustFile = 'fairlead.config';
const broken =
  /corrupt|bad (object|config)|not a git repo|unable to (read|parse|unpack)|is empty|missing (blob|tree|commit)|necessary objects/i;

export interface Mirror {
  git: Git;
  /** The commit that the source stands at now. */
  commit: string;
  /** After git failed on it: begins anew with the next scan, if it is the mirror that is broken. */
  mend(error: GitFailed): Promise<void>;
}

export interface MirrorOptions {
  address: GitAddress;
  settings: GitSourceSettings;
  deps: SourceDeps;
  signal: AbortSignal;
}

/**
 * A bare repository in the data folder with the history of one ref. Nothing but objects is taken over, so that hooks and
 * settings of the repository it comes from have no say. Throws `SourceUnavailable`, `GitMissing`, `EgressBlocked`.
 */
export async function refreshMirror(options: MirrorOptions): Promise<Mirror> {
  const { address, settings, deps, signal } = options;
  const { git: url, ref = 'HEAD' } = settings;
  const folder = join(deps.dataDir, 'git', digestOf({ url, ref }).slice('sha256:'.length, 'sha256:'.length + 32));
  const prepare = async () => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    if (address.protocol === 'file') await trustFolder(address.path, folder);
  };
  await prepare();
  const git = createGit({
    folder,
    source: address.shown,
    processes: deps.processes,
    protocols: [address.protocol],
    ...(await waysTo(options, folder)),
  });
  const update = async () => {
    await dropStaleLock(join(folder, `${kept}.lock`));
    await git.run(['init', '--bare', '--quiet', '--template='], { signal, timeoutMs: commandTimeoutMs });
    await git.run(fetchOf(address, ref), { signal, timeoutMs: fetchTimeoutMs });
    const commit = await git.run(['rev-parse', '--verify', '--end-of-options', `${kept}^{commit}`], {
      signal,
      timeoutMs: commandTimeoutMs,
    });
    return commit.toString('utf8').trim();
  };
  const mend = async (error: GitFailed) => {
    if (broken.test(error.message)) await rm(folder, { recursive: true, force: true }); // all in it can be had again
  };
  try {
    const commit = await update().catch(async (error) => {
      if (!(error instanceof GitFailed && broken.test(error.message))) throw error;
      await mend(error);
      await prepare();
      return update();
    });
    return { git, commit, mend };
  } catch (error) {
    if (!(error instanceof GitFailed)) throw error;
    throw SourceUnavailable({ source: address.shown, reason: told(error.message, address, folder) }, { cause: error });
  }
}

function fetchOf(address: GitAddress, ref: string): string[] {
  const from = address.protocol === 'file' ? address.path : address.url.href;
  const quiet = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules'];
  return ['fetch', ...quiet, '--', from, `+${ref}:${kept}`];
}

/** What git has to know for this address. */
async function waysTo(
  { address, settings, deps }: MirrorOptions,
  folder: string,
): Promise<Pick<GitOptions, 'settings' | 'env'>> {
  switch (address.protocol) {
    case 'file':
      return { settings: [], env: { GIT_CONFIG_GLOBAL: join(folder, trustFile) } };
    case 'ssh':
      return {
        settings: [],
        env: { GIT_SSH_COMMAND: 'ssh -oBatchMode=yes -oConnectTimeout=20', GIT_SSH_VARIANT: 'ssh' },
      };
    default:
      return { settings: [...(await pins(address.url, deps)), ...login(address.url, settings)], env: {} };
  }
}

/** Whoever may name a path may read it, also where another user owns it, as in a container. */
async function trustFolder(path: string, folder: string): Promise<void> {
  const quoted = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`;
  const lines = [path, join(path, '.git')].map((each) => `\tdirectory = ${quoted(each)}\n`);
  await writeFile(join(folder, trustFile), `[safe]\n${lines.join('')}`, { mode: 0o600 });
}

/** git connects by itself: so it is told the very addresses that were found to be allowed. */
async function pins(url: URL, { trusted, egress }: SourceDeps): Promise<[string, string][]> {
  if (trusted) return [];
  const addresses = await egress.reachable(url);
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  const listed = addresses.map((address) => (address.includes(':') ? `[${address}]` : address)).join(',');
  return [['http.curloptResolve', `${url.hostname}:${port}:${listed}`]];
}

function login(url: URL, { user, token }: GitSourceSettings): [string, string][] {
  if (token === undefined) return [];
  const basic = Buffer.from(`${user}:${token}`).toString('base64');
  return [[`http.${url.origin}/.extraHeader`, `Authorization: Basic ${basic}`]];
}

/** A fetch that was killed leaves its lock behind. */
async function dropStaleLock(lock: string): Promise<void> {
  const age = await stat(lock).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => 0,
  );
  if (age > fetchTimeoutMs * 2) await rm(lock, { force: true });
}

/** Without the paths of this machine. */
function told(message: string, address: GitAddress, folder: string): string {
  const path = address.protocol === 'file' ? address.path : folder;
  return message.replaceAll(folder, 'the mirror').replaceAll(path, address.shown);
}
