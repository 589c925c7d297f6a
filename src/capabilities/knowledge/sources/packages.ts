import { lstat, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { PackagesSourceSettings } from '../../../config/knowledge-schema.ts';
import { isObject, JsonFault, parseJson } from '../../../kernel/json.ts';
import { isGone, readWithin, reasonOf, revisionOf, rootOf } from './disk.ts';
import { SourceMisconfigured, SourceUnavailable } from './errors.ts';
import { unfitByFacts } from './fitness.ts';
import { parsePattern } from './glob.ts';
import { createSelection } from './selection.ts';
import type { ScanEnd, ScanOptions, Source, SourceDeps, SourceItem } from './types.ts';

const maxManifestBytes = 4 * 1024 * 1024;
const maxDepth = 20;
const maxFilesOfOne = 5_000;
const isName = /^(@[a-z0-9~-][\w.~-]*\/)?[a-z0-9~-][\w.~-]*$/i;

/** What installed packages say of themselves, README and type declarations, by name and version. */
export function openPackages(settings: PackagesSourceSettings, { baseDir, trusted }: SourceDeps): Source {
  if (!trusted) {
    throw SourceMisconfigured({
      source: 'packages',
      reason: "only the settings file may name a folder of the server's machine",
      remedy: 'Have the operator add it to fairlead.yaml, or upload the documents.',
    });
  }
  return {
    kind: 'packages',
    async *scan(options) {
      const folder = await rootOf(resolve(baseDir, settings.packages), settings.packages);
      return yield* walk(folder, settings, options);
    },
  };
}

async function* walk(
  folder: string,
  settings: PackagesSourceSettings,
  options: ScanOptions,
): AsyncGenerator<SourceItem, ScanEnd> {
  const { signal, problem } = options;
  const selection = createSelection(settings);
  const seen = new Set<string>();
  let whole = true;
  let count = 0;
  for (const name of await namesOf(folder, settings)) {
    signal.throwIfAborted();
    const found = await findPackage(folder, name);
    if ('reason' in found) {
      problem(`npm:${name}`, found.reason);
      if (!found.lasting) whole = false; // its documents may be there still
      continue;
    }
    // A package may be there under several names.
    if (seen.has(`${found.name}@${found.version}`)) continue;
    seen.add(`${found.name}@${found.version}`);
    const { files, failures } = await documentsOf(found.root, signal);
    for (const { path, reason } of failures) {
      problem(`npm:${found.name}@${found.version}/${path}`, reason);
      whole = false;
    }
    for (const path of files) {
      signal.throwIfAborted();
      if (!selection.wants(path)) continue;
      const item = await itemOf(found, path, options);
      if (!item) continue;
      if (++count > settings.maxItems) {
        problem(item.uri, `the packages have more than ${settings.maxItems} files; the rest is left out`);
        return { whole: false };
      }
      yield item;
    }
  }
  return { whole };
}

interface Package {
  name: string;
  version: string;
  /** Where it lies in truth: package managers put links into node_modules. */
  root: string;
  description?: string;
}

async function namesOf(folder: string, { names, packages }: PackagesSourceSettings): Promise<string[]> {
  const plain = names?.filter((name) => !/[*?[]/.test(name));
  const patterns = names?.filter((name) => /[*?[]/.test(name)).flatMap((name) => parsePattern(`/${name}`) ?? []);
  if (patterns && patterns.length > 0) {
    const installed = await installedIn(folder, packages);
    const fitting = installed.filter((name) => patterns.some((pattern) => pattern.fits(name.split('/'))));
    return [...new Set([...(plain ?? []), ...fitting])].sort();
  }
  if (plain) return [...new Set(plain)].sort();
  const manifest = await manifestOf(folder);
  if ('reason' in manifest)
    throw SourceUnavailable({ source: packages, reason: `its package.json cannot be read: ${manifest.reason}` });
  const groups = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'];
  return [
    ...new Set(groups.flatMap((group) => (isObject(manifest[group]) ? Object.keys(manifest[group]) : []))),
  ].sort();
}

async function installedIn(folder: string, source: string): Promise<string[]> {
  const modules = join(folder, 'node_modules');
  const list = async (path: string) => (await readdir(path)).filter((name) => !name.startsWith('.'));
  try {
    const names = await list(modules);
    const scoped = names
      .filter((name) => name.startsWith('@'))
      .map(async (scope) => (await list(join(modules, scope))).map((name) => `${scope}/${name}`));
    return [...names.filter((name) => !name.startsWith('@')), ...(await Promise.all(scoped)).flat()];
  } catch (error) {
    throw SourceUnavailable({ source, reason: `its node_modules: ${reasonOf(error)}` }, { cause: error });
  }
}

/** Names come from a file of somebody else's: they may not lead elsewhere. */
async function findPackage(folder: string, name: string): Promise<Package | { reason: string; lasting: boolean }> {
  if (!isName.test(name) || name.length > 214) return { reason: 'this is not the name of a package', lasting: true };
  let root: string;
  try {
    root = await realpath(join(folder, 'node_modules', ...name.split('/')));
  } catch (error) {
    return isGone(error)
      ? { reason: 'it is not installed', lasting: true }
      : { reason: reasonOf(error), lasting: false };
  }
  const manifest = await manifestOf(root);
  if ('reason' in manifest) return { reason: `its package.json cannot be read: ${manifest.reason}`, lasting: false };
  const { name: own = name, version, description } = manifest;
  if (typeof own !== 'string' || !isName.test(own) || typeof version !== 'string' || !/^[\w.+-]{1,100}$/.test(version))
    return { reason: 'its package.json has no name and version', lasting: true };
  return { name: own, version, root, ...(typeof description === 'string' ? { description } : {}) };
}

async function manifestOf(folder: string): Promise<Record<string, unknown> | { reason: string }> {
  const path = join(folder, 'package.json');
  try {
    const facts = await stat(path);
    if (!facts.isFile() || facts.size > maxManifestBytes) return { reason: 'it is no file, or a very large one' };
    const manifest = parseJson((await readFile(path, 'utf8')).replace(/^\uFEFF/, ''));
    return isObject(manifest) ? manifest : { reason: 'it is no object' };
  } catch (error) {
    return { reason: error instanceof JsonFault ? error.message : reasonOf(error) };
  }
}

/** Paths within a package, in order. Links are not followed, and what a package has installed for itself is its own. */
async function documentsOf(root: string, signal: AbortSignal) {
  const files: string[] = [];
  const failures: { path: string; reason: string }[] = [];
  const open = [{ path: '', depth: 0 }];
  for (let folder = open.shift(); folder; folder = open.shift()) {
    signal.throwIfAborted();
    const { path, depth } = folder;
    const entries = await readdir(join(root, path), { withFileTypes: true }).catch((error) => {
      if (!isGone(error)) failures.push({ path, reason: reasonOf(error) });
      return [];
    });
    const names = new Set(entries.map(({ name }) => name));
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const inner = path === '' ? entry.name : `${path}/${entry.name}`;
      if (entry.name.startsWith('.') || entry.name.includes('\uFFFD')) continue;
      if (entry.isDirectory()) {
        if (entry.name !== 'node_modules' && depth < maxDepth) open.push({ path: inner, depth: depth + 1 });
      } else if (entry.isFile() && isDocument(entry.name, depth, names)) files.push(inner);
    }
    if (files.length > maxFilesOfOne) {
      failures.push({ path: '', reason: `it has more than ${maxFilesOfOne} files; the rest is left out` });
      return { files: files.slice(0, maxFilesOfOne), failures };
    }
  }
  return { files, failures };
}

function isDocument(name: string, depth: number, names: ReadonlySet<string>): boolean {
  if (depth === 0 && /^readme(\.(md|markdown|mdx|txt|rst|adoc|html))?$/i.test(name)) return true;
  const [, stem, letter] = /^(.+)\.d\.([mc]?)ts$/.exec(name) ?? [];
  // The declarations of both module systems say the same.
  return stem !== undefined && (letter === '' || !names.has(`${stem}.d.ts`));
}

async function itemOf(
  { name, version, root, description }: Package,
  path: string,
  { problem, skipped }: ScanOptions,
): Promise<SourceItem | undefined> {
  const uri = `npm:${name}@${version}/${path}`;
  try {
    const facts = await lstat(join(root, path), { bigint: true });
    const unfit = unfitByFacts({ name: path, size: Number(facts.size) });
    if (unfit !== undefined) skipped?.(uri, unfit);
    if (unfit !== undefined || !facts.isFile()) return undefined;
    return {
      uri,
      name: basename(path),
      revision: revisionOf(facts),
      title: `${name} ${version}: ${path}`,
      metadata: {
        package: name,
        version,
        ...(description === undefined ? {} : { description: description.slice(0, 500) }),
      },
      read: (signal) => readWithin(root, path, signal),
    };
  } catch (error) {
    if (!isGone(error)) problem(uri, reasonOf(error));
    return undefined;
  }
}
