import { createPlaces } from '../../../kernel/places.ts';

/**
 * Questions take turns at the index: so many at once, the others in the order in which they came. One that is begun again, or
 * consists of several, takes more than one turn and goes before all who came after it: nobody waits for those more than once.
 */
export interface Turns {
  /** @param arrived when the question came, in milliseconds that only grow */
  take<T>(work: () => Promise<T>, signal: AbortSignal, arrived: number): Promise<T>;
  /** How many are in line. */
  waiting(): number;
}

/**
 * A hundred questions side by side would each be a hundred times as long under way, and each document that is replaced
 * meanwhile has those begun again that found it.
 */
export function createTurns(count: number): Turns {
  const places = createPlaces(count, Number.POSITIVE_INFINITY);
  let waiting = 0;
  return {
    async take(work, signal, arrived) {
      let isWaiting = true;
      waiting++;
      const leave = () => {
        if (isWaiting) waiting--;
        isWaiting = false;
      };
      return await places
        .run(
          () => {
            leave();
            return work();
          },
          signal,
          arrived,
        )
        .finally(leave);
    },
    waiting: () => waiting,
  };
}
