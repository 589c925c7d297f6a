/** Thrown when there is no place left, not even to wait. */
export class NoPlace extends Error {
  override name = 'NoPlace';
}

/** So many at once; as many more wait in line. Whoever stops waiting leaves the line at once. */
export interface Places {
  run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>;
}

// Own code because cockatiel's bulkhead keeps the place in line of a caller that went away until its turn comes: a
// few slow calls would then have callers refused while nobody waits.
export function createPlaces(count: number, waiting: number): Places {
  const line = new Set<() => void>();
  let taken = 0;

  const turn = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const proceed = () => {
        line.delete(proceed);
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        line.delete(proceed);
        reject(signal.reason);
      };
      line.add(proceed);
      signal.addEventListener('abort', leave, { once: true });
    });

  return {
    async run(work, signal) {
      signal.throwIfAborted();
      if (taken < count) taken++;
      else if (line.size >= waiting) throw new NoPlace();
      else await turn(signal); // the place of the one who left is handed over, not freed
      try {
        return await work();
      } finally {
        const [next] = line;
        if (next) next();
        else taken--;
      }
    },
  };
}
