import { type Clock, systemClock } from '../../kernel/clock.ts';
import type { Log } from '../telemetry/index.ts';
import type { Bus } from './types.ts';

export interface FollowerTiming {
  /** Time between two looks: what a change elsewhere needs to count here, the bus being down. */
  pollMs: number;
  /** Time after which a look that does not come back counts as failed. */
  readTimeoutMs: number;
  /** How long what was read goes on counting while it cannot be read again. */
  maxStaleMs: number;
}

/** For what says who may do what: seen within a second, and trusted for half a minute without its database. */
export const strictTiming: FollowerTiming = { pollMs: 500, readTimeoutMs: 5_000, maxStaleMs: 30_000 };

export interface FollowerDeps<T> {
  bus: Bus;
  /** Says that something has changed; the message carries nothing, so that a lost one does no harm. */
  topic: string;
  log: Log;
  /** What is followed, as the log names it. */
  what: string;
  /** Reads what there is now; hands back what was read last when nothing has changed. */
  load(known: T | undefined): Promise<T>;
  /** Puts what was read in force, `current` already. When it throws, the look has failed and what was there stays. */
  take?(now: T, before: T | undefined): void;
  /** Without a time-out the load must end by itself; without an age all counts for ever. */
  timing: Pick<FollowerTiming, 'pollMs'> & Partial<FollowerTiming>;
  clock?: Clock;
}

/** Rows of the database in memory, followed by notices on the bus and, since those may be lost, by looking. */
export interface Follower<T> {
  /** Undefined while nothing was read, and when what was read is too old to go by. */
  current(): T | undefined;
  /** Whether the last look failed. */
  failing(): boolean;
  /**
   * Resolves when all that was committed before is in force. Rejects when it cannot be read, which is logged: the
   * poll goes on trying. Does nothing before the start and after the stop.
   */
  refresh(): Promise<void>;
  /** Tells the other replicas. Not waited for: a bus that hangs must hold nothing up. */
  tell(): void;
  /** Rejects when the first look fails; it is followed all the same. */
  start(): Promise<void>;
  /** Resolves when nothing more is taken. */
  stop(): Promise<void>;
}

export function createFollower<T>(deps: FollowerDeps<T>): Follower<T> {
  const { bus, topic, log, what, load, take, timing, clock = systemClock } = deps;
  const { pollMs, readTimeoutMs, maxStaleMs = Number.POSITIVE_INFINITY } = timing;
  let value: T | undefined;
  let freshAt = Number.NEGATIVE_INFINITY;
  let failing = false;
  let following = false;
  let begun = 0;
  let taken = 0;
  let running: Promise<void> | undefined;
  let queued: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let unsubscribe: (() => void) | undefined;

  async function read(): Promise<void> {
    const turn = ++begun;
    const startedAt = clock.now();
    const next = await load(value);
    // A look that hung may come back after a later one, or after the stop.
    if (turn < taken || !following) return;
    const before = { value, freshAt };
    [value, freshAt] = [next, startedAt];
    try {
      take?.(next, before.value);
    } catch (error) {
      ({ value, freshAt } = before);
      throw error;
    }
    taken = turn;
  }

  async function look(): Promise<void> {
    try {
      await (readTimeoutMs === undefined ? read() : within(readTimeoutMs, read()));
    } catch (error) {
      if (!failing) log.warn({ err: error, topic }, `${what} cannot be read; going on with those known`);
      failing = true;
      throw error;
    }
    if (failing) log.info({ topic }, `${what} can be read again`);
    failing = false;
  }

  function refresh(): Promise<void> {
    if (!following) return Promise.resolve();
    if (!running) {
      running = look().finally(() => {
        running = undefined;
      });
      return running;
    }
    // The look under way may have begun before the change: one more, shared by all who come meanwhile.
    queued ??= running.catch(ignore).then(() => {
      queued = undefined;
      return refresh();
    });
    return queued;
  }

  function poll(): void {
    clearTimeout(timer);
    if (!following) return;
    timer = setTimeout(() => void refresh().catch(ignore).then(poll), pollMs);
    timer.unref();
  }

  return {
    current() {
      const now = clock.now();
      if (now < freshAt) freshAt = now; // a clock set back must not lengthen the time
      return now - freshAt > maxStaleMs ? undefined : value;
    },
    failing: () => failing,
    refresh,
    tell() {
      void bus.publish(topic, null).catch((error: unknown) => {
        log.warn({ err: error, topic }, 'a change could not be told; the other replicas see it at their next look');
      });
    },
    start() {
      following = true;
      // First, or a change between the look and the subscription would wait for the poll.
      unsubscribe ??= bus.subscribe(topic, () => void refresh().catch(ignore));
      return refresh().finally(poll);
    },
    async stop() {
      following = false;
      clearTimeout(timer);
      unsubscribe?.();
      unsubscribe = undefined;
      await Promise.allSettled([running, queued]);
    },
  };
}

/** Whoever looks without being asked has nobody to tell but the log. */
function ignore(): void {}

async function within(timeoutMs: number, work: Promise<void>): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  try {
    await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
