import { isObject, type Json, type JsonObject } from '../../../kernel/json.ts';
import { visible } from './characters.ts';
import type { Change } from './diff.ts';
import { narrowed } from './textdiff.ts';

const maxLines = 60; // of one value
const maxShown = 20_000; // characters of one text, before what is hidden in it is spelled out

/**
 * Lines for a terminal: `- ` what was, `+ ` what is, under its path where that does not fit on the line. Characters
 * that a reader would not see are spelled out, and nothing in them can steer the terminal.
 */
export function renderDiff(changes: readonly Change[], { width }: { width: number }): string[] {
  const columns = Math.max(20, width);
  return changes.flatMap((change) => renderChange(change, columns));
}

function renderChange(change: Change, width: number): string[] {
  if (change.path === '…') return [`… ${String(change.after)}`];
  const old = change.before === undefined ? [] : valueLines(change.before);
  const now = change.after === undefined ? [] : valueLines(change.after);
  const brief = (lines: string[]) => lines.length <= 1 && lengthOf(change.path) + lengthOf(lines[0] ?? '') + 4 <= width;
  if (brief(old) && brief(now)) {
    const line = (sign: string) => (value: string) => `${sign} ${change.path}: ${value}`;
    return [...old.map(line('-')), ...now.map(line('+'))];
  }
  const head = wrapped(`  ${change.path}:`, width);
  if (!change.text) return [...head, ...signed('-', old, width), ...signed('+', now, width)];
  return change.text.reduce((lines, each) => {
    const { before, after } = lengthOf(each.before) + lengthOf(each.after) > width ? narrowed(each) : each;
    lines.push(...signed('-', textLines(before), width), ...signed('+', textLines(after), width));
    return lines;
  }, head);
}

function signed(sign: string, lines: readonly string[], width: number): string[] {
  const all = lines.flatMap((line) => wrapped(line, width - 4));
  const kept = all.slice(0, maxLines).map((line) => `${sign}   ${line}`);
  return all.length > maxLines ? [...kept, `${sign}   … ${all.length - maxLines} more lines`] : kept;
}

/** A value as lines: a text as it is, anything else as an indented outline. */
function valueLines(value: Json, indent = ''): string[] {
  if (typeof value === 'string') return value === '' ? ['""'] : textLines(value).map((line) => indent + line);
  if (Array.isArray(value) && value.some((each) => typeof each === 'object' && each !== null))
    return value.flatMap((each) => nested('-', each, indent));
  if (isObject(value) && Object.keys(value).length > 0)
    return Object.entries(value as JsonObject).flatMap(([key, inner]) => nested(`${oneLine(key)}:`, inner, indent));
  return [indent + oneLine(JSON.stringify(value) ?? 'null')];
}

function nested(label: string, value: Json, indent: string): string[] {
  const lines = valueLines(value);
  const [only] = lines;
  if (lines.length === 1 && only !== undefined && (!isObject(value) || Object.keys(value).length === 0))
    return [`${indent}${label} ${only}`];
  return [indent + label, ...lines.map((line) => `${indent}  ${line}`)];
}

/** Never empty lines only: an altered run of blank lines is still something to see. */
function textLines(text: string): string[] {
  if (text === '') return [];
  const more = text.length > maxShown ? `\n… ${text.length - maxShown} more characters` : '';
  const lines = (visible(text.slice(0, maxShown)) + more)
    .split(/\r?\n/)
    .map((line) => line.replace(/\t/g, '  ').trimEnd());
  while (lines.length > 1 && lines.at(-1) === '') lines.pop();
  return lines.some((line) => line.trim() !== '') ? lines : [`⟨${text.length} blank characters⟩`];
}

const oneLine = (text: string) => visible(text).replace(/[\n\r\t]/g, ' ');

const lengthOf = (text: string) => [...text].length;

function wrapped(line: string, width: number): string[] {
  const all = [...line];
  if (all.length <= width) return [line];
  const indent = ' '.repeat(Math.min(/^ */.exec(line)?.[0].length ?? 0, width / 2));
  const lines: string[] = [];
  for (let at = 0; at < all.length; ) {
    const room = at === 0 ? width : width - indent.length;
    const space = all.length - at > room ? all.lastIndexOf(' ', at + room) : -1;
    const end = space > at + indent.length ? space : at + room;
    lines.push((at === 0 ? '' : indent) + all.slice(at, end).join(''));
    at = all[end] === ' ' ? end + 1 : end;
  }
  return lines;
}
