import type { Kysely } from 'kysely';
import type { Pool } from 'pg';

/**
 * The handle that store functions take first. It knows no tables: each store states its own,
 * `const t = db.withTables<AuditTables>()`. A transaction fits the same type.
 */
// biome-ignore lint/complexity/noBannedTypes: the empty schema is what withTables adds to
export type Db = Kysely<{}>;

/** One forward-only step. Never edited once released: a checksum is kept. */
export interface Migration {
  /** `<capability>/<four digits>_<what>`, unique; the order is that of the list in `app/`. */
  name: string;
  /** Statements, run in one transaction. */
  sql: string;
}

export interface Database {
  kind: 'embedded' | 'postgres';
  db: Db;
  pool: Pool;
  /** Resolves when a query came back; rejects otherwise. */
  ping(): Promise<void>;
  /** Connections in use, idle and waited for. */
  usage(): { total: number; idle: number; waiting: number };
  stop(): Promise<void>;
}
