/** Values by organisation and passage, the last used ones, for some minutes. */
export interface Remembered<V> {
  get(org: string, passage: number): V | undefined;
  keep(org: string, passage: number, value: V): void;
}

/** What was removed, or whose key is gone, is not held here for longer. */
const keptMs = 5 * 60_000;

/**
 * Of a passage that never changes, under a number that is never given again, what was read once need not be brought from the
 * database each time. What is kept here says nothing of who may read it: only what a statement has just let through is looked up.
 *
 * @param most what all of them weigh together at most
 * @param now milliseconds that only grow
 */
export function createRemembered<V>(
  most: number,
  weigh: (value: V) => number,
  now: () => number = () => performance.now(),
): Remembered<V> {
  const entries = new Map<string, { value: V; weight: number; until: number }>(); // the longest unused first
  let weight = 0;
  const drop = (key: string) => {
    weight -= entries.get(key)?.weight ?? 0;
    entries.delete(key);
  };
  return {
    get(org, passage) {
      const key = `${org} ${passage}`;
      const entry = entries.get(key);
      if (!entry) return undefined;
      if (entry.until < now()) return void drop(key);
      entries.delete(key);
      entries.set(key, entry);
      return entry.value;
    },
    keep(org, passage, value) {
      const key = `${org} ${passage}`;
      drop(key);
      const entry = { value, weight: weigh(value), until: now() + keptMs };
      entries.set(key, entry);
      weight += entry.weight;
      for (const oldest of entries.keys()) {
        if (weight <= most) return;
        drop(oldest);
      }
    },
  };
}
