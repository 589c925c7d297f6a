import type { Entry } from './lines.ts';

/** What was written last, kept until the database has it: then nobody has to read and check it again. */
export interface Recent {
  /** An entry that stands from `start` to `end` in the segment of this number. */
  add(segment: number, start: number, end: number, entry: Entry, writtenAt: number): void;
  /** What stands there from `start` on; undefined when it has to be read from the file. */
  take(segment: number, start: number, maxEntries: number, maxBytes: number): RecentBatch | undefined;
}

export interface RecentBatch {
  written: { entry: Entry; writtenAt: number }[];
  end: number;
}

interface Kept {
  segment: number;
  start: number;
  end: number;
  entry: Entry;
  writtenAt: number;
}

/** Of at most `maxBytes` of lines: while the database is away the file alone has the rest. */
export function createRecent(maxBytes: number): Recent {
  let kept: Kept[] = [];
  let bytes = 0;

  const drop = (count: number) => {
    for (let at = 0; at < count; at++) bytes -= lengthOf(kept[at] as Kept);
    kept = kept.slice(count);
  };

  return {
    add(segment, start, end, entry, writtenAt) {
      if (bytes + (end - start) > maxBytes) return;
      bytes += end - start;
      kept.push({ segment, start, end, entry, writtenAt });
    },

    take(segment, start, maxEntries, maxBytesNow) {
      const isPast = (one: Kept) => one.segment < segment || (one.segment === segment && one.start < start);
      const first = kept.findIndex((one) => !isPast(one));
      drop(first < 0 ? kept.length : first);
      let end = start;
      let count = 0;
      for (const one of kept) {
        if (one.segment !== segment || one.start !== end || count === maxEntries) break;
        if (count > 0 && one.end - start > maxBytesNow) break;
        end = one.end;
        count += 1;
      }
      // Not taken out yet: the same is asked for again when the database did not take it.
      return count === 0 ? undefined : { written: kept.slice(0, count), end };
    },
  };
}

function lengthOf({ start, end }: Kept): number {
  return end - start;
}
