import { hash } from 'node:crypto';

const blockBytes = 64;
const digestBytes = 32;
/** Longer texts are rare, and cost more than the memory for them. */
const keptBytes = 16 * 1024;

/**
 * HMAC-SHA-256 (RFC 2104) as hex, for texts without end under one key of at most a block. Node's own makes an object
 * outside of the heap for each text, which costs twice the hash itself, and again when it is collected.
 */
export function hmacOf(key: Buffer): (text: string) => string {
  const inner = Buffer.alloc(blockBytes + keptBytes, padded(key, 0x36));
  const outer = Buffer.concat([padded(key, 0x5c), Buffer.alloc(digestBytes)]);
  return (text) => {
    const fits = text.length * 3 <= keptBytes; // no more bytes than that, whatever it holds
    const whole = fits
      ? inner.subarray(0, blockBytes + inner.write(text, blockBytes, 'utf8'))
      : Buffer.concat([inner.subarray(0, blockBytes), Buffer.from(text)]);
    outer.write(hash('sha256', whole, 'binary'), blockBytes, 'latin1');
    return hash('sha256', outer);
  };
}

function padded(key: Buffer, by: number): Buffer {
  const block = Buffer.alloc(blockBytes);
  key.copy(block);
  return block.map((byte) => byte ^ by) as Buffer;
}
