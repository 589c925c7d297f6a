import type { JsonObject } from '../../kernel/json.ts';
import type { Db } from '../../platform/db/types.ts';
import type { Holding } from '../../platform/keyring/index.ts';
import { sealAnew } from './sealing.ts';
import { getRuntime, listRuntimeRevisions, resealRuntime } from './store.ts';

/** The secret values in the settings of upstreams that were added at run time. */
export function upstreamSettings(db: Db): Holding {
  return {
    what: 'settings of upstreams',
    async renew(renewal) {
      let [renewed, lost] = [0, 0];
      for (const { org, name } of await listRuntimeRevisions(db)) {
        const row = await getRuntime(db, org, name);
        if (!row) continue;
        let settings: JsonObject | undefined;
        try {
          settings = sealAnew(renewal, org, name, row.settings);
        } catch {
          lost++;
        }
        if (!settings) continue;
        await resealRuntime(db, org, { ...row, settings });
        renewed++;
      }
      return { renewed, lost };
    },
  };
}
