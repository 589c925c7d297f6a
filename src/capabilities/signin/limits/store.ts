import { sql } from 'kysely';
import type { Db } from '../../../platform/db/types.ts';

/** `bigint` comes out of the driver as text. */
type Ms = number | string;

type AttemptTables = {
  signin_attempts: { key: string; count: number; since: Ms };
};

const tables = (db: Db) => db.withTables<AttemptTables>();

/**
 * Counts one more attempt by each of these keys, in one order for all, and tells what each has come to. What is older
 * than the window begins anew.
 */
export async function countAttempts(
  db: Db,
  keys: readonly string[],
  atMs: number,
  windowMs: number,
): Promise<Map<string, { count: number; since: number }>> {
  const counted = new Map<string, { count: number; since: number }>();
  for (const key of [...keys].sort()) {
    const row = await tables(db)
      .insertInto('signin_attempts')
      .values({ key, count: 1, since: atMs })
      .onConflict((conflict) =>
        conflict.column('key').doUpdateSet({
          count: sql`case when signin_attempts.since < ${atMs - windowMs} then 1 else signin_attempts.count + 1 end`,
          since: sql`case when signin_attempts.since < ${atMs - windowMs} then ${atMs} else signin_attempts.since end`,
        }),
      )
      .returning(['count', 'since'])
      .executeTakeFirstOrThrow();
    counted.set(key, { count: row.count, since: Number(row.since) });
  }
  return counted;
}

export async function forgetAttempts(db: Db, key: string): Promise<void> {
  await tables(db).deleteFrom('signin_attempts').where('key', '=', key).execute();
}

export async function takeBackAttempt(db: Db, key: string): Promise<void> {
  await tables(db)
    .updateTable('signin_attempts')
    .set({ count: sql`greatest(count - 1, 0)` })
    .where('key', '=', key)
    .execute();
}

export async function deleteOldAttempts(db: Db, beforeMs: number): Promise<void> {
  await tables(db).deleteFrom('signin_attempts').where('since', '<', beforeMs).execute();
}
