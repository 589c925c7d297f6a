import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { screenOf } from '../../src/cli/terminal.ts';
import { packageRoot } from '../../src/config/index.ts';

function shown(isTTY: boolean, columns = 200, options = {}) {
  const stream = () => Object.assign(new PassThrough(), { isTTY, columns });
  const [stdout, stderr] = [stream(), stream()];
  const screen = screenOf({ stdout, stderr, env: { TERM: 'xterm' } }, options);
  return { screen, out: () => String(stdout.read() ?? ''), err: () => String(stderr.read() ?? '') };
}

/** Clears the screen, goes back a line, conceals, sets a title, turns letters around, ends a line unseen. */
const nasty =
  'a\u001b[2Jb\u001b[1Ac\u001b[8md\u001b]0;title\u0007e\u202ef\u2066g\u061ch\u2028i\u009b2Jj\rk\u007fl\u{e0041}m';

it('fits a table to the terminal: texts are cut, ids and times never, and what is left out is said [SP-20] [AC-6]', () => {
  const id = `key_${'0'.repeat(26)}`;
  const row = [
    id,
    'developer, operator',
    '2026-11-30 20:00:00',
    '2026-11-30 21:00:00',
    'tools:read, tools:call',
    'a key of somebody',
  ];
  const names = ['ID', 'ROLES', 'ENDS', 'USED', 'SCOPES', 'NAME (OWNER)'];
  const linesAt = (columns: number, options = {}) => {
    const { screen, out, err } = shown(true, columns, options);
    screen.table(names, [row], ['SCOPES', 'USED', 'ROLES']);
    const lines = stripVTControlCharacters(out()).trimEnd().split('\n');
    return { lines, longest: Math.max(...lines.map((line) => line.length)), note: err() };
  };
  expect(linesAt(200)).toMatchObject({ lines: [expect.anything(), expect.stringContaining(row.join('  '))], note: '' });
  const narrow = linesAt(80);
  expect(narrow.longest).toBeLessThanOrEqual(80);
  expect(narrow.lines[1]).toMatch(new RegExp(`^${id}  developer.*  2026-11-30 20:00:00  a key of s`));
  expect(narrow.note).toMatch(/Left out.*: USED, SCOPES\. --wide shows all/);
  expect(linesAt(80, { wide: true })).toMatchObject({ note: '', lines: linesAt(200).lines });
  expect(linesAt(40).lines[1]).toMatch(new RegExp(`^${id}`));
  const { screen, out } = shown(true);
  screen.table(['NAME', 'TEXT'], [['a'.repeat(190), 'b'.repeat(90)]]);
  expect(stripVTControlCharacters(out()).trimEnd().split('\n').at(-1)).toBe(`${'a'.repeat(107)}…  ${'b'.repeat(90)}`);
});

describe.each([true, false])('what a server says, on a terminal: %s', (isTTY) => {
  it('cannot rewrite the screen or turn its letters around, whichever way it is shown [SP-20]', () => {
    const { screen, out, err } = shown(isTTY);
    const harmless = 'abcdefghijklm';
    screen.line(nasty);
    expect(out()).toBe(`${harmless}\n`);
    screen.note(nasty);
    expect(err()).toBe(`${harmless}\n`);
    screen.table(['NAME'], [[`${nasty}\nnext`]]);
    expect(out().split('\n').at(-2)).toBe(`${harmless} next`);
    screen.facts([['name', nasty]]);
    expect(stripVTControlCharacters(out())).toBe(`name  ${harmless}\n`);
  });

  it('says the same as JSON, with what misleads escaped [SP-20]', () => {
    const { screen, out } = shown(isTTY);
    for (const show of [screen.json, screen.jsonLine]) {
      show({ [nasty]: [nasty] });
      const text = out();
      expect(text).not.toMatch(/(?!\n)\p{Cc}|[\p{Bidi_Control}\u2028\u{e0041}]/u);
      expect(JSON.parse(text)).toEqual({ [nasty]: [nasty] });
    }
  });

  it('keeps what it has to show: letters of every script, emoji, tabs and lines [SP-20]', () => {
    const { screen, out } = shown(isTTY);
    const text = 'שלום مرحبا 日本語 👩‍👩‍👧 é\tcolumn\nline';
    screen.line(text);
    expect(out()).toBe(`${text}\n`);
  });
});

it('is bold or coloured where Fairlead itself wants it, on a terminal [SP-20]', () => {
  const { screen, out } = shown(true);
  screen.line(`${screen.styled('green', 'ok')} ${screen.styled('bold', 'really')}`);
  expect(out()).toBe('\u001b[32mok\u001b[39m \u001b[1mreally\u001b[22m\n');
});

it('goes to the streams past the screen only where nothing of a server is in it [SP-20]', () => {
  const past = globSync('src/cli/**/*.ts', { cwd: packageRoot })
    .filter((path) => /std(?:out|err)\.write\(/.test(readFileSync(join(packageRoot, path), 'utf8')))
    .map((path) => path.replaceAll('\\', '/'));
  expect(past.sort()).toEqual([
    'src/cli/commands/audit/export.ts', // bytes as they are for programs, escaped on a terminal
    'src/cli/commands/config/schema.ts',
    'src/cli/commands/serve.ts',
    'src/cli/offline.ts',
    'src/cli/program.ts', // help
    'src/cli/progress.ts',
    'src/cli/terminal.ts',
  ]);
});
