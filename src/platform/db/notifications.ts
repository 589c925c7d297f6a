import { Client } from 'pg';
import type { Database } from './types.ts';

/** A connection that only listens would not notice that its peer is gone. */
const heartbeatMs = 15_000;
const answerWithinMs = 5_000;

export interface NotificationSettings {
  /** A Postgres. Only to learn where it is: the connection is one of its own, and none of the pool. */
  database: Database;
  channel: string;
  onText: (text: string) => void;
  /** The connection broke, or could not be made; called again at each try. */
  onLost: (error?: unknown) => void;
  onBack: () => void;
  /** How long to wait before the try number `attempt`, from 0. */
  retryDelayMs: (attempt: number) => number;
}

/** What was sent while the connection was away is lost. */
export interface Notifications {
  /** Never rejects: what cannot be sent is dropped, and `onLost` told. Postgres takes fewer than 8,000 bytes. */
  send(text: string): Promise<void>;
  stop(): Promise<void>;
}

/** LISTEN and NOTIFY over a connection that is made again whenever it breaks. Resolves after the first try. */
export async function openNotifications(settings: NotificationSettings): Promise<Notifications> {
  const { database, channel, onText, onLost, onBack, retryDelayMs } = settings;
  let connected: Connection | undefined;
  let stopped = false;
  let attempt = 0;
  let retry: NodeJS.Timeout | undefined;

  async function connect(): Promise<void> {
    const connection = openConnection(database.pool.options.connectionString, onText, (error) => {
      if (connected === connection) connected = undefined;
      if (stopped) return;
      onLost(error);
      retry = setTimeout(() => void connect(), retryDelayMs(attempt++));
    });
    if (!(await connection.listen(channel))) return;
    if (stopped) return connection.close();
    connected = connection;
    attempt = 0;
    onBack();
  }

  await connect();
  return {
    async send(text) {
      await connected?.query('select pg_notify($1, $2)', [channel, text]);
    },
    async stop() {
      stopped = true;
      clearTimeout(retry);
      await connected?.close();
    },
  };
}

interface Connection {
  /** False when the connection broke before. */
  listen(channel: string): Promise<boolean>;
  query(text: string, values?: unknown[]): Promise<void>;
  close(): Promise<void>;
}

/** `onEnd` is called once, also when the connection never came about. */
function openConnection(
  connectionString: string | undefined,
  onText: (text: string) => void,
  onEnd: (error?: unknown) => void,
): Connection {
  const client = new Client({
    connectionString,
    application_name: 'fairlead bus',
    connectionTimeoutMillis: answerWithinMs,
    query_timeout: answerWithinMs,
    keepAlive: true,
  });
  let ended = false;
  let heartbeat: NodeJS.Timeout | undefined;
  const end = (error?: unknown) => {
    if (ended) return;
    ended = true;
    clearInterval(heartbeat);
    client.end().catch(() => {});
    onEnd(error);
  };
  client.on('error', end);
  client.on('end', () => end());
  client.on('notification', ({ payload }) => {
    if (payload !== undefined) onText(payload);
  });

  let last: Promise<unknown> = Promise.resolve();
  /** One after another, since a client takes one query at a time; a failing one ends the connection. */
  const inTurn = async (work: () => Promise<unknown>): Promise<void> => {
    last = last.then(() => (ended ? undefined : work())).catch(end);
    await last;
  };
  const query = (text: string, values: unknown[] = []) => inTurn(() => client.query(text, values));
  return {
    query,
    async listen(channel) {
      await inTurn(() => client.connect());
      await query(`listen ${client.escapeIdentifier(channel)}`);
      if (ended) return false;
      heartbeat = setInterval(() => void query('select 1'), heartbeatMs);
      heartbeat.unref();
      return true;
    },
    async close() {
      await last;
      clearInterval(heartbeat);
      await client.end().catch(() => {});
    },
  };
}
