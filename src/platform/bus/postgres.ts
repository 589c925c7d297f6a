import { Client, type Pool } from 'pg';
import type { Log } from '../telemetry/index.ts';
import { type Carrier, reconnectDelayMs, watchService } from './carrier.ts';

/** A connection that only listens would not notice that its peer is gone. */
const heartbeatMs = 15_000;
const answerWithinMs = 5_000;

interface PostgresCarrier {
  /** Only to learn where Postgres is: the bus has a connection of its own and takes none from the pool. */
  pool: Pool;
  channel: string;
  onText: (text: string) => void;
  log: Log;
}

export async function carryByPostgres({ pool, channel, onText, log }: PostgresCarrier): Promise<Carrier> {
  const service = watchService('postgres', log);
  let connected: { query(text: string, values?: unknown[]): Promise<unknown>; close(): Promise<void> } | undefined;
  let stopped = false;
  let attempt = 0;
  let timer: NodeJS.Timeout | undefined;

  async function connect(): Promise<void> {
    if (stopped) return;
    const client = new Client({
      connectionString: pool.options.connectionString,
      application_name: 'fairlead bus',
      connectionTimeoutMillis: answerWithinMs,
      query_timeout: answerWithinMs,
      keepAlive: true,
    });
    let ended = false;
    let last: Promise<unknown> = Promise.resolve();
    const connection = {
      /** One after another, since a client takes one query at a time; who fails ends the connection. */
      query(text: string, values: unknown[] = []): Promise<unknown> {
        last = last.then(() => (ended ? undefined : client.query(text, values))).catch(end);
        return last;
      },
      close: () => last.then(() => client.end()).catch(() => {}),
    };
    const end = (error?: unknown) => {
      if (ended) return;
      ended = true;
      if (connected === connection) connected = undefined;
      client.end().catch(() => {});
      if (stopped) return;
      service.lost(error);
      clearTimeout(timer);
      timer = setTimeout(() => void connect(), reconnectDelayMs(attempt++));
    };
    client.on('error', end);
    client.on('end', () => end());
    client.on('notification', ({ payload }) => {
      if (payload !== undefined) onText(payload);
    });
    try {
      await client.connect();
      await client.query(`listen ${client.escapeIdentifier(channel)}`);
    } catch (error) {
      return end(error);
    }
    if (stopped) return end();
    connected = connection;
    attempt = 0;
    service.back();
    const beat = () => {
      if (ended || stopped) return;
      timer = setTimeout(() => void connection.query('select 1').then(beat), heartbeatMs);
      timer.unref();
    };
    beat();
  }

  await connect();
  return {
    async send(text) {
      await connected?.query('select pg_notify($1, $2)', [channel, text]);
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await connected?.close();
    },
  };
}
