import { hash } from 'node:crypto';
import { type PostgresPool, type PostgresPoolClient, sql } from 'kysely';
import type { Pool, PoolClient } from 'pg';

const mark = '/* prepared */';

/**
 * Stands at the beginning of a statement that is asked again and again in the same words: the embedded database then parses
 * and plans it once. There that costs more than most statements themselves. There must be few of them, so lists go into them
 * as arrays.
 */
export const prepared = sql.raw(`${mark} `);

/** On a server, planning costs little and poolers between do not know whose statements are prepared: only for one backend. */
export function preparing(pool: Pool): PostgresPool {
  const known = new WeakMap<PoolClient, PostgresPoolClient>();
  const names = new Map<string, string>(); // of statements, by their text
  return {
    options: pool.options,
    end: () => pool.end(),
    async connect() {
      const client = await pool.connect();
      const preparingClient = known.get(client) ?? over(client, names);
      known.set(client, preparingClient);
      return preparingClient;
    },
  };
}

function over(client: PoolClient, names: Map<string, string>): PostgresPoolClient {
  const query = (text: string, values: readonly unknown[]) => {
    const given = { text, values: [...values] };
    if (!text.startsWith(mark)) return client.query(given);
    const name = names.get(text) ?? hash('sha256', text).slice(0, 40);
    names.set(text, name);
    return client.query({ ...given, name });
  };
  return {
    query: query as never, // cursors are not used here
    // As it is then: the pool gives each loan a new one.
    release: (destroy) => client.release(destroy),
  };
}
