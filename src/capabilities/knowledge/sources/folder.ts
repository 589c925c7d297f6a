import type { BigIntStats, Dirent } from 'node:fs';
import { lstat, readdir, realpath } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import type { FolderSourceSettings } from '../../../config/knowledge-schema.ts';
import { headOf, isGone, isWithin, readWithin, reasonOf, revisionOf, rootOf } from './disk.ts';
import { SourceMisconfigured, SourceUnavailable } from './errors.ts';
import { looksBinary, needsALook, unfitByFacts } from './fitness.ts';
import { isIgnored, type PlacedRules, rulesAbove, rulesIn } from './ignore.ts';
import { createSelection } from './selection.ts';
import type { ScanEnd, ScanOptions, Source, SourceDeps, SourceItem } from './types.ts';

const maxDepth = 100;

/** The files of a folder. Always looked through as a whole; an unchanged file costs one `lstat`. */
export function openFolder(settings: FolderSourceSettings, { baseDir, trusted }: SourceDeps): Source {
  if (!trusted) {
    throw SourceMisconfigured({
      source: 'folder',
      reason: "only the settings file may name a folder of the server's machine",
      remedy: 'Have the operator add it to fairlead.yaml, or upload the documents.',
    });
  }
  return {
    kind: 'folder',
    async *scan(options) {
      const root = await rootOf(resolve(baseDir, settings.folder), settings.folder);
      return yield* walk({ root, settings, options });
    },
  };
}

interface Walk {
  root: string;
  settings: FolderSourceSettings;
  options: ScanOptions;
}

interface Level {
  /** From the root, with slashes; '' for the root. */
  path: string;
  rules: readonly PlacedRules[];
}

async function* walk({ root, settings, options }: Walk): AsyncGenerator<SourceItem, ScanEnd> {
  const { signal, problem } = options;
  const skipped = options.skipped ?? (() => {});
  const selection = createSelection(settings);
  const outer = settings.gitignore ? await rulesAbove(root) : [];
  const open: Level[] = [{ path: '', rules: outer }];
  let whole = true;
  let count = 0;
  for (let level = open.pop(); level; level = open.pop()) {
    signal.throwIfAborted();
    let entries: Dirent[];
    try {
      entries = await readdir(join(root, level.path), { withFileTypes: true });
    } catch (error) {
      if (isGone(error) && level.path !== '') continue;
      if (level.path === '') throw SourceUnavailable({ source: settings.folder, reason: reasonOf(error) });
      problem(level.path, reasonOf(error));
      whole = false; // what is below it may be there still
      continue;
    }
    const rules = settings.gitignore ? [...level.rules, ...(await rulesIn(root, level.path, entries))] : [];
    const below: Level[] = [];
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      signal.throwIfAborted();
      const path = level.path === '' ? entry.name : `${level.path}/${entry.name}`;
      if (isIgnored(rules, path, entry.isDirectory())) continue;
      if (entry.isDirectory()) {
        const why = folderUnfit(entry.name, path);
        if (why === undefined) {
          if (!selection.shuns(path)) below.push({ path, rules });
        } else if (why !== '') skipped(path, why);
        continue;
      }
      if (!selection.wants(path)) continue;
      const look = await lookAt(root, path, entry);
      if ('skip' in look) skipped(path, look.skip);
      else if ('problem' in look) problem(path, look.problem);
      else if ('item' in look) {
        if (++count > settings.maxItems) {
          problem(path, `the folder has more than ${settings.maxItems} files; the rest is left out`);
          return { whole: false };
        }
        yield look.item;
      }
    }
    open.push(...below.reverse());
  }
  return { whole };
}

function folderUnfit(name: string, path: string): string | undefined {
  if (name === '.git' || name === 'node_modules') return '';
  if (name.startsWith('.')) return 'it is hidden';
  if (path.split('/').length > maxDepth) return `it is nested deeper than ${maxDepth} folders`;
  return undefined;
}

type Look = { skip: string } | { problem: string } | { item: SourceItem } | { gone: true };

async function lookAt(root: string, path: string, entry: Dirent): Promise<Look> {
  if (entry.name.startsWith('.')) return { skip: 'it is hidden' };
  if (entry.name.includes('\uFFFD')) return { problem: 'its name is not valid UTF-8' };
  if (entry.isSymbolicLink()) return lookAtLink(root, path);
  if (!entry.isFile()) return { skip: 'it is neither a file nor a folder' };
  const absolute = join(root, path);
  try {
    const facts = await lstat(absolute, { bigint: true });
    if (!facts.isFile()) return { gone: true };
    const unfit = unfitByFacts({ name: entry.name, size: Number(facts.size) });
    if (unfit !== undefined) return { skip: unfit };
    if (needsALook(entry.name) && looksBinary(await headOf(absolute))) return { skip: 'it is binary' };
    return { item: itemOf(root, path, entry.name, facts) };
  } catch (error) {
    return isGone(error) ? { gone: true } : { problem: reasonOf(error) };
  }
}

/** What it leads to is read in its own place, if at all: a link must not bring in what is hidden or elsewhere. */
async function lookAtLink(root: string, path: string): Promise<Look> {
  try {
    const target = await realpath(join(root, path));
    if (!isWithin(root, target)) return { skip: 'it is a link that leads out of the folder' };
    return { skip: `it is a link to ${relative(root, target).split(sep).join('/') || 'the folder itself'}` };
  } catch {
    return { skip: 'it is a link that leads nowhere' };
  }
}

function itemOf(root: string, path: string, name: string, facts: BigIntStats): SourceItem {
  return {
    uri: path,
    name,
    revision: revisionOf(facts),
    changedAt: Number(facts.mtimeMs),
    metadata: {},
    read: (signal) => readWithin(root, path, signal),
  };
}
