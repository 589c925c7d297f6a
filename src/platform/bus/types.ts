import type { Json } from '../../kernel/json.ts';

/**
 * Short messages to every replica, the sender included. Best effort: whoever listens must also look for itself
 * now and then. In one process, over Postgres LISTEN/NOTIFY, or over Redis.
 */
export interface Bus {
  publish(topic: string, message: Json): Promise<void>;
  /** Returns the way to stop listening. */
  subscribe(topic: string, handler: (message: Json) => void): () => void;
  stop(): Promise<void>;
}
