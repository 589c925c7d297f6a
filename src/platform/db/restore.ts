import type { PoolClient } from 'pg';
import { type CopyProgress, writePortably } from './backup.ts';
import type { BackupHeader } from './backupfile.ts';
import { BackupMismatch, RestoreNotEmpty } from './errors.ts';
import { appliedMigrations, applyMigration, checksumOf, inTransaction, lockMigrations } from './migrate.ts';
import { type OpenedBackup, refuseUnknown } from './openbackup.ts';
import { listForeignKeys, listSequences, listTables, type TableShape } from './schema.ts';
import type { Database, Migration } from './types.ts';

const maxBatchRows = 500;
const maxBatchCharacters = 2 * 1024 * 1024;

/**
 * Reads a backup into a database that holds nothing yet, in one transaction: all of it or nothing.
 *
 * `migrations` is the list of this version: those that the backup was made under and that are missing here are applied
 * first, so that a backup of an older version fits as well; run `migrate` afterwards for the newer ones. Without the
 * list the database must stand at the backup's migrations already.
 *
 * @throws BackupDamaged when the file changed since it was opened, BackupMismatch, RestoreNotEmpty
 */
export async function restore(
  database: Database,
  backup: OpenedBackup,
  onProgress: (progress: CopyProgress) => void = () => {},
  migrations: readonly Migration[] = [],
): Promise<{ tables: number; rows: number }> {
  const client = await database.pool.connect();
  try {
    return await inTransaction(client, async () => {
      await lockMigrations(client);
      await writePortably(client);
      await refuseRows(client, await listTables(client));
      await bringTo(client, backup.header, migrations);
      return await copyIn(client, backup, onProgress);
    });
  } finally {
    client.release();
  }
}

async function refuseRows(client: PoolClient, tables: readonly TableShape[]): Promise<void> {
  const filled: string[] = [];
  for (const { name } of tables) {
    const { rows } = await client.query(`select from ${client.escapeIdentifier(name)} limit 1`);
    if (rows.length > 0) filled.push(name);
  }
  if (filled.length > 0) throw RestoreNotEmpty({ tables: filled });
}

/** Applies what the backup has and the database has not. */
async function bringTo(client: PoolClient, header: BackupHeader, migrations: readonly Migration[]): Promise<void> {
  const wanted = new Set(header.migrations.map(({ name }) => name));
  const applied = await appliedMigrations(client);
  const extra = applied.filter(({ name }) => !wanted.has(name)).map(({ name }) => name);
  if (extra.length > 0) {
    throw BackupMismatch({ reason: `the database has migrations that the backup has not: ${extra.join(', ')}` });
  }
  const given = migrations.filter(({ name }) => wanted.has(name) && !applied.some((row) => row.name === name));
  const known = [...applied, ...given.map((migration) => ({ name: migration.name, checksum: checksumOf(migration) }))];
  refuseUnknown(header, known);
  for (const migration of given) await applyMigration(client, migration);
}

async function copyIn(client: PoolClient, backup: OpenedBackup, onProgress: (progress: CopyProgress) => void) {
  const shapes = new Map((await listTables(client)).map((shape) => [shape.name, shape]));
  const sequences = new Set(await listSequences(client));
  const reopen = await setRulesAside(client, [...shapes.keys()]);
  let table: ((rows: readonly string[]) => Promise<void>) | undefined;
  let tableName = '';
  let tables = 0;
  let rows = 0;
  let batch: string[] = [];
  let held = 0;
  const flush = async () => {
    if (batch.length > 0) await table?.(batch);
    rows += batch.length;
    batch = [];
    held = 0;
    if (table) onProgress({ table: tableName, tableNumber: tables, tables: shapes.size, rows });
  };

  for await (const part of backup.parts()) {
    if ('row' in part) {
      batch.push(part.row);
      held += part.row.length;
      if (batch.length >= maxBatchRows || held >= maxBatchCharacters) await flush();
    } else if ('table' in part) {
      await flush();
      const shape = shapes.get(part.table);
      if (!shape) throw BackupMismatch({ reason: `there is no table "${part.table}" here` });
      table = rowWriter(client, shape, part.columns);
      tableName = part.table;
      tables++;
    } else {
      if (!sequences.has(part.sequence))
        throw BackupMismatch({ reason: `there is no sequence "${part.sequence}" here` });
      const name = client.escapeIdentifier(part.sequence);
      await client.query('select setval($1::regclass, $2::bigint, $3)', [name, part.value, part.called]);
    }
  }
  await flush();
  await reopen();
  return { tables, rows };
}

/** Rows go in as JSON arrays of texts; each value is cast to the type that its column has here. */
function rowWriter(client: PoolClient, shape: TableShape, columns: readonly string[]) {
  const types = new Map(shape.columns.map((column) => [column.name, column.type]));
  const names = columns.map((name) => client.escapeIdentifier(name));
  const values = columns.map((name, index) => {
    const type = types.get(name);
    if (type === undefined) throw BackupMismatch({ reason: `the table "${shape.name}" has no column "${name}" here` });
    return `(r.value ->> ${index})::${type}`;
  });
  const statement = `insert into ${client.escapeIdentifier(shape.name)} (${names.join(', ')}) overriding system value
    select ${values.join(', ')} from json_array_elements($1::json) r`;
  return async (rows: readonly string[]) => {
    await client.query(statement, [`[${rows.join(',')}]`]);
  };
}

/**
 * Tables come in the order of their names, so that keys between them hold only at the end, and triggers have done
 * their work when the rows were first written. Also removes what migrations put in: the backup has it.
 * Returns how to put the rules back, which checks the keys.
 */
async function setRulesAside(client: PoolClient, tables: readonly string[]): Promise<() => Promise<void>> {
  const quote = (name: string) => client.escapeIdentifier(name);
  const keys = await listForeignKeys(client);
  for (const name of tables) await client.query(`alter table ${quote(name)} disable trigger user`);
  if (tables.length > 0) await client.query(`truncate ${tables.map(quote).join(', ')}`);
  for (const key of keys) {
    await client.query(
      `alter table ${quote(key.table)} alter constraint ${quote(key.name)} deferrable initially deferred`,
    );
  }
  return async () => {
    await client.query('set constraints all immediate');
    for (const key of keys) {
      const was = key.deferrable ? `deferrable initially ${key.deferred ? 'deferred' : 'immediate'}` : 'not deferrable';
      await client.query(`alter table ${quote(key.table)} alter constraint ${quote(key.name)} ${was}`);
    }
    for (const name of tables) await client.query(`alter table ${quote(name)} enable trigger user`);
  };
}
