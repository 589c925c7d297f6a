import { randomBytes } from 'node:crypto';

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'; // Crockford base 32: no i, l, o, u

const idBytes = randomPool(16);

/** A new id `<prefix>_<26 characters>`: 48 bits of time first, so that ids sort by creation, then 80 random bits. */
export function newId(prefix: string, nowMs: number = Date.now()): string {
  const bytes = idBytes();
  bytes.writeUIntBE(nowMs, 0, 6);
  return `${prefix}_${base32(bytes)}`;
}

/** Buffers with random bytes, none of which is given out twice. Asking the system for many at once is cheap. */
function randomPool(length: number): () => Buffer {
  let pool = Buffer.alloc(0);
  let used = 0;
  return () => {
    if (used + length > pool.length) {
      pool = randomBytes(256 * length);
      used = 0;
    }
    used += length;
    return pool.subarray(used - length, used);
  };
}

/** `bytes` random bytes as base-32 text, for secrets and keys. */
export function randomToken(bytes: number): string {
  return base32(randomBytes(bytes));
}

function base32(bytes: Uint8Array): string {
  let text = '';
  let buffer = 0;
  let bits = 0;
  for (const byte of bytes) {
    buffer = (buffer << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += alphabet[(buffer >> bits) & 31];
    }
    buffer &= (1 << bits) - 1;
  }
  return bits > 0 ? text + alphabet[(buffer << (5 - bits)) & 31] : text;
}
