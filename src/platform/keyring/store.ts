import { type Generated, sql } from 'kysely';
import type { Db } from '../db/types.ts';

type KeyringTables = {
  keyring_kept: { secret: string; purpose: string; sealed: string };
  keyring_secrets: { id: string; since: Generated<Date> };
};

const tables = (db: Db) => db.withTables<KeyringTables>();

/** A key of a secret that is, or will be, gone; sealed under the current one. */
export interface KeptRow {
  /** The id of its secret. */
  secret: string;
  purpose: string;
  sealed: string;
}

export async function listKept(db: Db): Promise<KeptRow[]> {
  return tables(db).selectFrom('keyring_kept').select(['secret', 'purpose', 'sealed']).execute();
}

/** Keeps it; one that is there already is written anew. */
export async function putKept(db: Db, row: KeptRow): Promise<void> {
  await tables(db)
    .insertInto('keyring_kept')
    .values(row)
    .onConflict((on) => on.columns(['secret', 'purpose']).doUpdateSet({ sealed: row.sealed }))
    .execute();
}

/** The ids of the secrets that the database is used with. */
export async function listSecrets(db: Db): Promise<string[]> {
  const rows = await tables(db).selectFrom('keyring_secrets').select('id').orderBy('since').orderBy('id').execute();
  return rows.map(({ id }) => id);
}

/**
 * Adds one where there is none yet, or one of `others` is there; resolves to those that are there afterwards.
 *
 * @param found those that are used in a database that did not say so until now
 */
export async function addSecret(
  db: Db,
  id: string,
  { others, found }: { others: readonly string[]; found: readonly string[] },
): Promise<string[]> {
  const before = await listSecrets(db);
  if (before.includes(id)) return before;
  return db.transaction().execute(async (tx) => {
    await sql`lock table keyring_secrets in share row exclusive mode`.execute(tx);
    const there = await listSecrets(tx);
    if (there.length > 0 && !there.some((one) => one === id || others.includes(one))) return there;
    const more = there.length === 0 ? found.filter((one) => one !== id) : [];
    await tables(tx)
      .insertInto('keyring_secrets')
      .values([id, ...more].map((one) => ({ id: one })))
      .onConflict((on) => on.doNothing())
      .execute();
    return listSecrets(tx);
  });
}

/** Of all secrets only this one is used from here on. */
export async function keepOnlySecret(db: Db, id: string): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await tables(tx).deleteFrom('keyring_secrets').where('id', '!=', id).execute();
    await tables(tx)
      .insertInto('keyring_secrets')
      .values({ id })
      .onConflict((on) => on.doNothing())
      .execute();
  });
}
