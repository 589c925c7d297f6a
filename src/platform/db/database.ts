import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Kysely, PostgresDialect } from 'kysely';
import type { Pool } from 'pg';
import type { Log } from '../telemetry/index.ts';
import { openEmbedded, waitForConnectionMs } from './embedded.ts';
import { lockDataDir } from './lock.ts';
import { awaitPostgres, openPostgres } from './postgres.ts';
import { sharing } from './sharing.ts';
import type { Database } from './types.ts';

const waitForPostgresMs = 30_000;

export interface DatabaseSettings {
  /** A Postgres URL; without it the embedded database in `<dataDir>/db` is used, and the data folder locked. */
  databaseUrl?: string | undefined;
  dataDir: string;
  log: Log;
  /** How long a Postgres that does not answer yet is waited for. */
  waitMs?: number;
}

/** Whether an embedded database was made in this data folder. */
export function hasEmbedded(dataDir: string): boolean {
  return existsSync(join(dataDir, 'db', 'PG_VERSION'));
}

/** @throws DataDirInUse, DatabaseUnavailable */
export async function openDatabase({
  databaseUrl,
  dataDir,
  log,
  waitMs = waitForPostgresMs,
}: DatabaseSettings): Promise<Database> {
  if (databaseUrl !== undefined) {
    const pool = openPostgres(databaseUrl, log);
    try {
      await awaitPostgres(pool, waitMs, log);
    } catch (error) {
      await pool.end();
      throw error;
    }
    return databaseOver('postgres', pool, () => pool.end());
  }
  const lock = lockDataDir(dataDir);
  try {
    const embedded = await openEmbedded({ dataDir: join(dataDir, 'db') }, log);
    return databaseOver('embedded', embedded.pool, () => embedded.stop().finally(lock.release));
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** The handle over a pool; `close` runs once. */
export function databaseOver(kind: Database['kind'], pool: Pool, close: () => Promise<void>): Database {
  let stopping: Promise<void> | undefined;
  const shared = kind === 'embedded' ? sharing(pool, waitForConnectionMs) : undefined;
  return {
    kind,
    db: new Kysely({ dialect: new PostgresDialect({ pool: shared ?? pool }) }),
    pool,
    async ping() {
      await pool.query('select 1');
    },
    usage: () => ({
      ...{ total: pool.totalCount, idle: pool.idleCount },
      waiting: shared ? shared.waiting() : pool.waitingCount,
    }),
    stop() {
      stopping ??= close();
      return stopping;
    },
  };
}
