import type { Keyring } from '../../../platform/keyring/index.ts';

/** Keeps the keys of collections from whoever has the database alone: by a key of the server, or by a service. */
export interface KeyVault {
  /** Which one, and in which way it wraps; kept with each key. */
  readonly name: string;
  /** @param context authenticated with it, so that a key cannot be moved to another collection */
  wrap(key: Buffer, context: string): Promise<string>;
  /** Rejects when the key was wrapped by another secret, for another context, or was changed. */
  unwrap(wrapped: string, context: string): Promise<Buffer>;
}

export const keyringVaultName = 'keyring-v1';

export function keyringVault(keyring: Pick<Keyring, 'encrypt' | 'decrypt'>): KeyVault {
  return {
    name: keyringVaultName,
    wrap: async (key, context) => keyring.encrypt(key.toString('base64'), context),
    unwrap: async (wrapped, context) => Buffer.from(keyring.decrypt(wrapped, context), 'base64'),
  };
}
