import type { OrgId } from '../../kernel/principal.ts';
import type { Db } from '../../platform/db/index.ts';
import type { Chain } from './chain.ts';
import { deleteUpTo, listChains, oldestUpTo } from './store.ts';

const batchSize = 2_000;

/**
 * Deletes the beginning of each chain, as far as all of it is older than `before`, and leaves a signed checkpoint in
 * its place. A record that reached its chain late stays until its younger forerunners are old as well.
 *
 * @param before milliseconds since the epoch
 * @returns how many records went
 */
export async function deleteOld(db: Db, chain: Chain, before: number, now: number): Promise<number> {
  let deleted = 0;
  for (const org of await listChains(db)) {
    // Asked with one record first: mostly there is nothing to do.
    if (!(await oldestUpTo(db, org, before, 1))) continue;
    for (;;) {
      const count = await deleteBatch(db, org, chain, before, now);
      deleted += count;
      if (count < batchSize) break;
    }
  }
  return deleted;
}

async function deleteBatch(db: Db, org: OrgId, chain: Chain, before: number, now: number): Promise<number> {
  return db.transaction().execute(async (trx) => {
    await chain.lock(trx, org); // two replicas must not write the checkpoint in the wrong order
    const old = await oldestUpTo(trx, org, before, batchSize);
    if (!old) return 0;
    await deleteUpTo(trx, org, chain.sign(org, { seq: old.seq, hash: old.hash, at: now }));
    return old.count;
  });
}
