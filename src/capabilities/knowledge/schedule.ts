import type { Clock } from '../../kernel/clock.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import { type Feed, type SyncDeps, syncFeed } from './ingest/sync.ts';

/** A feed with how often it is looked at. */
export interface TimedFeed extends Feed {
  everyMs: number;
}

export interface ScheduleDeps {
  sync: SyncDeps;
  clock: Clock;
  log: Log;
  feeds(): Promise<readonly TimedFeed[]>;
}

const lookMs = 5_000;

/** Looks at every source when its time has come, one after the other; replicas keep out of each other's way by the runs. */
export function createSchedule({ sync, clock, log, feeds }: ScheduleDeps) {
  const stopping = new AbortController();
  const lastAt = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  let working: Promise<void> = Promise.resolve();
  const keyOf = ({ org, collection, name }: Feed) => `${org} ${collection} ${name}`;

  const run = async (feed: Feed) => {
    lastAt.set(keyOf(feed), clock.now());
    const { state, reason, counts } = await syncFeed(feed, sync, stopping.signal);
    // Another replica is at it, or was and is gone: to be looked at again soon.
    if (state === 'busy') lastAt.delete(keyOf(feed));
    const about = { orgId: feed.org, source: feed.name, state, counts };
    if (state === 'failed') log.warn({ ...about, reason }, 'a source of knowledge could not be read');
    else log.debug(about, 'a source of knowledge was read');
  };

  const look = async () => {
    for (const feed of await feeds()) {
      if (stopping.signal.aborted) return;
      const last = lastAt.get(keyOf(feed));
      if (last !== undefined && clock.now() - last < feed.everyMs) continue;
      await run(feed);
    }
  };

  const next = () => {
    working = working
      .then(look)
      .catch((err: unknown) => log.warn({ err }, 'the sources of knowledge could not be looked at'))
      .finally(() => {
        if (!stopping.signal.aborted) timer = setTimeout(next, lookMs).unref();
      });
  };

  return {
    /** Reads them now, one after the other, whenever they were looked at last. */
    begin(feeds: readonly Feed[]): void {
      const reading = working.then(async () => {
        for (const feed of feeds) if (!stopping.signal.aborted) await run(feed);
      });
      working = reading.catch((err: unknown) => log.warn({ err }, 'sources of knowledge could not be read'));
    },
    start: next,
    async stop() {
      stopping.abort();
      clearTimeout(timer);
      await working;
    },
  };
}
