import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { screenOf } from '../../src/cli/terminal.ts';
import { packageRoot } from '../../src/config/index.ts';

function shown(isTTY: boolean) {
  const stream = () => Object.assign(new PassThrough(), { isTTY, columns: 200 });
  const [stdout, stderr] = [stream(), stream()];
  const screen = screenOf({ stdout, stderr, env: { TERM: 'xterm' } });
  return { screen, out: () => String(stdout.read() ?? ''), err: () => String(stderr.read() ?? '') };
}

/** Clears the screen, goes back a line, conceals, sets a title, turns letters around, ends a line unseen. */
const nasty =
  'a\u001b[2Jb\u001b[1Ac\u001b[8md\u001b]0;title\u0007e\u202ef\u2066g\u061ch\u2028i\u009b2Jj\rk\u007fl\u{e0041}m';

it('cuts a table to the terminal, its names too [SP-20]', () => {
  const { screen, out } = shown(true);
  screen.table(['NAME', 'TEXT'], [['a'.repeat(190), 'b'.repeat(90)]]);
  expect(
    stripVTControlCharacters(out())
      .trimEnd()
      .split('\n')
      .map((line) => line.length),
  ).toEqual([196, 200]);
  screen.table(['N'.repeat(300)], [['a']]);
  expect(stripVTControlCharacters(out()).split('\n')[0]).toBe(`${'N'.repeat(199)}…`);
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
