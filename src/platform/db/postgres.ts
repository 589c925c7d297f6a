import { Pool } from 'pg';
import type { Log } from '../telemetry/index.ts';
import { DatabaseUnavailable } from './errors.ts';

/** Enough for a server whose calls are short; more only moves the queue into Postgres. */
const maxConnections = 10;
const statementTimeoutMs = 60_000;
const idleInTransactionTimeoutMs = 60_000;
const connectTimeoutMs = 10_000;

/** SQLSTATE classes and codes that waiting does not mend: wrong password, no such database, no permission. */
const lasting = new Set(['28P01', '28000', '3D000', '42501']);

/** A pool that replaces broken connections by itself; a query in flight on one fails. */
export function openPostgres(databaseUrl: string, log: Log): Pool {
  const pool = new Pool({
    connectionString: databaseUrl,
    max: maxConnections,
    keepAlive: true,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    idle_in_transaction_session_timeout: idleInTransactionTimeoutMs,
    application_name: 'fairlead',
  });
  pool.on('error', (error) =>
    log.warn({ err: error }, 'an idle connection to Postgres broke; the pool makes a new one'),
  );
  // Between two statements of a transaction a connection has nobody else who listens, and Node ends the process for that.
  pool.on('connect', (client) => {
    client.on('error', (error) => log.warn({ err: error }, 'a connection to Postgres broke'));
  });
  return pool;
}

/**
 * Waits until Postgres answers: services of one stack start in any order.
 *
 * @throws DatabaseUnavailable after `withinMs`, or at once when waiting cannot help.
 */
export async function awaitPostgres(pool: Pool, withinMs: number, log: Log): Promise<void> {
  const until = Date.now() + withinMs;
  for (let pauseMs = 250; ; pauseMs = Math.min(pauseMs * 2, 4_000)) {
    try {
      await pool.query('select 1');
      return;
    } catch (error) {
      const code = (error as { code?: string }).code ?? 'no answer';
      if (lasting.has(code) || Date.now() + pauseMs > until) {
        throw DatabaseUnavailable(
          { reason: `Postgres answers with ${code}`, remedy: 'Check DATABASE_URL and that Postgres is up.' },
          { cause: error },
        );
      }
      log.warn({ code, retryInMs: pauseMs }, 'Postgres is not ready yet');
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}
