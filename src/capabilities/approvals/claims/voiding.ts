import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/index.ts';
import type { ApprovalNews } from '../news.ts';
import { getApproval } from '../store.ts';
import { voidApproval } from './store.ts';

/** Ends what has not been started, and has that told. False when it has, or is over. */
export async function endAsVoid(
  db: Db,
  news: Pick<ApprovalNews, 'over'>,
  org: OrgId,
  id: string,
  reason: string,
  nowMs: number,
): Promise<boolean> {
  return await db.transaction().execute(async (tx) => {
    if (!(await voidApproval(tx, org, id, reason, nowMs))) return false;
    const one = await getApproval(tx, org, id);
    if (one) await news.over(tx, one);
    return true;
  });
}
