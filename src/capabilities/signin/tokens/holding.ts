import type { Db } from '../../../platform/db/types.ts';
import type { Holding, Keyring } from '../../../platform/keyring/index.ts';
import { sealedSigningKeys } from './store.ts';

/** By what the authorisation server seals, the current one first. */
export function signingSecrets(keyring: Keyring): { version: number; value: string }[] {
  return [keyring.id, ...keyring.others].map((id, index) => ({
    version: Number.parseInt(id, 16),
    value: (keyring.keys('sign-in')[index] ?? keyring.key('sign-in')).toString('base64'),
  }));
}

/** The private keys that sign tokens. They are sealed in the library's way, which is loaded for it. */
export function signingKeys(db: Db, keyring: Keyring): Holding {
  return {
    what: 'keys that sign tokens',
    async renew() {
      const { sealKeysAnew } = await import('../authserver/keys.ts');
      return sealKeysAnew(sealedSigningKeys(db), signingSecrets(keyring));
    },
  };
}
