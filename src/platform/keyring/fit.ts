import type { Db } from '../db/types.ts';
import { SecretUnknown } from './errors.ts';
import type { Keyring } from './keyring.ts';
import { addSecret, keepOnlySecret, listSecrets } from './store.ts';
import type { Holding } from './types.ts';

/** How the secrets that were given fit what is sealed in a database; all by their ids. */
export interface Fit {
  /** Under which something is, or may be, sealed here. Empty in a database that no server has used. */
  used: readonly string[];
  /** Those of them that were not given: what is sealed under them cannot be read. */
  missing: readonly string[];
}

interface Deps {
  db: Db;
  keyring: Keyring;
  /** Asked where the database does not say itself which secrets it was used with. */
  sealed: readonly Holding[];
}

/** Changes nothing. */
export async function fitOf({ db, keyring, sealed }: Deps): Promise<Fit> {
  const noted = await listSecrets(db);
  const used = noted.length > 0 ? noted : await idsIn(sealed);
  const known = new Set([keyring.id, ...keyring.others]);
  return { used, missing: used.filter((id) => !known.has(id)) };
}

/**
 * Notes that the current secret is used from here on. Two servers that come first at once, with secrets of their own,
 * do not both get through.
 *
 * @throws SecretUnknown when none of those that are given made anything of what is sealed here
 */
export async function admitSecret(deps: Deps): Promise<Fit> {
  const { keyring } = deps;
  const before = await fitOf(deps);
  refuse(before, keyring);
  const now = await addSecret(deps.db, keyring.id, { others: keyring.others, found: before.used });
  const fit = { used: now, missing: now.filter((id) => id !== keyring.id && !keyring.others.includes(id)) };
  if (!now.includes(keyring.id)) refuse(fit, keyring);
  return fit;
}

/** From here on only what the current secret makes counts; whatever another made is given up. */
export async function forgetSecrets(db: Db, keyring: Keyring): Promise<void> {
  await keepOnlySecret(db, keyring.id);
}

function refuse({ used, missing }: Fit, { id }: Keyring): void {
  if (used.length > 0 && missing.length === used.length)
    throw SecretUnknown({ given: id, wanted: missing.join(' and ') });
}

/** Looks at what is sealed without opening it. */
async function idsIn(holdings: readonly Holding[]): Promise<string[]> {
  const ids = new Set<string>();
  const isCurrent = (text: string) => {
    const [version, id] = text.split('.');
    if (version === 'v2' && id) ids.add(id);
    return true; // so that nothing is made anew
  };
  const again = () => {
    throw new Error('only looked at');
  };
  for (const { renew } of holdings) await renew({ isCurrent, again });
  return [...ids];
}
