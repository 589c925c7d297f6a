import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { hmacOf } from './hmac.ts';

/** What the one secret is used for; each purpose has its own derived key. */
export type KeyPurpose =
  | 'api-keys'
  | 'request-state'
  | 'encryption'
  | 'idempotency'
  | 'audit-checkpoints'
  | 'audit-digests'
  | 'cursors'
  | 'backups'
  | 'sign-in';

export interface Keyring {
  /** Keyed hash (HMAC-SHA-256) as hex. */
  hash(purpose: KeyPurpose, text: string): string;
  /** The raw 32-byte key, for libraries that sign by themselves. */
  key(purpose: KeyPurpose): Buffer;
  /** AES-256-GCM; `context` is authenticated with it, so that a value cannot be moved to another row. */
  encrypt(plain: string, context: string): string;
  /** Throws when the text was changed, belongs to another context, or was made under another secret. */
  decrypt(sealed: string, context: string): string;
}

/** Derives every key from `FAIRLEAD_SECRET` (32 bytes or more) by HKDF-SHA-256 (RFC 5869). */
export function createKeyring(secret: string): Keyring {
  const keys = new Map<KeyPurpose, Buffer>();
  const key = (purpose: KeyPurpose): Buffer => {
    const known = keys.get(purpose);
    if (known) return known;
    const derived = Buffer.from(hkdfSync('sha256', secret, 'fairlead', purpose, 32));
    keys.set(purpose, derived);
    return derived;
  };
  const hmacs = new Map<KeyPurpose, (text: string) => string>();
  const hmac = (purpose: KeyPurpose): ((text: string) => string) => {
    const made = hmacOf(key(purpose));
    hmacs.set(purpose, made);
    return made;
  };
  return {
    key,
    hash: (purpose, text) => (hmacs.get(purpose) ?? hmac(purpose))(text),
    encrypt(plain, context) {
      const iv = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key('encryption'), iv).setAAD(Buffer.from(context));
      const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
      return `v1.${Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64url')}`;
    },
    decrypt(sealed, context) {
      const [version, text] = sealed.split('.');
      if (version !== 'v1' || !text) throw new Error('unknown format of an encrypted value');
      const bytes = Buffer.from(text, 'base64url');
      const decipher = createDecipheriv('aes-256-gcm', key('encryption'), bytes.subarray(0, 12))
        .setAAD(Buffer.from(context))
        .setAuthTag(bytes.subarray(12, 28));
      return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8');
    },
  };
}
