import { bodyOf, type Entry } from './lines.ts';

/** What was written last, kept until the database has it: then nobody has to read and check it again. */
export interface Recent {
  /** An entry whose line stands from `start` on in the segment of this number. */
  add(segment: number, start: number, line: Buffer, entry: Entry, writtenAt: number): void;
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
  /** Outside of the heap: texts that live so long would be copied twice, and then wait for a full collection. */
  line: Buffer;
  /** Without its body, which the line has. */
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
    add(segment, start, line, entry, writtenAt) {
      if (bytes + line.length > maxBytes) return;
      bytes += line.length;
      kept.push({ segment, start, end: start + line.length, line, entry: { ...entry, body: '' }, writtenAt });
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
      if (count === 0) return undefined;
      const written = kept.slice(0, count).map((one) => ({
        entry: { ...one.entry, body: bodyOf(one.line) },
        writtenAt: one.writtenAt,
      }));
      return { written, end };
    },
  };
}

function lengthOf({ start, end }: Kept): number {
  return end - start;
}
