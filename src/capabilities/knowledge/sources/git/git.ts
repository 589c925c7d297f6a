import { basename } from 'node:path/posix';
import type { GitSourceSettings } from '../../../../config/knowledge-schema.ts';
import { digestOf } from '../../../../kernel/digest.ts';
import { commandTimeoutMs, maxItemBytes } from '../bounds.ts';
import { SourceItemUnavailable, SourceItemUnfit, SourceMisconfigured, SourceUnavailable } from '../errors.ts';
import { looksBinary, needsALook, unfitByFacts } from '../fitness.ts';
import { createSelection, type Selection } from '../selection.ts';
import type { Gone, ScanEnd, ScanOptions, Source, SourceDeps, SourceItem } from '../types.ts';
import { type GitAddress, pageOf, parseAddress } from './address.ts';
import { type Blobs, BlobsClosed, openBlobs } from './blobs.ts';
import { type Git, GitFailed } from './command.ts';
import { type Mirror, refreshMirror } from './mirror.ts';
import { changedSince, type Entry, listTree, timesOf } from './tree.ts';

/** The files of a repository at one ref: after the first scan only what changed, by commit. */
export function openGit(settings: GitSourceSettings, deps: SourceDeps): Source {
  const { baseDir, trusted } = deps;
  const address = parseAddress({ settings, baseDir, trusted });
  assertRef(settings.ref);
  if (address.protocol === 'ssh' && !trusted) {
    throw SourceMisconfigured({
      source: 'git',
      reason: 'over ssh it would be fetched with a key of the server, which only the settings file may use',
      remedy: 'Give it as https://… with a token, or have the operator add it to fairlead.yaml.',
    });
  }
  return {
    kind: 'git',
    async *scan(options) {
      const mirror = await refreshMirror({ address, settings, deps, signal: options.signal });
      const blobs = await openBlobs(mirror.git);
      try {
        return yield* walk({ mirror, blobs, address, settings, options });
      } catch (error) {
        if (!(error instanceof GitFailed)) throw error;
        await mirror.mend(error);
        throw SourceUnavailable({ source: address.shown, reason: error.message }, { cause: error });
      } finally {
        await blobs.close();
      }
    },
  };
}

/** As `git check-ref-format`, but for what git takes besides: `main~3`, `:/text`, refspecs. */
function assertRef(ref: string | undefined): void {
  if (ref === undefined) return;
  const isRef =
    /^[^\s\p{Cc}~^:?*[\\-][^\s\p{Cc}~^:?*[\\]*$/u.test(ref) && !/\.\.|@\{|\/\/|\.lock(\/|$)|[./]$|^[/+]/.test(ref);
  if (isRef) return;
  throw SourceMisconfigured({
    source: 'git',
    reason: 'its ref is not the name of a branch or tag',
    remedy: 'Give `ref` as main, v1.2.0 or refs/heads/main.',
  });
}

interface Walk {
  mirror: Mirror;
  blobs: Blobs;
  address: GitAddress;
  settings: GitSourceSettings;
  options: ScanOptions;
}

async function* walk({ mirror, blobs, address, settings, options }: Walk): AsyncGenerator<SourceItem | Gone, ScanEnd> {
  const { git, commit } = mirror;
  const { signal, problem } = options;
  const skipped = options.skipped ?? (() => {});
  const { include, exclude } = settings;
  const selection = createSelection(settings);
  // Other patterns make other documents of the same commit.
  const patterns = digestOf({ include: include ?? null, exclude: exclude ?? null });
  const since = sinceOf(options.cursor, patterns);
  const changed = since === undefined ? undefined : await changedSince(git, { from: since, to: commit, signal });
  const cursor = `${commit} ${patterns}`;
  if (changed?.size === 0) return { cursor, whole: false };

  const listed = await listTree(git, commit, signal);
  const entries = listed.filter((entry) => changed?.has(entry.path) ?? true);
  const wanted = entries.filter((entry) => isWanted(entry.path, selection));
  const { head, times } = await timesOf(git, {
    commit,
    since: changed && since,
    paths: wanted.map((entry) => entry.path),
    signal,
  });
  if (changed) {
    for (const { path } of listed) changed.delete(path);
    for (const path of changed) if (isWanted(path, selection)) yield { gone: path };
  }
  let count = 0;
  for (const entry of wanted) {
    signal.throwIfAborted();
    const { path } = entry;
    if (path.includes('\uFFFD')) {
      problem(path, 'its name is not valid UTF-8');
      continue;
    }
    const unfit = await unfitOf(entry, blobs, signal);
    if (unfit !== undefined) {
      skipped(path, unfit);
      if (changed) yield { gone: path }; // it may have been fit before
      continue;
    }
    if (++count > settings.maxItems) {
      problem(path, `the repository has more than ${settings.maxItems} files that fit; the rest is left out`);
      return { whole: false }; // without a cursor, or the rest would be passed over for good
    }
    const url = pageOf(address, commit, path);
    yield {
      uri: path,
      name: basename(path),
      revision: entry.id,
      changedAt: times.get(path) ?? head,
      ...(url === undefined ? {} : { url }),
      metadata: { commit },
      read: (readSignal) => readBlob({ entry, blobs, git, signal: readSignal }),
    };
  }
  return { cursor, whole: changed === undefined };
}

function sinceOf(cursor: string | undefined, patterns: string): string | undefined {
  const [, commit, digest] = /^([0-9a-f]{40,64}) (\S+)$/.exec(cursor ?? '') ?? [];
  return digest === patterns ? commit : undefined;
}

/** Hidden ones are left out without a word: repositories are full of them. */
function isWanted(path: string, selection: Selection): boolean {
  return !/(^|\/)(\.|node_modules\/)/.test(path) && selection.wants(path);
}

async function unfitOf(entry: Entry, blobs: Blobs, signal: AbortSignal): Promise<string | undefined> {
  const { path, mode, id, size } = entry;
  if (mode === '120000') return 'it is a link';
  if (size === undefined) return 'it is a submodule';
  const unfit = unfitByFacts({ name: path, size });
  if (unfit !== undefined || !needsALook(path)) return unfit;
  try {
    const content = await blobs.read(id, maxItemBytes, signal);
    return content && looksBinary(content) ? 'it is binary' : undefined;
  } catch (error) {
    if (error instanceof BlobsClosed) return undefined; // reading tells
    throw error;
  }
}

const lfsPointer = Buffer.from('version https://git-lfs.github.com/spec/');

interface BlobRead {
  entry: Entry;
  blobs: Blobs;
  git: Git;
  signal: AbortSignal;
}

async function readBlob({ entry: { id, path }, blobs, git, signal }: BlobRead): Promise<Uint8Array> {
  signal.throwIfAborted();
  try {
    const content = await blobs.read(id, maxItemBytes, signal).catch((error) => {
      if (!(error instanceof BlobsClosed)) throw error;
      return git.run(['cat-file', 'blob', id], { signal, timeoutMs: commandTimeoutMs }); // the scan is over
    });
    if (!content) throw SourceItemUnavailable({ uri: path, reason: 'the mirror does not have it' });
    if (content.subarray(0, lfsPointer.length).equals(lfsPointer))
      throw SourceItemUnfit({ uri: path, reason: 'its content is kept by Git LFS' });
    return content;
  } catch (error) {
    if (!(error instanceof GitFailed)) throw error;
    throw SourceItemUnavailable({ uri: path, reason: 'the mirror does not have it' }, { cause: error });
  }
}
