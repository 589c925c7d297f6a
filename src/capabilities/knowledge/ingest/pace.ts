import { setTimeout as pause } from 'node:timers/promises';

/** Lets ingestion write without those who ask having to wait for it. */
export interface Pace {
  /**
   * Writes one step: alone among those who write, and with a rest behind it as long as others wait. The step says when it has
   * the database, since it stands in the queue, too.
   */
  turn<T>(step: (begun: () => void) => Promise<T>): Promise<T>;
}

/** As long as somebody waits, others have the machine for so many times what a step took. */
const restShare = 7;
/** No rest is longer: a document gets its turn within a known time. */
const longestRestMs = 1_000;
const lookMs = 2;

/**
 * A step of ingestion takes as long as a hundred questions: on the one connection of the embedded database, where whoever asks
 * stands in one queue with whoever writes, and on a server by the processors that it keeps from them. So while questions wait,
 * writers go one by one and have the eighth part of the time. Otherwise they are held back only where there is one connection.
 *
 * @param alone whether there is one connection
 * @param waiting how many wait, for their turn to ask or for a connection
 * @param now milliseconds that only grow
 */
export function createPace({
  alone,
  waiting,
  now = () => performance.now(),
}: {
  alone: boolean;
  waiting(): number;
  now?: () => number;
}): Pace {
  let last: Promise<unknown> = Promise.resolve();
  let restUntil = 0;

  const byItself = async <T>(step: (begun: () => void) => Promise<T>): Promise<T> => {
    while (waiting() > 0 && now() < restUntil) await pause(lookMs);
    let startedAt = now();
    try {
      return await step(() => {
        startedAt = now();
      });
    } finally {
      const endedAt = now();
      restUntil = endedAt + Math.min(longestRestMs, restShare * (endedAt - startedAt));
    }
  };

  return {
    turn(step) {
      if (!alone && waiting() === 0) return step(() => undefined);
      const mine = last.then(() => byItself(step));
      last = mine.catch(() => undefined);
      return mine;
    },
  };
}
