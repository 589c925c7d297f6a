import { createKeyring, type Keyring } from '../../../platform/keyring/index.ts';

/** Keeps the keys of collections from whoever has the database alone. */
export interface KeyVault {
  /** Which one, and in which way it wraps; kept with each key. */
  readonly name: string;
  /** @param context authenticated with it, so that a key cannot be moved to another collection */
  wrap(key: Buffer, context: string): string;
  /** Throws when the key was wrapped by another secret, for another context, or was changed. */
  unwrap(wrapped: string, context: string): Buffer;
  /** Whether it would be wrapped the same way now. */
  isCurrent(wrapped: string): boolean;
}

/** Keys of the operator for encrypted collections, apart from the server's secret; 32 bytes or more each. */
export interface EncryptionSettings {
  /** Wraps the keys of collections; the server's secret does without it. */
  key?: string | undefined;
  /** Those that were, or will be, the key: they open, and wrap nothing. */
  otherKeys: readonly string[];
}

/** Whoever can open keys of collections, and who wraps new ones. */
export interface Vaults {
  current(): KeyVault;
  /** The one that wrapped a key, or undefined for one that is not known here. */
  named(name: string): KeyVault | undefined;
  /** Goes by other settings from now on; what this process wrapped before can still be opened by it. */
  use(settings: EncryptionSettings): void;
}

export const serverVaultName = 'keyring-v1';
const operatorVaultName = 'key-v1';

export function createVaults(server: Keyring, settings: EncryptionSettings = { otherKeys: [] }): Vaults {
  const byServer = vaultOf(serverVaultName, server);
  let byOperator: KeyVault | undefined;
  let current = byServer;
  const seen = new Set<string>();
  const use = ({ key, otherKeys }: EncryptionSettings): void => {
    for (const one of otherKeys) seen.add(one);
    const first = key ?? [...seen][0];
    byOperator = first === undefined ? undefined : vaultOf(operatorVaultName, createKeyring(first, [...seen]));
    current = key === undefined || !byOperator ? byServer : byOperator;
    if (key !== undefined) seen.add(key);
  };
  use(settings);
  return {
    current: () => current,
    named: (name) => [byServer, byOperator].find((vault) => vault?.name === name),
    use,
  };
}

function vaultOf(name: string, keyring: Keyring): KeyVault {
  return {
    name,
    wrap: (key, context) => keyring.encrypt(key.toString('base64'), context),
    unwrap: (wrapped, context) => Buffer.from(keyring.decrypt(wrapped, context), 'base64'),
    isCurrent: keyring.isCurrent,
  };
}
