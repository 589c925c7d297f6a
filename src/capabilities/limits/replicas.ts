import type { Bus } from '../../platform/bus/index.ts';
import type { Database } from '../../platform/db/index.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import { forgetReplica, noteReplica } from './store.ts';

/** Who else serves this installation. */
export interface Replicas {
  /** Those that were last seen alive, this one among them, in the same order everywhere. */
  seen(): readonly string[];
  start(): Promise<void>;
  stop(): Promise<void>;
}

interface Deps {
  database: Pick<Database, 'db' | 'kind'>;
  bus: Bus;
  id: string;
  log: Log;
  beatMs?: number;
  goneAfterMs?: number;
}

const topic = 'limits.replicas';

/** Beats in the database; while it is away, whoever was seen last counts. An embedded database has one server. */
export function createReplicas({ database, bus, id, log, beatMs = 2_000, goneAfterMs = 10_000 }: Deps): Replicas {
  const { db, kind } = database;
  let ids: readonly string[] = [id];
  let timer: NodeJS.Timeout | undefined;
  let unsubscribe: (() => void) | undefined;
  let running: Promise<void> | undefined;
  let isStopped = false;

  const beat = async () => {
    try {
      const all = await noteReplica(db, id, goneAfterMs);
      ids = all.includes(id) ? all : [...all, id].sort();
    } catch (error) {
      log.debug({ err: error }, 'the replicas cannot be counted now; those seen last count');
    }
  };
  const look = (): Promise<void> => {
    running ??= beat().finally(() => {
      running = undefined;
    });
    return running;
  };
  const next = () => {
    clearTimeout(timer);
    if (isStopped) return;
    timer = setTimeout(() => void look().then(next), beatMs);
    timer.unref();
  };
  const tell = () => void bus.publish(topic, null).catch(() => undefined); // the others see it at their next beat

  return {
    seen: () => ids,
    async start() {
      if (kind === 'embedded') return;
      unsubscribe ??= bus.subscribe(topic, () => void look());
      await look();
      tell();
      next();
    },
    async stop() {
      if (kind === 'embedded' || isStopped) return;
      isStopped = true;
      clearTimeout(timer);
      unsubscribe?.();
      await running;
      await forgetReplica(db, id).catch(() => undefined); // it is gone after a while in any case
      tell();
    },
  };
}
