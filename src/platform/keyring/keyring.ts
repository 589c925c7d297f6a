import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { hmacOf } from './hmac.ts';

/** What a secret is used for; each purpose has its own derived key. */
export type KeyPurpose =
  | 'api-keys'
  | 'request-state'
  | 'encryption'
  | 'idempotency'
  | 'approvals'
  | 'audit-checkpoints'
  | 'audit-digests'
  | 'cursors'
  | 'backups'
  | 'sign-in'
  | 'connections';

/**
 * The keys of one secret, and while it takes the place of another those of both: what is new is made under the current
 * one, and what was made under another is still known.
 */
export interface Keyring {
  /** Says which secret is the current one, and nothing about it; 8 characters. */
  readonly id: string;
  /** Keyed hash (HMAC-SHA-256) as hex, under the current secret. */
  hash(purpose: KeyPurpose, text: string): string;
  /** What `hash` gives, then the same under every other secret and kept key: what is looked up may be any of them. */
  hashes(purpose: KeyPurpose, text: string): readonly string[];
  /** The raw 32-byte key of the current secret, for libraries that sign by themselves. */
  key(purpose: KeyPurpose): Buffer;
  /** That key, then those of the other secrets. */
  keys(purpose: KeyPurpose): readonly Buffer[];
  /** The ids of the other secrets. */
  readonly others: readonly string[];
  /** The key of another secret. @throws Error for an id that is not among `others` */
  otherKey(id: string, purpose: KeyPurpose): Buffer;
  /** Knows hashes of a purpose under this key, too, such as that of a secret which was taken away. */
  keep(purpose: KeyPurpose, key: Buffer): void;
  /** AES-256-GCM; `context` is authenticated with it, so that a value cannot be moved to another row. */
  encrypt(plain: string, context: string): string;
  /** Throws when the text was changed, belongs to another context, or was made under a secret that is not here. */
  decrypt(sealed: string, context: string): string;
  /** Whether a sealed text says that it was made under the current secret. */
  isCurrent(sealed: string): boolean;
}

interface OneSecret {
  id: string;
  key(purpose: KeyPurpose): Buffer;
  hash(purpose: KeyPurpose, text: string): string;
}

/**
 * Derives every key from `FAIRLEAD_SECRET` (32 bytes or more) by HKDF-SHA-256 (RFC 5869).
 *
 * @param others secrets that were, or will be, the current one: read by, never written under
 */
export function createKeyring(secret: string, others: readonly string[] = []): Keyring {
  const current = oneSecret(secret);
  const rest = others.map(oneSecret).filter(({ id }) => id !== current.id);
  const all = [current, ...rest];
  const kept = new Map<KeyPurpose, { key: Buffer; hash: (text: string) => string }[]>();
  const alone = rest.length === 0;

  return {
    id: current.id,
    others: rest.map(({ id }) => id),
    otherKey(id, purpose) {
      const other = rest.find((one) => one.id === id);
      if (!other) throw new Error('there is no other secret of this id');
      return other.key(purpose);
    },
    key: current.key,
    keys: (purpose) => all.map((one) => one.key(purpose)),
    hash: current.hash,
    hashes(purpose, text) {
      const more = kept.get(purpose);
      if (alone && !more) return [current.hash(purpose, text)];
      return [...all.map((one) => one.hash(purpose, text)), ...(more ?? []).map(({ hash }) => hash(text))];
    },
    keep(purpose, key) {
      const known = kept.get(purpose) ?? [];
      if ([...known.map((one) => one.key), ...all.map((one) => one.key(purpose))].some((one) => one.equals(key)))
        return;
      kept.set(purpose, [...known, { key, hash: hmacOf(key) }]);
    },
    encrypt(plain, context) {
      const iv = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', current.key('encryption'), iv).setAAD(Buffer.from(context));
      const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
      return `v2.${current.id}.${Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64url')}`;
    },
    decrypt(sealed, context) {
      const parts = sealed.split('.');
      // Values of the first version do not say which secret made them.
      if (parts[0] === 'v1' && parts[1]) return firstThatOpens(all, parts[1], context);
      const [version, id, text] = parts;
      if (version !== 'v2' || !text) throw new Error('unknown format of an encrypted value');
      const by = all.find((one) => one.id === id);
      if (!by) throw new Error('encrypted under a secret that is not known here');
      return open(by, text, context);
    },
    isCurrent: (sealed) => sealed.startsWith(`v2.${current.id}.`),
  };
}

function oneSecret(secret: string): OneSecret {
  const keys = new Map<KeyPurpose, Buffer>();
  const derive = (info: string, bytes: number) => Buffer.from(hkdfSync('sha256', secret, 'fairlead', info, bytes));
  const key = (purpose: KeyPurpose): Buffer => {
    const known = keys.get(purpose);
    if (known) return known;
    const derived = derive(purpose, 32);
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
    id: derive('secret id', 4).toString('hex'),
    key,
    hash: (purpose, text) => (hmacs.get(purpose) ?? hmac(purpose))(text),
  };
}

function open({ key }: OneSecret, text: string, context: string): string {
  const bytes = Buffer.from(text, 'base64url');
  const decipher = createDecipheriv('aes-256-gcm', key('encryption'), bytes.subarray(0, 12))
    .setAAD(Buffer.from(context))
    .setAuthTag(bytes.subarray(12, 28));
  return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8');
}

function firstThatOpens(secrets: readonly OneSecret[], text: string, context: string): string {
  let failure: unknown;
  for (const secret of secrets) {
    try {
      return open(secret, text, context);
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}
