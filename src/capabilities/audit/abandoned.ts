import type { OrgId } from '../../kernel/principal.ts';
import type { Db } from '../../platform/db/index.ts';
import type { Chain } from './chain.ts';
import type { Keeper } from './keep.ts';
import type { Abandonment } from './rows.ts';
import { findAbandoned, takeAbandoned } from './store.ts';

const batchSize = 200;

/**
 * Ends the account of calls and acts that nobody will end, since their server is gone. Replicas may do it at the same time.
 * Should the true end come after all, it is kept beside.
 *
 * @returns how many intents were closed
 */
export async function closeAbandoned(db: Db, chain: Chain, keeper: Keeper, when: Abandonment): Promise<number> {
  let closed = 0;
  for (;;) {
    const found = await findAbandoned(db, when, batchSize);
    if (found.length === 0) return closed;
    const byOrg = new Map<OrgId, string[]>();
    for (const { org, id } of found) byOrg.set(org, [...(byOrg.get(org) ?? []), id]);
    for (const [org, ids] of byOrg) closed += await closeIn(db, org, ids, chain, keeper, when);
  }
}

async function closeIn(
  db: Db,
  org: OrgId,
  ids: readonly string[],
  chain: Chain,
  keeper: Keeper,
  when: Abandonment,
): Promise<number> {
  return db.transaction().execute(async (trx) => {
    // The chain before the intents, as everybody does who locks both.
    await chain.lock(trx, org);
    const taken = await takeAbandoned(trx, org, ids, when);
    if (taken.length === 0) return 0;
    await chain.appendIn(
      trx,
      org,
      taken.map((intent) => keeper.closing({ org, ...intent }, when.now)),
    );
    return taken.length;
  });
}
