import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/index.ts';

const tables = (db: Db) =>
  db.withTables<{ hook_deliveries: { org: string; source: string; mark: string; at: number | string } }>();

/** False when one of them is there. Of two transactions that say the same the second one waits for the first. */
export async function insertMarks(
  trx: Db,
  org: OrgId,
  source: string,
  marks: readonly string[],
  nowMs: number,
): Promise<boolean> {
  const all = [...new Set(marks)].sort(); // always in the same order, or two transactions would wait for each other
  const { numInsertedOrUpdatedRows } = await tables(trx)
    .insertInto('hook_deliveries')
    .values(all.map((mark) => ({ org, source, mark, at: nowMs })))
    .onConflict((on) => on.doNothing())
    .executeTakeFirstOrThrow();
  return numInsertedOrUpdatedRows === BigInt(all.length);
}

/** Removes what came before, of every organisation. */
export async function removeMarks(db: Db, beforeMs: number): Promise<void> {
  await tables(db).deleteFrom('hook_deliveries').where('at', '<', beforeMs).execute();
}
