import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parsePattern } from './glob.ts';
import { parseIgnore } from './ignore.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fairlead-ignore-'));
  execFileSync('git', ['init', '-q', folder]);
});
afterAll(() => rmSync(folder, { recursive: true }));

const paths = [
  'a',
  'b',
  'ab',
  'aab',
  'a.b',
  'B',
  'a/b',
  'a/a',
  'b/a',
  'a/b/a',
  'a/b/ab',
  'b/b/b/a',
  '-',
  'a]',
  'a b',
  'a ',
];

/** Files whose folders are not ignored: `check-ignore` also counts those. */
function ignoredByGit(): string[] {
  try {
    const input = `${paths.join('\0')}\0`;
    const output = execFileSync('git', ['-c', 'core.excludesFile=', 'check-ignore', '--no-index', '-z', '--stdin'], {
      cwd: folder,
      input,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    return output.toString().split('\0').filter(Boolean).sort();
  } catch (error) {
    if ((error as { status?: number }).status === 1) return [];
    throw error;
  }
}

function ignoredByUs(text: string): string[] {
  const rules = parseIgnore(text);
  return paths
    .filter((path) => {
      const steps = path.split('/');
      return steps.some((_, i) => rules.verdict(steps.slice(0, i + 1), i < steps.length - 1) === 'ignored');
    })
    .sort();
}

const piece = fc.constantFrom(
  'a',
  'b',
  'B',
  '*',
  '**',
  '?',
  '/',
  '[ab]',
  '[!a]',
  '[a-b]',
  '[]]',
  '[[:upper:]]',
  '\\*',
  '\\a',
  '.',
  ' ',
  '-',
);
const line = fc
  .tuple(
    fc.constantFrom('', '', '', '!', '/', '**/', '#', '\\#', '\\!'),
    fc.array(piece, { maxLength: 5 }),
    fc.constantFrom('', '/', '/**', ' ', '\\ '),
  )
  .map(([start, middle, end]) => `${start}${middle.join('')}${end}`);

it('ignores exactly what git ignores', () => {
  mkdirSync(join(folder, 'sub'), { recursive: true });
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 4 }), (lines) => {
      const text = lines.join('\n');
      writeFileSync(join(folder, '.gitignore'), text);
      expect(ignoredByUs(text)).toEqual(ignoredByGit());
    }),
    { numRuns: 300, seed: 7 },
  );
});

it('takes no longer for patterns that are made to be slow', () => {
  const name = 'a'.repeat(5_000);
  const startedAt = performance.now();
  expect(parsePattern(`${'*a'.repeat(200)}b`)?.fits([name])).toBe(false);
  expect(parsePattern(`${'**/a/'.repeat(100)}b`)?.fits(Array(1_000).fill('a'))).toBe(false);
  expect(performance.now() - startedAt).toBeLessThan(5_000);
});
