import type { Log } from '../../../platform/telemetry/index.ts';
import { abandonEditions } from '../editions/store.ts';
import type { Stores } from '../ingest/contents.ts';
import { clearEditions } from '../ingest/long.ts';
import { analyse, findBloated, findUnknown, vacuum } from './store.ts';

export interface UpkeepDeps {
  stores: Stores;
  log: Log;
  /** Whether there can be no other replica: what nobody finishes is then known at the start. */
  alone: boolean;
  /** How many wait for the database. */
  waiting(): number;
  everyMs?: number;
}

/**
 * What is done behind the back of those who read and write: clearing what was replaced, giving its place back, and telling the
 * planner of the embedded database what there is.
 */
export function createUpkeep({ stores, log, alone, waiting, everyMs = 5_000 }: UpkeepDeps) {
  const { db } = stores;
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let working: Promise<void> = Promise.resolve();

  const giveBack = async () => {
    if (waiting() > 0) return;
    for (const table of await findBloated(db)) {
      if (stopping.signal.aborted || waiting() > 0) return; // one at a time: nobody else is served meanwhile
      const startedAt = performance.now();
      await vacuum(db, table);
      log.debug({ table, tookMs: Math.round(performance.now() - startedAt) }, 'gave back the place of dead rows');
    }
  };

  /** It does not wait until nobody waits: those who wait do so for shorter afterwards. */
  const getToKnow = async () => {
    for (const table of await findUnknown(db)) {
      if (stopping.signal.aborted) return;
      await analyse(db, table);
    }
  };

  const look = async () => {
    if (alone) await getToKnow();
    await clearEditions(stores, stopping.signal);
    if (alone) await giveBack();
  };

  const next = () => {
    working = look()
      .catch((err: unknown) => log.warn({ err }, 'the upkeep of knowledge failed; it is tried again'))
      .finally(() => {
        if (!stopping.signal.aborted) timer = setTimeout(next, everyMs).unref();
      });
  };

  return {
    async start(): Promise<void> {
      if (alone) await abandonEditions(db);
      next();
    },
    async stop(): Promise<void> {
      stopping.abort();
      clearTimeout(timer);
      await working;
    },
  };
}
