import type { Clock } from '../../kernel/clock.ts';
import type { OrgId } from '../../kernel/principal.ts';

interface Entry<T> {
  org: OrgId;
  tags: readonly string[];
  value: T;
  bytes: number;
  storedAt: number;
  until: number;
}

/** What is kept of one result. */
export interface Kept<T> {
  value: T;
  ageMs: number;
  leftMs: number;
}

/** Which invalidations had come when a value began to be made. */
export type Mark = readonly number[];

/** Values that are good for a time, in bounded memory; those that were not asked for longest go first. */
export function createEntries<T>({ clock, maxBytes }: { clock: Clock; maxBytes: () => number }) {
  const entries = new Map<string, Entry<T>>();
  /** By organisation, and by organisation and tag: how often it was invalidated. */
  const generations = new Map<string, number>();
  let bytes = 0;

  const drop = (key: string) => {
    const entry = entries.get(key);
    if (!entry) return;
    bytes -= entry.bytes;
    entries.delete(key);
  };
  const markOf = (org: OrgId, tags: readonly string[]): Mark =>
    [org, ...tags.map((tag) => `${org} ${tag}`)].map((name) => generations.get(name) ?? 0);

  return {
    find(key: string): Kept<T> | undefined {
      const entry = entries.get(key);
      if (!entry) return undefined;
      const now = clock.now();
      if (now >= entry.until || now < entry.storedAt) {
        drop(key);
        return undefined;
      }
      entries.delete(key);
      entries.set(key, entry);
      return { value: entry.value, ageMs: now - entry.storedAt, leftMs: entry.until - now };
    },
    /** Whether nothing that has one of the tags was invalidated since. */
    holds: (org: OrgId, tags: readonly string[], mark: Mark): boolean =>
      markOf(org, tags).every((generation, at) => generation === mark[at]),
    markOf,
    put(key: string, org: OrgId, value: T, of: { tags: readonly string[]; bytes: number; ttlMs: number }): void {
      drop(key);
      if (of.bytes > maxBytes() / 10) return; // one must not push out all others
      const storedAt = clock.now();
      entries.set(key, { org, tags: of.tags, value, bytes: of.bytes, storedAt, until: storedAt + of.ttlMs });
      bytes += of.bytes;
      for (const oldest of entries.keys()) {
        if (bytes <= maxBytes()) break;
        drop(oldest);
      }
    },
    /** Of an organisation those with one of the tags; all of them without any. Returns how many. */
    invalidate(org: OrgId, tags?: readonly string[]): number {
      for (const name of tags ? tags.map((tag) => `${org} ${tag}`) : [org])
        generations.set(name, (generations.get(name) ?? 0) + 1);
      let dropped = 0;
      for (const [key, entry] of entries) {
        if (entry.org !== org || (tags && !entry.tags.some((tag) => tags.includes(tag)))) continue;
        drop(key);
        dropped++;
      }
      return dropped;
    },
    clear(): void {
      entries.clear();
      bytes = 0;
    },
    size: () => ({ entries: entries.size, bytes }),
    sizeOf: (org: OrgId) => {
      const all = [...entries.values()].filter((entry) => entry.org === org);
      return { entries: all.length, bytes: all.reduce((sum, entry) => sum + entry.bytes, 0) };
    },
  };
}
