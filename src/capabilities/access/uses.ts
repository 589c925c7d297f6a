import type { Db } from '../../platform/db/types.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import { noteUses } from './store.ts';

const flushMs = 60_000;

/** When keys were last used: kept in memory, written together once a minute, lost with the process. */
export interface Uses {
  note(id: string, atMs: number): void;
  /** The time noted here and not yet written. */
  pending(id: string): number | undefined;
  flush(): Promise<void>;
  start(): void;
  stop(): Promise<void>;
}

export function createUses({ db, log }: { db: Db; log: Log }): Uses {
  let noted = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;

  async function flush(): Promise<void> {
    if (noted.size === 0) return;
    const writing = noted;
    noted = new Map();
    try {
      await noteUses(db, writing);
    } catch (error) {
      log.warn({ err: error }, 'the last uses of keys could not be written; they are tried again later');
      for (const [id, at] of writing) if (!noted.has(id)) noted.set(id, at);
    }
  }

  return {
    note: (id, atMs) => void noted.set(id, atMs),
    pending: (id) => noted.get(id),
    flush,
    start() {
      timer = setInterval(() => void flush(), flushMs);
      timer.unref();
    },
    async stop() {
      clearInterval(timer);
      await flush();
    },
  };
}
