import { randomToken } from '../../kernel/ids.ts';
import { isObject, type Json, parseJson } from '../../kernel/json.ts';
import { type Database, openNotifications } from '../db/index.ts';
import type { Log } from '../telemetry/index.ts';
import { type Carrier, reconnectDelayMs, watchService } from './carrier.ts';
import { carryByRedis } from './redis.ts';
import type { Bus } from './types.ts';

/** Postgres refuses a notification of 8,000 bytes; the limit is the same for all, so that none surprises later. */
const maxBytes = 7_900;

export interface BusSettings {
  /** Comes first; without it Postgres carries, and without that the bus stays in this process. */
  redisUrl?: string | undefined;
  database?: Database | undefined;
  log: Log;
  /** Installations that share a Redis need a name each. */
  name?: string;
}

/** Listeners of this process are told at once and also while the service between the replicas is away. */
export async function createBus({ redisUrl, database, log, name = 'fairlead' }: BusSettings): Promise<Bus> {
  const sender = randomToken(10);
  const listeners = new Map<string, Set<(message: Json) => void>>();

  const tell = (topic: string, message: Json) => {
    for (const handler of [...(listeners.get(topic) ?? [])]) {
      try {
        handler(message);
      } catch (error) {
        log.error({ err: error, topic }, 'a listener on the bus failed');
      }
    }
  };
  const receive = (text: string) => {
    const parcel = readParcel(text);
    if (!parcel) log.warn('something on the bus that is not ours was ignored');
    else if (parcel.sender !== sender) tell(parcel.topic, parcel.message);
  };
  const carrier = await openCarrier(receive);
  let stopping: Promise<void> | undefined;

  function openCarrier(onText: (text: string) => void): Promise<Carrier> | undefined {
    if (redisUrl !== undefined) return carryByRedis({ redisUrl, channel: `${name}:bus`, onText, log });
    if (database?.kind === 'postgres') {
      const service = watchService('postgres', log);
      return openNotifications({
        database,
        channel: `${name}_bus`,
        onText,
        onLost: service.lost,
        onBack: service.back,
        retryDelayMs: reconnectDelayMs,
      });
    }
    return undefined;
  }

  return {
    async publish(topic, message) {
      const text = JSON.stringify({ sender, topic, message });
      if (Buffer.byteLength(text) > maxBytes) {
        throw new RangeError(`a message on "${topic}" is longer than ${maxBytes} bytes: send an id to look up instead`);
      }
      if (stopping) return;
      // The listener runs after its publisher's present step, and gets a copy, as if it came from elsewhere.
      const copy = structuredClone(message);
      await Promise.resolve();
      tell(topic, copy);
      await carrier?.send(text);
    },
    subscribe(topic, handler) {
      const handlers = listeners.get(topic) ?? new Set();
      listeners.set(topic, handlers);
      // A wrapper of its own, so that the same function may subscribe twice.
      const own = (message: Json) => handler(message);
      handlers.add(own);
      return () => {
        handlers.delete(own);
        if (handlers.size === 0 && listeners.get(topic) === handlers) listeners.delete(topic);
      };
    },
    stop() {
      stopping ??= (carrier?.stop() ?? Promise.resolve()).finally(() => listeners.clear());
      return stopping;
    },
  };
}

function readParcel(text: string): { sender: string; topic: string; message: Json } | undefined {
  try {
    const value = parseJson(text, { maxLength: maxBytes });
    if (!isObject(value) || typeof value.sender !== 'string' || typeof value.topic !== 'string') return undefined;
    return { sender: value.sender, topic: value.topic, message: value.message as Json };
  } catch {
    return undefined;
  }
}
