import { sql } from 'kysely';
import type { Db } from '../../../platform/db/types.ts';

/**
 * Tables of knowledge that have changed much since the planner last looked at them, by the rule of Postgres's own autovacuum.
 * Without that it takes every key for equally good: it went through all documents for each passage of an answer.
 */
export async function findUnknown(db: Db): Promise<string[]> {
  await sql`select pg_stat_force_next_flush()`.execute(db);
  const { rows } = await sql<{ name: string }>`
    select relname as name from pg_stat_user_tables
    where schemaname = current_schema() and starts_with(relname, 'knowledge_')
      and n_mod_since_analyze > 50 + 0.1 * n_live_tup`.execute(db);
  return rows.map(({ name }) => name);
}

/** Has the planner look at a table: at 3,000 rows of it, which takes some tens of milliseconds at most. */
export async function analyse(db: Db, table: string): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await sql`set local default_statistics_target = 10`.execute(trx);
    await sql`analyze ${sql.table(table)}`.execute(trx);
  });
}

/**
 * Tables of knowledge of which much is dead: rows that were changed or deleted and still take their place. By the rule of
 * Postgres's own autovacuum, which the embedded database does not have.
 */
export async function findBloated(db: Db): Promise<string[]> {
  // One backend, which never idles as Postgres's do, tells what it has counted only when asked to.
  await sql`select pg_stat_force_next_flush()`.execute(db);
  const { rows } = await sql<{ name: string }>`
    select relname as name from pg_stat_user_tables
    where schemaname = current_schema() and starts_with(relname, 'knowledge_') and n_dead_tup > 1000 + 0.2 * n_live_tup
    order by n_dead_tup desc`.execute(db);
  return rows.map(({ name }) => name);
}

/** Lets new rows take the place of dead ones. Never within a transaction. */
export async function vacuum(db: Db, table: string): Promise<void> {
  await sql`vacuum ${sql.table(table)}`.execute(db);
}
