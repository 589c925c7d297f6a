import type { Db } from '../../../platform/db/types.ts';
import type { Holding } from '../../../platform/keyring/index.ts';
import { contextOf } from './sealing.ts';
import { listKeys, rewrapKey } from './store.ts';
import { keyringVaultName } from './vault.ts';

/** The keys of encrypted collections, as far as the server's own key wraps them. */
export function collectionKeys(db: Db): Holding {
  return {
    what: 'keys of encrypted collections',
    async renew(renewal) {
      let [renewed, lost] = [0, 0];
      for (const row of await listKeys(db, keyringVaultName)) {
        if (renewal.isCurrent(row.wrapped)) continue;
        let wrapped: string | undefined;
        try {
          wrapped = renewal.again(row.wrapped, contextOf(row.org, row.collection));
        } catch {
          lost++;
        }
        if (wrapped === undefined) continue;
        await rewrapKey(db, row.org, row, wrapped);
        renewed++;
      }
      return { renewed, lost };
    },
  };
}
