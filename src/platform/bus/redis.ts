import { Redis } from 'ioredis';
import type { Log } from '../telemetry/index.ts';
import { type Carrier, reconnectDelayMs, watchService } from './carrier.ts';

/** How long a start waits for Redis before it goes on without. */
const firstConnectionMs = 5_000;
const commandTimeoutMs = 2_000;

interface RedisCarrier {
  redisUrl: string;
  channel: string;
  onText: (text: string) => void;
  log: Log;
}

export async function carryByRedis({ redisUrl, channel, onText, log }: RedisCarrier): Promise<Carrier> {
  const service = watchService('redis', log);
  const shared = { retryStrategy: reconnectDelayMs, keepAlive: 10_000, connectTimeout: 5_000 };
  // A connection that listens can do nothing else, so there are two.
  const listening = new Redis(redisUrl, { ...shared, maxRetriesPerRequest: null });
  const sending = new Redis(redisUrl, {
    ...shared,
    // What could not be sent is dropped, neither kept for later nor sent twice: it would be old news.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    commandTimeout: commandTimeoutMs,
  });
  let stopped = false;
  for (const connection of [listening, sending]) {
    connection.on('error', (error) => service.lost(error));
    connection.on('close', () => stopped || service.lost());
  }
  listening.on('ready', () => service.back());
  listening.on('message', (_channel, text) => onText(text));

  const subscribed = listening.subscribe(channel).catch((error: unknown) => {
    if (!stopped) service.lost(error);
  });
  const timer = Promise.withResolvers<void>();
  const waiting = setTimeout(timer.resolve, firstConnectionMs);
  await Promise.race([Promise.all([subscribed, onceReady(sending)]), timer.promise]);
  clearTimeout(waiting);

  return {
    async send(text) {
      await sending.publish(channel, text).catch((error: unknown) => {
        if (!stopped) service.lost(error);
      });
    },
    async stop() {
      stopped = true;
      listening.disconnect();
      sending.disconnect();
    },
  };
}

function onceReady(connection: Redis): Promise<void> {
  return new Promise((resolve) => connection.once('ready', () => resolve()));
}
