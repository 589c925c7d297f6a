import { createHash } from 'node:crypto';
import type { PoolClient } from 'pg';
import { DatabaseTooNew, MigrationChanged, MigrationFailed } from './errors.ts';
import type { Database, Migration } from './types.ts';

/** Any number will do, as long as it stays: replicas that start together take turns by it. */
const lockKey = 4_623_117_001;

export const migrationsTable = 'fairlead_migrations';

export interface AppliedMigration {
  name: string;
  checksum: string;
}

/**
 * Applies what is missing, in the order of the list, each in a transaction of its own; returns the names applied.
 * Replicas may run it at the same time.
 *
 * @throws MigrationChanged, DatabaseTooNew, MigrationFailed
 */
export async function migrate(
  database: Database,
  migrations: readonly Migration[],
  onApplied: (name: string) => void = () => {},
): Promise<string[]> {
  const client = await database.pool.connect();
  const applied: string[] = [];
  try {
    for (;;) {
      const name = await inTransaction(client, () => applyNext(client, migrations));
      if (name === undefined) return applied;
      applied.push(name);
      onApplied(name);
    }
  } finally {
    client.release();
  }
}

export function checksumOf(migration: Migration): string {
  return `sha256:${createHash('sha256').update(migration.sql).digest('hex')}`;
}

/** Runs `work` between begin and commit. When even the rollback fails, the pool drops the connection by itself. */
export async function inTransaction<T>(client: PoolClient, work: () => Promise<T>, begin = 'begin'): Promise<T> {
  await client.query(begin);
  try {
    const result = await work();
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw error;
  }
}

async function applyNext(client: PoolClient, migrations: readonly Migration[]): Promise<string | undefined> {
  await lockMigrations(client);
  const known = new Map((await appliedMigrations(client)).map((row) => [row.name, row.checksum]));
  checkApplied(known, migrations);
  const next = migrations.find((migration) => !known.has(migration.name));
  if (next) await applyMigration(client, next);
  return next?.name;
}

/** Inside a transaction: nobody else migrates or restores until its end. The lock goes with the transaction, so that it also holds behind a pooler. */
export async function lockMigrations(client: PoolClient): Promise<void> {
  await client.query('set local statement_timeout = 0');
  await client.query('select pg_advisory_xact_lock($1)', [lockKey]);
  await client.query(`create table if not exists ${migrationsTable} (
    name text primary key,
    checksum text not null,
    applied_at timestamptz not null default clock_timestamp()
  )`);
}

/** In the order in which they were applied; none when the database was never migrated. */
export async function appliedMigrations(client: PoolClient): Promise<AppliedMigration[]> {
  const table = await client.query<{ exists: boolean }>('select to_regclass($1) is not null as exists', [
    migrationsTable,
  ]);
  if (!table.rows[0]?.exists) return [];
  const { rows } = await client.query<AppliedMigration>(
    `select name, checksum from ${migrationsTable} order by applied_at, name`,
  );
  return rows;
}

export async function applyMigration(client: PoolClient, migration: Migration): Promise<void> {
  try {
    await client.query(migration.sql);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw MigrationFailed({ name: migration.name, reason }, { cause: error });
  }
  await client.query(`insert into ${migrationsTable} (name, checksum) values ($1, $2)`, [
    migration.name,
    checksumOf(migration),
  ]);
}

function checkApplied(known: ReadonlyMap<string, string>, migrations: readonly Migration[]): void {
  const byName = new Map(migrations.map((migration) => [migration.name, migration]));
  const unknown = [...known.keys()].filter((name) => !byName.has(name));
  if (unknown.length > 0) throw DatabaseTooNew({ names: unknown });
  for (const [name, checksum] of known) {
    const migration = byName.get(name);
    if (migration && checksumOf(migration) !== checksum) throw MigrationChanged({ name });
  }
}
