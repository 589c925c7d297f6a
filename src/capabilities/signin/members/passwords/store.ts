import type { Db } from '../../../../platform/db/types.ts';

type PasswordTables = {
  signin_accounts: {
    id: string;
    accountId: string;
    providerId: string;
    userId: string;
    password: string | null;
    updatedAt: Date;
  };
  signin_sessions: { userId: string };
  signin_refresh_tokens: { userId: string };
  signin_consents: { userId: string | null };
};

const tables = (db: Db) => db.withTables<PasswordTables>();

/** The hash of a password, in the place of whatever there was. */
export async function putPassword(
  db: Db,
  userId: string,
  { id, hash, atMs }: { id: string; hash: string; atMs: number },
) {
  const set = { password: hash, updatedAt: new Date(atMs) };
  const updated = await tables(db)
    .updateTable('signin_accounts')
    .set(set)
    .where('userId', '=', userId)
    .where('providerId', '=', 'credential')
    .executeTakeFirst();
  if (updated.numUpdatedRows > 0n) return;
  await tables(db)
    .insertInto('signin_accounts')
    .values({ id, accountId: userId, providerId: 'credential', userId, ...set })
    .execute();
}

/** Takes the password away, with every session and refresh token that it may have opened, in whichever organisation. */
export async function dropPassword(db: Db, userId: string): Promise<void> {
  await tables(db)
    .deleteFrom('signin_accounts')
    .where('userId', '=', userId)
    .where('providerId', '=', 'credential')
    .execute();
  for (const table of ['signin_refresh_tokens', 'signin_consents', 'signin_sessions'] as const)
    await tables(db).deleteFrom(table).where('userId', '=', userId).execute();
}
