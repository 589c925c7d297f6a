import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrations } from '../src/app/migrations.ts';
import { type Database, migrate, openDatabase } from '../src/platform/db/index.ts';
import { createLog, type Log } from '../src/platform/telemetry/index.ts';
import { databaseFor } from '../test/harness.ts';

export interface Storage {
  database: Database;
  dataDir: string;
  log: Log;
  stop(): Promise<void>;
}

/** A migrated database in this process, embedded unless `base` names a Postgres. */
export async function openStorage(base = ''): Promise<Storage> {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-bench-'));
  const dataDir = join(folder, 'data');
  const log = createLog({ level: 'silent', service: 'bench' });
  const { env, drop } = await databaseFor(dataDir, base);
  const database = await openDatabase({ databaseUrl: env.DATABASE_URL, dataDir, log });
  await migrate(database, [...migrations]);
  return {
    database,
    dataDir,
    log,
    async stop() {
      await database.stop();
      await drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
