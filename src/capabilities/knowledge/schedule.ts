import type { Clock } from '../../kernel/clock.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import { createPlaces } from './ingest/places.ts';
import { type Feed, type SyncDeps, syncFeed } from './ingest/sync.ts';

/** A feed with how often it is looked at. */
export interface TimedFeed extends Feed {
  everyMs: number;
  /** Another one where its settings are others. */
  way: string;
}

export interface ScheduleDeps {
  sync: SyncDeps;
  clock: Clock;
  log: Log;
  /** So many sources are read at once. Looked at now and then. */
  places(): number;
  feeds(): Promise<readonly TimedFeed[]>;
  /** Awaited at each look, when no pass runs over a source that is not among the feeds any more. */
  tidy(): Promise<void>;
  /** When the last pass over it began, by whichever replica; ms since the epoch. */
  lastBegun(feed: Feed): Promise<number | undefined>;
  /** How often it is looked which sources are due. */
  lookMs?: number;
}

/** What is known of a source here. */
interface Known {
  way: string;
  /** When it is to be read next; ms since the epoch. */
  dueAt: number;
  begunAt?: number;
  /** Passes in a row that failed. */
  failures: number;
  /** Somebody asked for a pass while one was under way, which may have passed by what they mean. */
  again: boolean;
  /** Ends the pass that is under way. */
  ending?: AbortController;
  over?: Promise<void>;
}

const usualLookMs = 5_000;
/** After the first failure; twice as long after each further one. */
const firstWaitMs = 30_000;
const longestWaitMs = 60 * 60_000;

/** Reads every source when its time has come, some of them at once; replicas keep out of each other's way by the runs. */
export function createSchedule(deps: ScheduleDeps) {
  const { sync, clock, log, places: limit, feeds, tidy, lastBegun, lookMs = usualLookMs } = deps;
  const stopping = new AbortController();
  const places = createPlaces(limit());
  const known = new Map<string, Known>();
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> = Promise.resolve();
  const keyOf = ({ org, collection, name }: Feed) => `${org} ${collection} ${name}`;

  const knownOf = (feed: TimedFeed): Known => {
    const key = keyOf(feed);
    const one = known.get(key) ?? { way: feed.way, dueAt: 0, failures: 0, again: false };
    known.set(key, one);
    return one;
  };

  const pass = async (feed: TimedFeed, one: Known, signal: AbortSignal) => {
    const begunAt = clock.now();
    one.begunAt = begunAt;
    one.way = feed.way;
    const { state, reason, counts } = await syncFeed(feed, sync, signal).catch((err: unknown) => {
      log.warn({ err, orgId: feed.org, source: feed.name }, 'a pass over a source of knowledge broke off');
      return { state: 'failed' as const, reason: undefined, counts: undefined };
    });
    one.failures = state === 'failed' ? one.failures + 1 : 0;
    // Busy: another replica is at it, or was and is gone, so it is looked at again soon.
    if (state === 'busy') one.dueAt = clock.now();
    else if (state === 'failed') one.dueAt = clock.now() + waitAfter(one.failures, feed.everyMs);
    else one.dueAt = begunAt + feed.everyMs;
    const about = { orgId: feed.org, source: feed.name, state, counts };
    if (state === 'failed') log.warn({ ...about, reason }, 'a source of knowledge could not be read');
    else log.debug(about, 'a source of knowledge was read');
  };

  const enter = (feed: TimedFeed, urgent: boolean) => {
    const one = knownOf(feed);
    const run = async () => {
      const ending = new AbortController();
      one.ending = ending;
      one.over = pass(feed, one, AbortSignal.any([stopping.signal, ending.signal]));
      await one.over;
      delete one.ending;
      delete one.over;
      if (one.again) one.dueAt = 0;
      one.again = false;
      if (one.dueAt === 0) next(0);
    };
    places.enter({ org: feed.org, key: keyOf(feed), run }, urgent);
  };

  /** Ends passes over sources that are there no more, or by other settings, and waits for them. */
  const endLost = async (all: readonly TimedFeed[]) => {
    const current = new Map(all.map((feed) => [keyOf(feed), feed]));
    for (const [key, one] of known) {
      const feed = current.get(key);
      if (feed?.way === one.way) continue;
      places.leave(key);
      one.ending?.abort(new Error('the source is there no more, or otherwise'));
      await one.over;
      if (feed) Object.assign(one, { way: feed.way, dueAt: 0, failures: 0 });
      else known.delete(key);
    }
  };

  const look = async () => {
    const all = await feeds();
    await endLost(all);
    await tidy();
    places.divide(limit(), new Set(all.map(({ org }) => org)).size);
    for (const feed of all) {
      if (stopping.signal.aborted) return;
      const one = knownOf(feed);
      if (clock.now() < one.dueAt || one.over) continue;
      const begunElsewhere = one.begunAt === undefined || one.dueAt === 0 ? undefined : await lastBegun(feed);
      if (begunElsewhere !== undefined && begunElsewhere > (one.begunAt ?? 0) && one.failures === 0)
        one.dueAt = begunElsewhere + feed.everyMs;
      if (clock.now() >= one.dueAt) enter(feed, false);
    }
  };

  function next(afterMs: number) {
    clearTimeout(timer);
    if (stopping.signal.aborted) return;
    timer = setTimeout(() => {
      looking = looking
        .then(look)
        .catch((err: unknown) => log.warn({ err }, 'the sources of knowledge could not be looked at'))
        .finally(() => next(lookMs));
    }, afterMs).unref();
  }

  return {
    /** Reads them as soon as there is room, whenever they were read last. @param again whether also after a pass that is under way */
    begin(asked: readonly TimedFeed[], { again = true }: { again?: boolean } = {}): void {
      for (const feed of asked) {
        const one = knownOf(feed);
        if (places.isRunning(keyOf(feed))) one.again ||= again;
        else enter(feed, true);
      }
    },
    start: () => next(0),
    /** Looks now: what is declared has changed. */
    lookNow: () => next(0),
    async stop() {
      stopping.abort();
      clearTimeout(timer);
      await looking;
      await places.stop();
    },
  };
}

/** Soon after a first failure, which may be a hiccup; rarely after many; not more often than other sources at any time. */
function waitAfter(failures: number, everyMs: number): number {
  return Math.min(firstWaitMs * 2 ** Math.min(failures - 1, 20), Math.max(everyMs, longestWaitMs));
}

export type Schedule = ReturnType<typeof createSchedule>;
