import type { Dirent } from 'node:fs';
import { lstat, readFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { type PathPattern, parsePattern } from './glob.ts';

/** The rules of one `.gitignore`, for paths relative to its folder. */
export interface IgnoreRules {
  /** Undefined where the file says nothing of the path. */
  verdict(steps: readonly string[], isFolder: boolean): 'ignored' | 'kept' | undefined;
}

const maxLines = 10_000;
const maxLineLength = 4_096;
const maxIgnoreBytes = 1024 * 1024;

export function parseIgnore(text: string): IgnoreRules {
  const patterns: PathPattern[] = text
    .replace(/^\uFEFF/, '')
    .split('\n', maxLines)
    .flatMap((line) => (line.length > maxLineLength ? [] : (parsePattern(line) ?? [])))
    .reverse(); // the last one that fits decides
  return {
    verdict(steps, isFolder) {
      const found = patterns.find((pattern) => (isFolder || !pattern.foldersOnly) && pattern.fits(steps));
      return found && (found.negated ? 'kept' : 'ignored');
    },
  };
}

/** Rules and where they stand. */
export interface PlacedRules {
  /** Folders from the root to the place of the rules. */
  steps: readonly string[];
  /** Folders from the place of the rules to the root, where they stand above it. */
  above: readonly string[];
  rules: IgnoreRules;
}

export function isIgnored(rules: readonly PlacedRules[], path: string, isFolder: boolean): boolean {
  const steps = path.split('/');
  // The nearest file that says something decides.
  for (let i = rules.length - 1; i >= 0; i--) {
    const { above, steps: place, rules: placed } = rules[i] as PlacedRules;
    const verdict = placed.verdict([...above, ...steps.slice(place.length)], isFolder);
    if (verdict) return verdict === 'ignored';
  }
  return false;
}

export async function rulesIn(root: string, path: string, entries: readonly Dirent[]): Promise<PlacedRules[]> {
  if (!entries.some((entry) => entry.name === '.gitignore' && entry.isFile())) return [];
  const rules = await readIgnore(join(root, path, '.gitignore'));
  return rules ? [{ steps: path === '' ? [] : path.split('/'), above: [], rules }] : [];
}

/** Those of the work tree that the folder is a part of. */
export async function rulesAbove(root: string): Promise<PlacedRules[]> {
  const found: PlacedRules[] = [];
  let folder = root;
  while (!(await exists(join(folder, '.git')))) {
    const parent = dirname(folder);
    if (parent === folder) return [];
    folder = parent;
    const rules = await readIgnore(join(folder, '.gitignore'));
    if (rules) found.unshift({ steps: [], above: relative(folder, root).split(sep), rules });
  }
  return found;
}

async function readIgnore(path: string): Promise<IgnoreRules | undefined> {
  try {
    const facts = await lstat(path);
    if (!facts.isFile() || facts.size > maxIgnoreBytes) return undefined;
    return parseIgnore(await readFile(path, 'utf8'));
  } catch {
    return undefined;
  }
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
