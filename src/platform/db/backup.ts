import type { PoolClient } from 'pg';
import { type BackupContent, type BackupSigner, writeBackupFile } from './backupfile.ts';
import { NothingToBackUp } from './errors.ts';
import { appliedMigrations, inTransaction } from './migrate.ts';
import { listSequences, listTables, type TableShape } from './schema.ts';
import type { Database } from './types.ts';

const rowsAtOnce = 200;

export interface CopyProgress {
  table: string;
  /** 1 for the first of `tables`. */
  tableNumber: number;
  tables: number;
  /** Of all tables so far. */
  rows: number;
}

export interface BackupSummary {
  tables: number;
  rows: number;
  bytes: number;
}

/**
 * Writes all tables as they are at one moment into one file, which `restore` reads on either kind of database. The
 * embedded database serves nobody else meanwhile, for it has one connection.
 *
 * @throws NothingToBackUp
 */
export async function backup(
  database: Database,
  file: string,
  sign: BackupSigner,
  onProgress: (progress: CopyProgress) => void = () => {},
): Promise<BackupSummary> {
  const client = await database.pool.connect();
  try {
    const begin = 'begin isolation level repeatable read read only';
    return await inTransaction(client, () => copyOut(client, file, sign, onProgress), begin);
  } finally {
    client.release();
  }
}

async function copyOut(
  client: PoolClient,
  file: string,
  sign: BackupSigner,
  onProgress: (progress: CopyProgress) => void,
): Promise<BackupSummary> {
  await writePortably(client);
  const tables = await listTables(client);
  const migrations = await appliedMigrations(client);
  if (migrations.length === 0) throw NothingToBackUp();
  let rows = 0;

  async function* parts(): AsyncGenerator<BackupContent> {
    for (const [index, table] of tables.entries()) {
      const report = () => onProgress({ table: table.name, tableNumber: index + 1, tables: tables.length, rows });
      report();
      yield { table: table.name, columns: table.columns.map((column) => column.name) };
      for await (const batch of readRows(client, table)) {
        for (const row of batch) yield { row: JSON.stringify(row) };
        rows += batch.length;
        report();
      }
    }
    // Sequences know no snapshot. Read last, they are ahead of the rows, never behind.
    for (const sequence of await listSequences(client)) {
      const { rows: state } = await client.query<{ value: string; called: boolean }>(
        `select last_value::text as value, is_called as called from ${client.escapeIdentifier(sequence)}`,
      );
      for (const { value, called } of state) yield { sequence, value, called };
    }
  }

  const bytes = await writeBackupFile(file, { madeAt: new Date().toISOString(), migrations }, parts(), sign);
  return { tables: tables.length, rows, bytes };
}

/** How values are written as text must not depend on who made the backup. */
export async function writePortably(client: PoolClient): Promise<void> {
  await client.query(`
    set local statement_timeout = 0;
    set local idle_in_transaction_session_timeout = 0;
    set local timezone = 'UTC';
    set local datestyle = 'ISO, YMD';
    set local intervalstyle = 'postgres';
    set local bytea_output = 'hex';
    set local extra_float_digits = 1`);
}

async function* readRows(client: PoolClient, table: TableShape): AsyncGenerator<unknown[][]> {
  const columns = table.columns.map((column) => `${client.escapeIdentifier(column.name)}::text`).join(', ');
  await client.query(
    `declare backup_rows no scroll cursor for select ${columns} from only ${client.escapeIdentifier(table.name)}`,
  );
  for (;;) {
    const { rows } = await client.query<unknown[]>({ text: `fetch ${rowsAtOnce} from backup_rows`, rowMode: 'array' });
    if (rows.length === 0) break;
    yield rows;
  }
  await client.query('close backup_rows');
}
