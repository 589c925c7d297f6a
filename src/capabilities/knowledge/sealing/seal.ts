import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';

/** What makes texts of one collection unreadable, and readable again. */
export interface Seal {
  /** @param place where it is kept: authenticated with it, so that it cannot be moved to another row */
  close(plain: string, place: string): string;
  /** Throws for what was changed, moved, or closed by another key. */
  open(sealed: string, place: string): string;
  /** Equal for equal texts, and of no use without the key. */
  hash(text: string): string;
}

const ivBytes = 12;
const tagBytes = 16;
/** 96 bits: among 2^32 different words two are alike once in four billion collections. */
const hashCharacters = 16;

/**
 * AES-256-GCM with a random iv for each text (NIST SP 800-38D: up to 2^32 of one key), and HMAC-SHA-256, cut, for what
 * has to be compared; both keys are derived from that of the collection by HKDF-SHA-256.
 */
export function createSeal(dataKey: Buffer): Seal {
  const keyFor = (purpose: string): KeyObject =>
    createSecretKey(Buffer.from(hkdfSync('sha256', dataKey, 'fairlead knowledge', purpose, 32)));
  const textKey = keyFor('texts');
  const hashKey = keyFor('hashes');
  return {
    close(plain, place) {
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv('aes-256-gcm', textKey, iv).setAAD(Buffer.from(place));
      const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64');
    },
    open(sealed, place) {
      const bytes = Buffer.from(sealed, 'base64');
      const decipher = createDecipheriv('aes-256-gcm', textKey, bytes.subarray(0, ivBytes), { authTagLength: tagBytes })
        .setAAD(Buffer.from(place))
        .setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
      return Buffer.concat([decipher.update(bytes.subarray(ivBytes + tagBytes)), decipher.final()]).toString('utf8');
    },
    hash: (text) => createHmac('sha256', hashKey).update(text).digest('base64url').slice(0, hashCharacters),
  };
}
