import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';

type TokenTables = {
  signin_keys: { id: string; publicKey: string; alg: string | null; createdAt: Date; expiresAt: Date | null };
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

/** Ends what could be refreshed by it. */
export async function deleteRefreshToken(db: Db, tokenHash: string, clientId: string): Promise<void> {
  await tables(db)
    .deleteFrom('signin_refresh_tokens')
    .where('token', '=', tokenHash)
    .where('clientId', '=', clientId)
    .execute();
}

/** Whose a refresh token is, and when it was replaced. */
export async function findRefreshToken(
  db: Db,
  tokenHash: string,
): Promise<{ userId: string; clientId: string; org: OrgId | undefined; rotatedAt: number | undefined } | undefined> {
  const row = await tables(db)
    .selectFrom('signin_refresh_tokens')
    .select(['userId', 'clientId', 'referenceId', 'rotatedAt'])
    .where('token', '=', tokenHash)
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
