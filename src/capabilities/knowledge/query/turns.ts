import { createPlaces } from '../../../kernel/places.ts';

/** Questions take turns at the index: so many at once, the others in the order in which they came. */
export interface Turns {
  take<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>;
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
    async take(work, signal) {
      let isWaiting = true;
      waiting++;
      const leave = () => {
        if (isWaiting) waiting--;
        isWaiting = false;
      };
      return await places
        .run(() => {
          leave();
          return work();
        }, signal)
        .finally(leave);
    },
    waiting: () => waiting,
  };
}
