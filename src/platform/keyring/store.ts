import type { Db } from '../db/types.ts';

type KeyringTables = { keyring_kept: { secret: string; purpose: string; sealed: string } };

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
