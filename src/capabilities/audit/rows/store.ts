import { type RawBuilder, sql } from 'kysely';
import type { RecordRow } from '../rows.ts';

/** Rows as SQL: what each column is in `select`, and the tables beside it that it comes from. */
export interface RowsSql {
  /** In the order of `recordColumns`, without organisation and number. */
  columns: RawBuilder<unknown>;
  /** As `r`; its column `n` counts the rows from 1. */
  from: RawBuilder<unknown>;
  ids: RawBuilder<unknown>;
}

/**
 * Parameters that cost little to write and to read, whatever the number of rows: what all rows have in common comes
 * once, and of what differs each column is one text, with a line for each row.
 */
export function rowsAsSql(rows: readonly RecordRow[]): RowsSql {
  const arrays: RawBuilder<unknown>[] = [];
  const names: RawBuilder<unknown>[] = [];
  const differing = (name: string, array: RawBuilder<unknown>) => {
    arrays.push(array);
    names.push(sql.ref(name));
    return sql.ref(`r.${name}`);
  };
  const text = (name: string, of: (row: RecordRow) => string | null) => {
    const values = rows.map(of);
    const [first = null] = values;
    return values.every((value) => value === first) ? sql`${first}::text` : differing(name, linesOf(values));
  };

  const [firstInferred = false] = rows.map(({ inferred }) => inferred);
  const ids = linesOf(rows.map(({ id }) => id));
  const at = differing('at', sql`${`{${rows.map((row) => row.at).join(',')}}`}::bigint[]`);
  const columns = [
    sql`timestamptz 'epoch' + ${at} * interval '1 millisecond'`,
    differing('id', ids),
    text('kind', ({ kind }) => kind),
    text('principal', ({ principal }) => principal),
    text('tool', ({ tool }) => tool),
    text('outcome', ({ outcome }) => outcome),
    text('parent', ({ parent }) => parent),
    rows.every(({ inferred }) => inferred === firstInferred)
      ? sql`${firstInferred}::boolean`
      : differing('inferred', sql`${rows.map(({ inferred }) => inferred)}::boolean[]`),
    text('cost', ({ cost }) => cost),
    text('body', ({ body }) => body),
    text('hash', ({ hash }) => hash),
  ];
  const from = sql`unnest(${sql.join(arrays)}) with ordinality as r (${sql.join(names)}, n)`;
  return { columns: sql.join(columns), from, ids };
}

/** A line for each; nothing has to be escaped then. An array where that would not do: some names are anybody's. */
function linesOf(values: readonly (string | null)[]): RawBuilder<unknown> {
  if (values.some((value) => value === '' || value?.includes('\n'))) return sql`${[...values]}::text[]`;
  return sql`string_to_array(${values.map((value) => value ?? '').join('\n')}, chr(10), '')`;
}
