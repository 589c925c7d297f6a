import { stripVTControlCharacters, styleText } from 'node:util';
import { commandLineSettings } from '../config/index.ts';
import type { CliContext } from './command.ts';

type Style = Parameters<typeof styleText>[0];

/** What a command shows on standard output. */
export interface Screen {
  /** Whether a person reads along. */
  isTerminal: boolean;
  line(text?: string): void;
  /** One JSON document, indented for people and on one line for programs. */
  json(value: unknown): void;
  /** Columns under their names; the last one is cut at the edge of the terminal. */
  table(names: readonly string[], rows: readonly (readonly string[])[]): void;
  /** Names and values below each other; undefined values are left out. */
  facts(facts: readonly (readonly [string, string | undefined])[]): void;
  styled(style: Style, text: string): string;
}

export function screenOf({ stdout, env }: Pick<CliContext, 'stdout' | 'env'>): Screen {
  const isTerminal = stdout.isTTY === true;
  const styles = isTerminal && commandLineSettings(env).colour;
  const styled = (style: Style, text: string) => (styles ? styleText(style, text, { validateStream: false }) : text);
  const line = (text = '') => void stdout.write(`${text}\n`);
  const widthLimit = isTerminal ? Math.max(40, stdout.columns || 80) : Number.POSITIVE_INFINITY;

  return {
    isTerminal,
    line,
    styled,
    json: (value) => line(isTerminal ? JSON.stringify(value, null, 2) : JSON.stringify(value)),
    table(names, rows) {
      const cells = [names.map((name) => styled('bold', name)), ...rows.map((row) => row.map(plain))];
      const widths = names.map((_, column) => Math.max(...cells.map((row) => widthOf(row[column] ?? ''))));
      for (const row of cells) {
        const padded = row.map((cell, column) => {
          const last = column === names.length - 1;
          return last ? cell : cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell));
        });
        line(cutTo(padded.join('  ').trimEnd(), widthLimit));
      }
    },
    facts(facts) {
      const shown = facts.filter(([, value]) => value !== undefined);
      const width = Math.max(...shown.map(([name]) => name.length));
      for (const [name, value] of shown) line(`${styled('bold', name.padEnd(width))}  ${plain(value ?? '')}`);
    },
  };
}

/** Text of somebody else's, without the control characters that could rewrite the screen; one line. */
export function plain(text: string): string {
  return safe(text).replace(/\s+/g, ' ').trim();
}

/** The same, with its line breaks. */
export function safe(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return stripVTControlCharacters(text).replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '');
}

function widthOf(text: string): number {
  return [...stripVTControlCharacters(text)].length;
}

function cutTo(text: string, width: number): string {
  if (widthOf(text) <= width || text !== stripVTControlCharacters(text)) return text;
  return `${[...text].slice(0, width - 1).join('')}…`;
}

/** A moment as people write it, in local time. */
export function moment(ms: unknown): string {
  if (typeof ms !== 'number') return '-';
  const at = new Date(ms);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}
