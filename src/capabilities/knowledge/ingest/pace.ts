import { setTimeout as pause } from 'node:timers/promises';

/** Lets ingestion write without those who ask having to wait for it. */
export interface Pace {
  /**
   * Writes one step: alone among those who write, and with a rest behind it as long as others wait. The step says when it has
   * the database, since it stands in the queue, too.
   */
  turn<T>(step: (begun: () => void) => Promise<T>): Promise<T>;
}

/** As long as somebody waits, others have the database for so many times what a step took. */
const restShare = 3;
const lookMs = 2;

/**
 * For a database with one connection, where whoever asks stands in one queue with whoever writes. A step of ingestion takes
 * as long as a hundred questions, so four writers side by side would let each question wait for four steps, again and again.
 *
 * @param waiting how many wait for the connection
 */
export function createPace(waiting: () => number): Pace {
  let last: Promise<unknown> = Promise.resolve();
  let restUntil = 0;

  const alone = async <T>(step: (begun: () => void) => Promise<T>): Promise<T> => {
    while (waiting() > 0 && performance.now() < restUntil) await pause(lookMs);
    let startedAt = performance.now();
    try {
      return await step(() => {
        startedAt = performance.now();
      });
    } finally {
      const endedAt = performance.now();
      restUntil = endedAt + restShare * (endedAt - startedAt);
    }
  };

  return {
    turn(step) {
      const mine = last.then(() => alone(step));
      last = mine.catch(() => undefined);
      return mine;
    },
  };
}
