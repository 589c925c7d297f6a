import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool } from 'pg';
import { pino } from 'pino';
import ours from '../package.json' with { type: 'json' };
import { databaseOver } from '../src/platform/db/database.ts';
import { openEmbedded } from '../src/platform/db/embedded.ts';
import { migrate } from '../src/platform/db/migrate.ts';
import { openPostgres } from '../src/platform/db/postgres.ts';
import type { Database, Db, Migration } from '../src/platform/db/types.ts';

export const silentLog = pino({ level: 'silent' });

export interface TestDatabase {
  database: Database;
  db: Db;
  stop(): Promise<void>;
}

export interface TestDatabaseOptions {
  /** Without it: Postgres when TEST_DATABASE_URL names one, otherwise the embedded database in memory. */
  kind?: Database['kind'];
}

/** The kinds that can be had here: a test of storage runs once for each. */
export const databaseKinds: ReadonlyArray<Database['kind']> = process.env.TEST_DATABASE_URL
  ? ['embedded', 'postgres']
  : ['embedded'];

/** A database of the test's own, migrated, gone after `stop`. */
export async function openTestDatabase(
  migrations: readonly Migration[],
  { kind = process.env.TEST_DATABASE_URL ? 'postgres' : 'embedded' }: TestDatabaseOptions = {},
): Promise<TestDatabase> {
  const database = kind === 'postgres' ? await openOnPostgres() : await openInMemory(migrations);
  await migrate(database, migrations);
  return { database, db: database.db, stop: database.stop };
}

async function openOnPostgres(): Promise<Database> {
  const base = process.env.TEST_DATABASE_URL;
  if (!base) throw new Error('TEST_DATABASE_URL names no Postgres');
  const name = `fairlead_test_${randomBytes(8).toString('hex')}`;
  const asOwner = async (statement: string) => {
    const owner = new Pool({ connectionString: base, max: 1 });
    await owner.query(statement).finally(() => owner.end());
  };
  await asOwner(`create database ${name} template template0`);
  const url = new URL(base);
  url.pathname = `/${name}`;
  const pool = openPostgres(url.href, silentLog);
  return databaseOver('postgres', pool, async () => {
    await pool.end();
    await asOwner(`drop database if exists ${name} with (force)`);
  });
}

/** Making a database from nothing takes seconds, so the first test leaves a copy, already migrated, to the others. */
async function openInMemory(migrations: readonly Migration[]): Promise<Database> {
  const seed = seedFor(migrations);
  if (!existsSync(seed)) await makeSeed(seed, migrations);
  const embedded = await openEmbedded({ dataDir: 'memory://', seed }, silentLog);
  return databaseOver('embedded', embedded.pool, embedded.stop);
}

async function makeSeed(seed: string, migrations: readonly Migration[]): Promise<void> {
  const empty = seedFor([]);
  const start = existsSync(empty) ? { dataDir: 'memory://', seed: empty } : { dataDir: 'memory://' };
  const embedded = await openEmbedded(start, silentLog);
  try {
    await migrate(databaseOver('embedded', embedded.pool, embedded.stop), migrations);
    // Test processes run side by side: the name appears only when the file is whole.
    const unfinished = `${seed}.${process.pid}.${randomBytes(4).toString('hex')}`;
    writeFileSync(unfinished, await embedded.dump());
    renameSync(unfinished, seed);
  } finally {
    await embedded.stop();
  }
}

function seedFor(migrations: readonly Migration[]): string {
  const engine = ours.dependencies['@electric-sql/pglite'];
  const folder = join(tmpdir(), 'fairlead-test-databases');
  mkdirSync(folder, { recursive: true });
  const digest = createHash('sha256')
    .update(JSON.stringify([engine, migrations]))
    .digest('hex')
    .slice(0, 24);
  return join(folder, `${digest}.tar`);
}
