import type { OrgId } from '../../../kernel/principal.ts';

/** Work in one of so many places; of each key at most one at a time. */
export interface Places {
  /**
   * Begins it when there is room, before others if it is urgent. It takes the place of one of its key that waits; while
   * one runs, nothing is done.
   */
  enter(work: PlacedWork, urgent?: boolean): void;
  /** It does not wait any more. */
  leave(key: string): void;
  /** So many places there are from now on, for so many organisations. */
  divide(places: number, orgs: number): void;
  isRunning(key: string): boolean;
  /** Begins nothing any more, and resolves when all that runs is over. */
  stop(): Promise<void>;
}

export interface PlacedWork {
  org: OrgId;
  key: string;
  /** Never rejects. */
  run(): Promise<void>;
}

/**
 * Each organisation has its even part of the places, and one at least, so that the slow work of one leaves room for the
 * others; of those that have room the one with the least running goes first.
 */
export function createPlaces(places: number): Places {
  const running = new Map<string, { org: OrgId; over: Promise<void> }>();
  let waiting: PlacedWork[] = [];
  let limit = places;
  let share = places;
  let stopped = false;

  const countOf = (org: OrgId) => [...running.values()].filter((one) => one.org === org).length;

  const next = (): PlacedWork | undefined => {
    let best: { work: PlacedWork; count: number } | undefined;
    for (const work of waiting) {
      const count = countOf(work.org);
      if (count < share && (!best || count < best.count)) best = { work, count };
    }
    return best?.work;
  };

  const fill = () => {
    while (!stopped && running.size < limit) {
      const work = next();
      if (!work) return;
      waiting = waiting.filter((one) => one !== work);
      const over = work.run().finally(() => {
        running.delete(work.key);
        fill();
      });
      running.set(work.key, { org: work.org, over });
    }
  };

  return {
    enter(work, urgent = false) {
      if (running.has(work.key)) return;
      const at = waiting.findIndex(({ key }) => key === work.key);
      if (at >= 0 && !urgent) waiting[at] = work;
      else {
        const others = waiting.filter(({ key }) => key !== work.key);
        waiting = urgent ? [work, ...others] : [...others, work];
      }
      fill();
    },
    leave(key) {
      waiting = waiting.filter((one) => one.key !== key);
    },
    divide(count, orgs) {
      limit = count;
      share = Math.max(1, Math.floor(count / Math.max(1, orgs)));
      fill();
    },
    isRunning: (key) => running.has(key),
    async stop() {
      stopped = true;
      waiting = [];
      await Promise.all([...running.values()].map(({ over }) => over));
    },
  };
}
