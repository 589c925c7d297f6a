import { ReadFault } from './faults.ts';

export interface Decoded {
  text: string;
  encoding: string;
}

/** Text of bytes that say in no other way what they are. Line ends become `\n`. Throws `ReadFault` for what is no text. */
export function decodeText(bytes: Uint8Array): Decoded {
  const encoding = marked(bytes) ?? wide(bytes);
  if (encoding !== undefined) return decoded(bytes, encoding);
  if (looksBinary(bytes)) throw new ReadFault('binary', 'it is not text');
  try {
    return decoded(bytes, 'utf-8', true);
  } catch {
    return decoded(bytes, 'windows-1252');
  }
}

function decoded(bytes: Uint8Array, encoding: string, fatal = false): Decoded {
  // Of many gigabytes of one character V8 would make a string that it cannot hold; the limit of bytes is far below.
  const text = encoding.startsWith('utf-32') ? utf32(bytes, encoding === 'utf-32le') : decode(bytes, encoding, fatal);
  if (text.slice(0, 4096).includes('\0')) throw new ReadFault('binary', 'it is not text');
  return { text: text.replace(/\r\n?/g, '\n').replaceAll('\0', ' '), encoding };
}

function decode(bytes: Uint8Array, encoding: string, fatal: boolean): string {
  return new TextDecoder(encoding, { fatal }).decode(bytes);
}

/** By the byte order mark. */
function marked(bytes: Uint8Array): string | undefined {
  const [a, b, c, d] = bytes;
  if (a === 0xef && b === 0xbb && c === 0xbf) return 'utf-8';
  if (a === 0xff && b === 0xfe) return c === 0 && d === 0 ? 'utf-32le' : 'utf-16le';
  if (a === 0xfe && b === 0xff) return 'utf-16be';
  if (a === 0 && b === 0 && c === 0xfe && d === 0xff) return 'utf-32be';
  return undefined;
}

/** UTF-16 without a mark: in European text every other byte is 0. */
function wide(bytes: Uint8Array): string | undefined {
  const seen = Math.min(bytes.length & ~1, 4096);
  if (seen < 4) return undefined;
  let even = 0;
  let odd = 0;
  for (let at = 0; at < seen; at += 2) {
    if (bytes[at] === 0) even++;
    if (bytes[at + 1] === 0) odd++;
  }
  if (odd > seen * 0.35 && even < seen * 0.05) return 'utf-16le';
  if (even > seen * 0.35 && odd < seen * 0.05) return 'utf-16be';
  return undefined;
}

function looksBinary(bytes: Uint8Array): boolean {
  const seen = Math.min(bytes.length, 16_384);
  let odd = 0;
  for (let at = 0; at < seen; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === 0) return true;
    // Tab, line feed, form feed, carriage return and escape (coloured logs) are text.
    if (byte < 0x20 && byte !== 9 && byte !== 10 && byte !== 12 && byte !== 13 && byte !== 27) odd++;
    else if (byte === 0x7f) odd++;
  }
  return odd > seen * 0.02;
}

function utf32(bytes: Uint8Array, little: boolean): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength & ~3);
  const points: string[] = [];
  for (let at = 4; at < view.byteLength; at += 4) {
    const point = view.getUint32(at, little);
    points.push(String.fromCodePoint(point > 0x10ffff ? 0xfffd : point));
  }
  return points.join('');
}
