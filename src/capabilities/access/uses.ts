import type { Db } from '../../platform/db/types.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import { type KeyUse, noteUses } from './store.ts';

const flushMs = 60_000;

/** When keys were last used: kept in memory, written together once a minute, lost with the process. */
export interface Uses {
  /** `previous`: by the secret from before a rotation. */
  note(id: string, use: { at: number; from: string | undefined; previous: boolean }): void;
  /** What was noted here and is not yet written. */
  pending(id: string): KeyUse | undefined;
  flush(): Promise<void>;
  start(): void;
  stop(): Promise<void>;
}

export function createUses({ db, log }: { db: Db; log: Log }): Uses {
  let noted = new Map<string, KeyUse>();
  let timer: NodeJS.Timeout | undefined;

  async function flush(): Promise<void> {
    if (noted.size === 0) return;
    const writing = noted;
    noted = new Map();
    try {
      await noteUses(db, writing);
    } catch (error) {
      log.warn({ err: error }, 'the last uses of keys could not be written; they are tried again later');
      for (const [id, use] of writing) if (!noted.has(id)) noted.set(id, use);
    }
  }

  return {
    note(id, { at, from, previous }) {
      // With every call: the same object is written over.
      const use = noted.get(id) ?? { at, from, previousAt: undefined };
      noted.set(id, use);
      use.at = at;
      if (from !== undefined) use.from = from;
      if (previous) use.previousAt = at;
    },
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
