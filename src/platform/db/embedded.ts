import { Pool } from 'pg';
import type { Log } from '../telemetry/index.ts';
import type { EngineStart } from './engine.ts';
import { type EngineThread, openThread } from './thread.ts';
import { Wire } from './wire.ts';

/** Who holds the one connection and waits for a second waits for ever: better a fault that says so. */
export const waitForConnectionMs = 30_000;

/**
 * PGlite in a thread of its own, behind the pool that Postgres has too. When the thread dies, what runs fails and the
 * next query starts a new thread, which recovers from the log.
 */
export async function openEmbedded(start: EngineStart, log: Log): Promise<{ pool: Pool; stop(): Promise<void> }> {
  const thread = await openThread(start, log);
  const pool = poolOver(thread, log);
  return { pool, stop: () => pool.end().finally(thread.stop) };
}

/** One connection, since there is one backend: a second pool on the same thread would run inside the first's transactions. */
export function poolOver(thread: EngineThread, log: Log): Pool {
  const pool = new Pool({
    max: 1,
    pipeline: true, // the backend takes one after the other; they need not wait for us between
    // The type asks for a whole socket; what `pg` uses of one is there.
    stream: () => new Wire(thread.connect) as never,
    idleTimeoutMillis: 0,
    connectionTimeoutMillis: waitForConnectionMs,
  });
  pool.on('error', (error) => log.error({ err: error }, 'the connection to the embedded database broke'));
  // Between two statements of a transaction nobody else listens, and Node ends the process for that.
  pool.on('connect', (client) => {
    client.on('error', (error) => log.error({ err: error }, 'a connection to the embedded database broke'));
  });
  return pool;
}
