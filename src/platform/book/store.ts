import type { Json } from '../../kernel/json.ts';
import type { OrgId } from '../../kernel/principal.ts';
import type { Db } from '../db/types.ts';

/** An entry as it is kept. */
export interface Row {
  org: OrgId;
  name: string;
  settings: Json;
  revision: string;
  changedBy: string;
  /** Milliseconds since the epoch. */
  changedAt: number;
}

type Tables = {
  entries: {
    org: string;
    name: string;
    settings: unknown;
    revision: string;
    changed_by: string;
    changed_at: Date;
  };
};

/** Every book has a table of its own, and all of them have these columns. */
const named = (table: string) => table as 'entries';
const tables = (db: Db) => db.withTables<Tables>();

/** Of every organisation: each replica holds all of them. */
export async function listAll(db: Db, table: string): Promise<Row[]> {
  const rows = await tables(db).selectFrom(named(table)).selectAll().orderBy('org').orderBy('name').execute();
  return rows.map(({ org, name, settings, revision, changed_by, changed_at }) => ({
    org,
    name,
    settings: settings as Json,
    revision,
    changedBy: changed_by,
    changedAt: changed_at.getTime(),
  }));
}

/** Adds or replaces. False when there are `limit` others already. */
export async function put(
  db: Db,
  org: OrgId,
  table: string,
  row: Omit<Row, 'org' | 'changedAt'>,
  limit: number,
): Promise<boolean> {
  const { name, revision } = row;
  const values = {
    settings: JSON.stringify(row.settings),
    revision,
    changed_by: row.changedBy,
    changed_at: new Date(),
  };
  return await db.transaction().execute(async (trx) => {
    const others = await tables(trx)
      .selectFrom(named(table))
      .select(({ fn }) => fn.countAll<string>().as('count'))
      .where('org', '=', org)
      .where('name', '<>', name)
      .executeTakeFirstOrThrow();
    if (Number(others.count) >= limit) return false;
    await tables(trx)
      .insertInto(named(table))
      .values({ org, name, ...values })
      .onConflict((on) => on.columns(['org', 'name']).doUpdateSet(values))
      .execute();
    return true;
  });
}

/** Replaces settings that mean the same, such as sealed ones under another secret, unless they have changed since. */
export async function rewrite(db: Db, org: OrgId, table: string, row: Row, settings: Json): Promise<void> {
  await tables(db)
    .updateTable(named(table))
    .set({ settings: JSON.stringify(settings) })
    .where('org', '=', org)
    .where('name', '=', row.name)
    .where('revision', '=', row.revision)
    .execute();
}

/** False when there is none of that name. */
export async function remove(db: Db, org: OrgId, table: string, name: string): Promise<boolean> {
  const { numDeletedRows } = await tables(db)
    .deleteFrom(named(table))
    .where('org', '=', org)
    .where('name', '=', name)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}
