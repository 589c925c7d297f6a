import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';

type TokenTables = {
  signin_sessions: { expiresAt: Date };
  signin_verifications: { expiresAt: Date };
  signin_device_codes: { expiresAt: Date };
  signin_client_assertions: { expiresAt: Date };
  signin_access_tokens: { token: string };
  signin_clients: { clientSecret: string | null };
  signin_keys: {
    id: string;
    publicKey: string;
    privateKey: string;
    alg: string | null;
    createdAt: Date;
    expiresAt: Date | null;
  };
  signin_refresh_tokens: {
    id: string;
    token: string;
    clientId: string;
    userId: string;
    sessionId: string | null;
    referenceId: string | null;
    rotatedAt: Date | null;
    revoked: Date | null;
    createdAt: Date;
    expiresAt: Date;
  };
};

const tables = (db: Db) => db.withTables<TokenTables>();

/** The public keys that may have signed a token which still counts, as JWKs in text. */
export async function publicKeys(db: Db, atMs: number): Promise<{ id: string; alg: string; jwk: string }[]> {
  const rows = await tables(db).selectFrom('signin_keys').select(['id', 'publicKey', 'alg', 'expiresAt']).execute();
  return rows
    .filter(({ expiresAt }) => expiresAt === null || expiresAt.getTime() + keyGraceMs > atMs)
    .map(({ id, publicKey, alg }) => ({ id, alg: alg ?? 'ES256', jwk: publicKey }));
}

const keyGraceMs = 24 * 3_600_000;

/** What has come to its end by itself. A replaced refresh token stays until its own end: it is known when it comes back. */
export async function deleteExpired(db: Db, atMs: number): Promise<void> {
  const expired = [
    'signin_sessions',
    'signin_verifications',
    'signin_device_codes',
    'signin_client_assertions',
    'signin_refresh_tokens',
  ] as const;
  for (const table of expired) {
    await tables(db)
      .deleteFrom(table)
      .where('expiresAt', '<', new Date(atMs - expiredMs))
      .execute();
  }
}

/** Longer than anybody is told that a thing has ended instead of that there is none. */
const expiredMs = 24 * 3_600_000;

/** Ends what could be refreshed by it. */
export async function deleteRefreshToken(db: Db, tokenHashes: readonly string[], clientId: string): Promise<void> {
  await tables(db)
    .deleteFrom('signin_refresh_tokens')
    .where('token', 'in', tokenHashes)
    .where('clientId', '=', clientId)
    .execute();
}

/** Whose a refresh token is, and when it was replaced. */
export async function findRefreshToken(
  db: Db,
  tokenHashes: readonly string[],
): Promise<{ userId: string; clientId: string; org: OrgId | undefined; rotatedAt: number | undefined } | undefined> {
  const row = await tables(db)
    .selectFrom('signin_refresh_tokens')
    .select(['userId', 'clientId', 'referenceId', 'rotatedAt'])
    .where('token', 'in', tokenHashes)
    .executeTakeFirst();
  return (
    row && {
      userId: row.userId,
      clientId: row.clientId,
      org: row.referenceId ?? undefined,
      rotatedAt: row.rotatedAt?.getTime(),
    }
  );
}

/** The one of these hashes under which a token or the secret of a client is kept. */
export async function findKeptHash(db: Db, hashes: readonly string[]): Promise<string | undefined> {
  const t = tables(db);
  const row = await t
    .selectFrom('signin_refresh_tokens')
    .select('token as hash')
    .where('token', 'in', hashes)
    .unionAll(t.selectFrom('signin_access_tokens').select('token as hash').where('token', 'in', hashes))
    .unionAll(
      t
        .selectFrom('signin_clients')
        .select('clientSecret as hash')
        .where('clientSecret', 'in', hashes)
        .$castTo<{ hash: string }>(),
    )
    .executeTakeFirst();
  return row?.hash;
}

/** The private keys as they are sealed; the library keeps them. */
export function sealedSigningKeys(db: Db) {
  return {
    list: (): Promise<{ id: string; privateKey: string }[]> =>
      tables(db).selectFrom('signin_keys').select(['id', 'privateKey']).execute(),
    async put(id: string, privateKey: string): Promise<void> {
      await tables(db).updateTable('signin_keys').set({ privateKey }).where('id', '=', id).execute();
    },
  };
}
