import { stripVTControlCharacters, styleText } from 'node:util';
import { commandLineSettings } from '../config/index.ts';
import type { CliContext, CommandInput } from './command.ts';
import { fitTable, gap, widthOf } from './table.ts';

type Style = Parameters<typeof styleText>[0];

/**
 * What a command shows: on standard output, notes on standard error. The only way there for what a server says, since
 * here it loses what could rewrite the screen or make a text look like another one.
 */
export interface Screen {
  /** Whether a person reads along. */
  isTerminal: boolean;
  line(text?: string): void;
  /** The same on standard error. */
  note(text: string): void;
  /** One JSON document, indented for people and on one line for programs. */
  json(value: unknown): void;
  /** One of many JSON documents, always on one line. */
  jsonLine(value: unknown): void;
  /**
   * Columns under their names. On a terminal they are made to fit: texts are cut, ids and times never; where that is not
   * enough columns are left out, those of `least` first, in their order, and a note says which. Programs get all of it.
   */
  table(names: readonly string[], rows: readonly (readonly string[])[], least?: readonly string[]): void;
  /** Names and values below each other; undefined values are left out. */
  facts(facts: readonly (readonly [string, string | undefined])[]): void;
  styled(style: Style, text: string): string;
}

/** @param options `wide` leaves tables as wide as they are */
export function screenOf(
  { stdout, stderr, env }: Pick<CliContext, 'stdout' | 'stderr' | 'env'>,
  { wide }: CommandInput['options'] = {},
): Screen {
  const isTerminal = stdout.isTTY === true;
  const styles = isTerminal && commandLineSettings(env).colour;
  const styled = (style: Style, text: string) => (styles ? styleText(style, text, { validateStream: false }) : text);
  const line = (text = '') => void stdout.write(`${styles ? safeButStyled(text) : safe(text)}\n`);
  const widthLimit = isTerminal && wide !== true ? Math.max(40, stdout.columns || 80) : Number.POSITIVE_INFINITY;

  return {
    isTerminal,
    line,
    styled,
    note: (text) => void stderr.write(`${safe(text)}\n`),
    json: (value) => void stdout.write(`${jsonText(value, isTerminal ? 2 : 0)}\n`),
    jsonLine: (value) => void stdout.write(`${jsonText(value)}\n`),
    table(names, rows, least = []) {
      const whole = [names, ...rows.map((row) => row.map(plain))];
      const { columns, left } = fitTable(whole, least, widthLimit);
      for (const [at, row] of whole.entries()) {
        const cells = columns.map(({ index, width }, place) => {
          const cell = cutTo(row[index] ?? '', width);
          return place === columns.length - 1 ? cell : cell + ' '.repeat(width - widthOf(cell));
        });
        const text = cells.join(gap).trimEnd();
        line(at === 0 ? styled('bold', text) : text);
      }
      if (left.length > 0)
        stderr.write(`${safe(`Left out, since the terminal is too narrow: ${left.join(', ')}. --wide shows all.`)}\n`);
    },
    facts(facts) {
      const shown = facts.filter(([, value]) => value !== undefined);
      const width = Math.max(...shown.map(([name]) => name.length));
      for (const [name, value] of shown) line(`${styled('bold', name.padEnd(width))}  ${plain(value ?? '')}`);
    },
  };
}

/** Text of somebody else's, without what could rewrite the screen or reorder its letters; one line. */
export function plain(text: string): string {
  return safe(text).replace(/\s+/g, ' ').trim();
}

/** The same, with its line breaks. */
export function safe(text: string): string {
  return stripVTControlCharacters(text).replace(misleading, '');
}

/** Controls but tab and line feed, marks that turn the order of letters around, and invisible ends of lines. */
const misleading = /(?![\t\n])\p{Cc}|[\p{Bidi_Control}\p{Zl}\p{Zp}\u{fff9}-\u{fffb}\u{e0000}-\u{e007f}]/gu;
/** What `styled` puts around a text. Somebody else's text can at worst be bold. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is let through
const ownStyles = /(\u001b\[(?:1|22|31|32|33|39)m)/;

function safeButStyled(text: string): string {
  return text
    .split(ownStyles)
    .map((part, index) => (index % 2 === 1 ? part : safe(part)))
    .join('');
}

/** JSON that says the same and misleads nobody: what `safe` takes out is escaped. */
export function jsonText(value: unknown, indent = 0): string {
  return escapeJson(JSON.stringify(value, null, indent));
}

/** The same for JSON that is text already. */
export function escapeJson(text: string): string {
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return text.replace(misleading, (character) => character.split('').map(escaped).join(''));
}

function cutTo(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
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
