import { expandBraces, type PathPattern, parsePattern } from './glob.ts';

/** What of a source is wanted. */
export interface Selection {
  /** @param path with slashes, relative to the root of the source */
  wants(path: string): boolean;
  /** Whether all below a folder is excluded, so that nobody need look. */
  shuns(folder: string): boolean;
}

/** Patterns as in `.gitignore`, and `{a,b}` besides: a pattern that fits a folder stands for all that is in it. */
export function createSelection({ include, exclude }: { include?: string[]; exclude?: string[] }): Selection {
  const wanted = include && include.length > 0 ? patternsOf(include) : undefined;
  const unwanted = patternsOf(exclude ?? []);
  return {
    wants(path) {
      const steps = path.split('/');
      return (wanted === undefined || fitsAny(wanted, steps, false)) && !fitsAny(unwanted, steps, false);
    },
    shuns: (folder) => fitsAny(unwanted, folder.split('/'), true),
  };
}

function patternsOf(lines: readonly string[]): PathPattern[] {
  return lines.flatMap(expandBraces).flatMap((line) => parsePattern(line) ?? []);
}

/** By the path itself or one of the folders it lies in. */
function fitsAny(patterns: readonly PathPattern[], steps: readonly string[], isFolder: boolean): boolean {
  for (let length = 1; length <= steps.length; length++) {
    const part = steps.slice(0, length);
    const folder = isFolder || length < steps.length;
    if (patterns.some((pattern) => (folder || !pattern.foldersOnly) && pattern.fits(part))) return true;
  }
  return false;
}
