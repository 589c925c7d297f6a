import { sql } from 'kysely';
import type { Lexical } from '../../src/capabilities/knowledge/lexical/index.ts';
import { createSealing, createVaults } from '../../src/capabilities/knowledge/sealing/index.ts';
import type { Database } from '../../src/platform/db/index.ts';
import { createKeyring } from '../../src/platform/keyring/index.ts';

export const org = 'default';

export type Kind = 'embedded' | 'postgres';

/** A collection that everybody may read, in a database of the bench's own. */
export interface SearchedWorld {
  database: Database;
  lexical: Lexical;
  collection: number;
  /** Puts the same texts into an index of plain Postgres. */
  fillPlain(): Promise<void>;
}

/** Bytes of tables whose names are like this. */
export async function bytesOf({ db }: Database, tables: string): Promise<number> {
  const { rows } = await sql<{ bytes: string }>`select sum(pg_total_relation_size(oid)) as bytes from pg_class
    where relkind = 'r' and relname ~ ${`^${tables}$`}`.execute(db);
  return Number(rows[0]?.bytes);
}

/** Postgres does by itself what the embedded database does when nobody waits: both are measured at rest. */
export async function settle({ db, kind }: Database): Promise<void> {
  await sql`vacuum analyze`.execute(db);
  if (kind === 'postgres') await sql`checkpoint`.execute(db);
}

export function openSealing() {
  return createSealing({ vaults: createVaults(createKeyring('a secret of the bench, thirty-two bytes or more')) });
}

/** Where something is measured. */
export interface Place {
  kind: Kind;
  /** Of a Postgres; empty for the embedded database. */
  base: string;
  encrypted: boolean;
}

export function shownPlace({ kind, encrypted }: Place): string {
  return `${encrypted ? 'in an encrypted collection ' : ''}on ${kind}`;
}
