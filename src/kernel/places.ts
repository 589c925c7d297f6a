/** Thrown when there is no place left, not even to wait. */
export class NoPlace extends Error {
  override name = 'NoPlace';
}

/** So many at once; as many more wait in line. Whoever stops waiting leaves the line at once. */
export interface Places {
  /** @param order in line, the lowest first; those of one order stand as they came */
  run<T>(work: () => Promise<T>, signal: AbortSignal, order?: number): Promise<T>;
}

// Own code because cockatiel's bulkhead keeps the place in line of a caller that went away until its turn comes: a
// few slow calls would then have callers refused while nobody waits.
export function createPlaces(count: number, waiting: number): Places {
  const line: { order: number; proceed(): void }[] = [];
  let taken = 0;

  const turn = (signal: AbortSignal, order: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const mine = {
        order,
        proceed() {
          line.shift();
          signal.removeEventListener('abort', leave);
          resolve();
        },
      };
      const leave = () => {
        line.splice(line.indexOf(mine), 1);
        reject(signal.reason);
      };
      line.splice(line.findLastIndex((other) => other.order <= order) + 1, 0, mine);
      signal.addEventListener('abort', leave, { once: true });
    });

  return {
    async run(work, signal, order = 0) {
      signal.throwIfAborted();
      if (taken < count) taken++;
      else if (line.length >= waiting) throw new NoPlace();
      else await turn(signal, order); // the place of the one who left is handed over, not freed
      try {
        return await work();
      } finally {
        const [next] = line;
        if (next) next.proceed();
        else taken--;
      }
    },
  };
}
