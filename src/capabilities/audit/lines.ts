import { crc32 } from 'node:zlib';
import { parseJson } from '../../kernel/json.ts';
import type { RowColumns } from './rows.ts';

/** A record as it is made durable: what becomes a row, without its place in the chain. */
export interface RecordEntry {
  type: 'record';
  org: string;
  id: string;
  /** RFC 8785 text of a `KeptCall` or `KeptAct`. */
  body: string;
  /** What the row repeats of it, from whoever made it; otherwise the text has to be read for that. Not written. */
  columns?: RowColumns;
}

export interface IntentEntry {
  type: 'intent';
  org: string;
  id: string;
  /** When it was said, milliseconds since the epoch: of two under one id the later counts. */
  saidAt: number;
  /** Which run of which server said it, and on which data folder. */
  life: string;
  home: string;
  body: string;
}

export type Entry = RecordEntry | IntentEntry;

export interface WrittenEntry {
  entry: Entry;
  /** Milliseconds since the epoch. */
  writtenAt: number;
}

const bodyMark = ',"body":';
/** Eight digits and a space. */
const sumSpace = ' '.repeat(9);

/** One line of the write-ahead file: a checksum of the rest, then the entry, its body last and untouched. */
export function toLine(entry: Entry, writtenAt: number): Buffer {
  const { type, org, id, body } = entry;
  const said = entry.type === 'intent' ? { saidAt: entry.saidAt, life: entry.life, home: entry.home } : undefined;
  const head = JSON.stringify({ writtenAt, type, org, id, ...said });
  const line = Buffer.from(`${sumSpace}${head.slice(0, -1)}${bodyMark}${body}}\n`);
  const sum = crc32(line.subarray(sumSpace.length, -1));
  line.write(sum.toString(16).padStart(8, '0'), 0, 'latin1');
  return line;
}

/** What stands last in a line with its line feed, which is known to be whole. */
export function bodyOf(line: Buffer): string {
  return line.toString('utf8', line.indexOf(bodyMark) + bodyMark.length, line.length - '}\n'.length);
}

/** The entry of a line without its line feed; undefined when the line is not as it was written. */
export function fromLine(line: Buffer): WrittenEntry | undefined {
  if (line.length < 10 || line[8] !== 0x20) return undefined;
  const text = line.subarray(9);
  if (Number.parseInt(line.toString('latin1', 0, 8), 16) !== crc32(text)) return undefined;
  const whole = text.toString('utf8');
  const at = whole.indexOf(bodyMark);
  const { writtenAt, ...head } = parseJson(`${whole.slice(0, at)}}`) as { writtenAt: number } & Omit<Entry, 'body'>;
  // The checksum says that these are our own bytes, so their shape is the one that toLine gave them.
  return { entry: { ...head, body: whole.slice(at + bodyMark.length, -1) } as Entry, writtenAt };
}
