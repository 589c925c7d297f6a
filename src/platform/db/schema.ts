import type { PoolClient } from 'pg';
import { migrationsTable } from './migrate.ts';

export interface TableShape {
  name: string;
  /** Without the generated ones, which Postgres fills itself. `type` is as SQL writes it. */
  columns: { name: string; type: string }[];
}

/** A key to another table; `deferrable` as it was declared. */
export interface ForeignKey {
  table: string;
  name: string;
  deferrable: boolean;
  deferred: boolean;
}

const ours = `n.nspname = current_schema() and c.relname <> '${migrationsTable}' and not exists (
    select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
  )`;

/** Every table of ours with rows of its own, in a stable order; not the one of migrations, nor those of extensions. */
export async function listTables(client: PoolClient): Promise<TableShape[]> {
  const { rows } = await client.query<{ name: string; columns: TableShape['columns'] }>(`
    select c.relname as name,
      coalesce(
        json_agg(
          json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod)) order by a.attnum
        ) filter (where a.attname is not null),
        '[]'
      ) as columns
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    left join pg_attribute a
      on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    where c.relkind = 'r' and ${ours}
    group by c.relname
    order by c.relname`);
  return rows;
}

export async function listSequences(client: PoolClient): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(`
    select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'S' and ${ours} order by c.relname`);
  return rows.map((row) => row.name);
}

export async function listForeignKeys(client: PoolClient): Promise<ForeignKey[]> {
  const { rows } = await client.query<ForeignKey>(`
    select c.relname as table, k.conname as name, k.condeferrable as deferrable, k.condeferred as deferred
    from pg_constraint k
    join pg_class c on c.oid = k.conrelid
    join pg_namespace n on n.oid = c.relnamespace
    where k.contype = 'f' and k.conparentid = 0 and ${ours}
    order by 1, 2`);
  return rows;
}
