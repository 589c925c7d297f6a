import { randomBytes } from 'node:crypto';

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'; // Crockford base 32: no i, l, o, u

/** Each ten bits as two characters. */
const pairs = Array.from({ length: 1_024 }, (_, bits) => `${alphabet[bits >> 5]}${alphabet[bits & 31]}`);

const idBytes = 16;
/** Random bytes, none of which is given out twice. Asking the system for many at once is cheap. */
let pool = Buffer.alloc(0);
let used = 0;

/** A new id `<prefix>_<26 characters>`: 48 bits of time first, so that ids sort by creation, then 80 random bits. */
export function newId(prefix: string, nowMs: number = Date.now()): string {
  if (used + idBytes > pool.length) {
    pool = randomBytes(256 * idBytes);
    used = 0;
  }
  pool.writeUIntBE(nowMs, used, 6);
  used += idBytes;
  return `${prefix}_${base32(pool, used - idBytes, used)}`;
}

/** `bytes` random bytes as base-32 text, for secrets and keys. */
export function randomToken(bytes: number): string {
  return base32(randomBytes(bytes));
}

function base32(bytes: Uint8Array, from = 0, to = bytes.length): string {
  let text = '';
  let buffer = 0;
  let bits = 0;
  for (let at = from; at < to; at++) {
    buffer = (buffer << 8) | (bytes[at] ?? 0);
    bits += 8;
    if (bits < 10) continue;
    bits -= 10;
    text += pairs[buffer >> bits];
    buffer &= (1 << bits) - 1;
  }
  if (bits >= 5) {
    bits -= 5;
    text += alphabet[buffer >> bits];
    buffer &= (1 << bits) - 1;
  }
  return bits > 0 ? text + alphabet[(buffer << (5 - bits)) & 31] : text;
}
