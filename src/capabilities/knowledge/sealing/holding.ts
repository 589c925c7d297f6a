import type { Db } from '../../../platform/db/types.ts';
import type { Holding } from '../../../platform/keyring/index.ts';
import { contextOf } from './sealing.ts';
import { listKeys, rewrapKey } from './store.ts';
import { serverVaultName, type Vaults } from './vault.ts';

/** The keys of encrypted collections, as far as the server's own key wraps them. */
export function collectionKeys(db: Db): Holding {
  return {
    what: 'keys of encrypted collections',
    async renew(renewal) {
      let [renewed, lost] = [0, 0];
      for (const row of await listKeys(db)) {
        if (row.vault !== serverVaultName || renewal.isCurrent(row.wrapped)) continue;
        let wrapped: string | undefined;
        try {
          wrapped = renewal.again(row.wrapped, contextOf(row.org, row.collection));
        } catch {
          lost++;
        }
        if (wrapped === undefined) continue;
        await rewrapKey(db, row.org, row, { wrapped, vault: row.vault });
        renewed++;
      }
      return { renewed, lost };
    },
  };
}

/** Wraps each key as it would be wrapped now; resolves to how many were not, and how many nobody here can open. */
export async function moveKeys(db: Db, vaults: Vaults): Promise<{ moved: number; locked: number }> {
  const current = vaults.current();
  let [moved, locked] = [0, 0];
  for (const row of await listKeys(db)) {
    if (row.vault === current.name && current.isCurrent(row.wrapped)) continue;
    const context = contextOf(row.org, row.collection);
    let wrapped: string;
    try {
      const by = vaults.named(row.vault);
      if (!by) throw new Error('by whom it was wrapped is not known here');
      wrapped = current.wrap(by.unwrap(row.wrapped, context), context);
    } catch {
      locked++;
      continue;
    }
    await rewrapKey(db, row.org, row, { wrapped, vault: current.name });
    moved++;
  }
  return { moved, locked };
}
