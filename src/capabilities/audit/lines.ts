import { crc32 } from 'node:zlib';
import { parseJson } from '../../kernel/json.ts';

/** A record as it is made durable: what becomes a row, without its place in the chain. */
export interface RecordEntry {
  type: 'record';
  org: string;
  id: string;
  /** RFC 8785 text of a `KeptCall` or `KeptAct`. */
  body: string;
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

/** One line of the write-ahead file: a checksum of the rest, then the entry, its body last and untouched. */
export function toLine(entry: Entry, writtenAt: number): Buffer {
  const { body, ...head } = entry;
  const text = Buffer.from(`${JSON.stringify({ writtenAt, ...head }).slice(0, -1)}${bodyMark}${body}}\n`);
  const sum = crc32(text.subarray(0, -1)).toString(16).padStart(8, '0');
  return Buffer.concat([Buffer.from(`${sum} `), text]);
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
