import { parseEnvelope, symmetricDecrypt, symmetricEncrypt } from 'better-auth/crypto';
import { parseJson } from '../../../kernel/json.ts';
import type { AuthServerDeps } from '../port.ts';

interface SealedKeys {
  list(): Promise<{ id: string; privateKey: string }[]>;
  put(id: string, privateKey: string): Promise<void>;
}

/** Seals the private keys of tokens under the current secret where another one of these sealed them; says how many. */
export async function sealKeysAnew(
  rows: SealedKeys,
  secrets: AuthServerDeps['secrets'],
): Promise<{ renewed: number; lost: number }> {
  let [renewed, lost] = [0, 0];
  const [current] = secrets;
  if (!current) return { renewed, lost };
  const keys = {
    keys: new Map(secrets.map(({ version, value }) => [version, value])),
    currentVersion: current.version,
  };
  for (const { id, privateKey } of await rows.list()) {
    const sealed = parseJson(privateKey);
    if (typeof sealed !== 'string') continue;
    const version = parseEnvelope(sealed)?.version;
    if (version === current.version) continue;
    // Those of before do not say which secret sealed them.
    const candidates = version === undefined ? secrets : secrets.filter((secret) => secret.version === version);
    const bare = version === undefined ? sealed : sealed.slice(sealed.lastIndexOf('$') + 1);
    let opened: string | undefined;
    for (const { value } of candidates)
      opened ??= await symmetricDecrypt({ key: value, data: bare }).catch(() => undefined);
    if (opened === undefined) {
      lost++;
      continue;
    }
    await rows.put(id, JSON.stringify(await symmetricEncrypt({ key: keys, data: opened })));
    renewed++;
  }
  return { renewed, lost };
}
