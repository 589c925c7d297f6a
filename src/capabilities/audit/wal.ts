import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../kernel/clock.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import { type Entry, fromLine, toLine, type WrittenEntry } from './lines.ts';
import { readLines } from './readlines.ts';
import { createRecent } from './recent.ts';

interface Waiting extends WrittenEntry {
  line: Buffer;
  resolve: () => void;
  reject: (error: unknown) => void;
}

interface Segment {
  number: number;
  path: string;
  /** Bytes known to be durable. */
  size: number;
  /** Bytes known to be in the database. */
  shipped: number;
  /** Written by an earlier life: whatever its last write left there may be torn. */
  inherited: boolean;
  damaged: boolean;
  openedAt: number;
  handle?: FileHandle;
}

export interface WalBatch {
  entries: Entry[];
  /** Told when the database has all of them. */
  done(): void;
}

export interface Wal {
  /** Resolves when the entry is on disk. Entries appended at the same time share one sync. */
  append(entry: Entry): Promise<void>;
  /** The next entries that the database does not have, oldest first; undefined when it has all. */
  next(maxEntries: number, maxBytes: number): Promise<WalBatch | undefined>;
  /** The returned function says whether the database has all that was durable when this was called. */
  mark(): () => boolean;
  /** Removes segments that the database has; the one in use only when it is old, or `all` is set. */
  tidy(all?: boolean): Promise<void>;
  /** No entry of an earlier life is left to be shipped. */
  replayed(): boolean;
  stats(): { unshippedBytes: number; oldestUnshippedAt?: number; damagedLines: number };
  close(): Promise<void>;
}

export interface WalOptions {
  folder: string;
  /** A segment that reached this size is followed by a new one. */
  segmentBytes: number;
  /** A segment of this age is followed by a new one as soon as the database has it: the next start replays less. */
  segmentMs: number;
  clock: Clock;
  log: Log;
}

const namePattern = /^wal-(\d{12})\.log$/;
/** With this flag a write returns when it is durable: one way to the thread pool instead of two. Windows lacks it. */
const syncsByItself = constants.O_DSYNC !== undefined;
const { O_APPEND, O_CREAT, O_EXCL, O_WRONLY } = constants;
const openFlags = O_APPEND | O_CREAT | O_EXCL | O_WRONLY | (constants.O_DSYNC ?? 0);
const groupBytes = 4 * 1024 * 1024;
/** A write costs our threads as much as the making of several records; a turn lasts as long as its work. */
const gatherTurns = 4;
/** Of lines that need not be read again: under full load those of a second. */
const recentBytes = 8 * 1024 * 1024;

/** Opens the write-ahead file: numbered segments of lines, each made durable before `append` resolves. */
export async function openWal({ folder, segmentBytes, segmentMs, clock, log }: WalOptions): Promise<Wal> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const segments: Segment[] = await inherit(folder, clock.now());
  let lastNumber = segments.at(-1)?.number ?? 0;
  let active: Segment | undefined;
  let waiting: Waiting[] = [];
  const recent = createRecent(recentBytes);
  let flushing: Promise<void> | undefined;
  let oldestUnshippedAt: number | undefined;
  let damagedLines = 0;
  let closed = false;

  const openSegment = async (): Promise<Segment> => {
    lastNumber += 1;
    const path = join(folder, `wal-${String(lastNumber).padStart(12, '0')}.log`);
    const handle = await open(path, openFlags, 0o600);
    await syncFolder(folder);
    const segment = {
      number: lastNumber,
      path,
      size: 0,
      shipped: 0,
      inherited: false,
      damaged: false,
      openedAt: clock.now(),
      handle,
    };
    segments.push(segment);
    return segment;
  };

  const seal = async () => {
    const segment = active;
    active = undefined;
    const handle = segment?.handle;
    if (segment) delete segment.handle;
    await handle?.close().catch((err: unknown) => log.warn({ err }, 'a segment of the audit file did not close'));
  };

  const write = async (bytes: Buffer) => {
    if (active && active.size >= segmentBytes) await seal();
    active ??= await openSegment();
    for (let written = 0; written < bytes.length; ) {
      written += (await active.handle?.write(bytes, written))?.bytesWritten ?? bytes.length;
    }
    if (!syncsByItself) await active.handle?.datasync();
    active.size += bytes.length;
  };

  const flush = async () => {
    while (waiting.length > 0) {
      await gathered();
      const group = takeGroup();
      const bytes = group.length === 1 && group[0] ? group[0].line : Buffer.concat(group.map(({ line }) => line));
      try {
        try {
          await write(bytes);
        } catch (err) {
          // After a failed sync nobody can tell what the file holds, so a new one gets the same lines again.
          log.warn({ err }, 'a write to the audit file failed; trying a new segment');
          await seal();
          await write(bytes);
        }
        oldestUnshippedAt ??= clock.now();
        for (const { resolve } of group) resolve();
        if (active) remember(active, active.size - bytes.length, group);
      } catch (error) {
        await seal();
        for (const { reject } of group) reject(error);
      }
    }
    // In the same step as the last look at `waiting`: whoever appends later must find nobody flushing.
    flushing = undefined;
  };

  /** Shares a write with what the same turn of the event loop brings, and the next few as long as each brings more. */
  const gathered = async () => {
    for (let turn = 0, before = 0; turn < gatherTurns && waiting.length > before; turn++) {
      before = waiting.length;
      await new Promise((resolve) => setImmediate(resolve));
    }
  };

  const remember = ({ number }: Segment, from: number, group: readonly Waiting[]) => {
    let at = from;
    for (const { line, entry, writtenAt } of group) {
      recent.add(number, at, line, entry, writtenAt);
      at += line.length;
    }
  };

  const takeGroup = () => {
    let bytes = 0;
    let count = 0;
    for (const { line } of waiting) {
      if (count > 0 && bytes + line.length > groupBytes) break;
      bytes += line.length;
      count += 1;
    }
    const group = waiting.slice(0, count);
    waiting = waiting.slice(count);
    return group;
  };

  const current = () => segments.find((segment) => segment.shipped < segment.size);

  const batchOf = (segment: Segment, { written, end }: { written: readonly WrittenEntry[]; end: number }): WalBatch => {
    oldestUnshippedAt = written[0]?.writtenAt ?? oldestUnshippedAt;
    return {
      entries: written.map(({ entry }) => entry),
      done() {
        segment.shipped = end;
        oldestUnshippedAt = current() ? (written.at(-1)?.writtenAt ?? oldestUnshippedAt) : undefined;
      },
    };
  };

  return {
    append(entry) {
      if (closed) return Promise.reject(new Error('the audit file is closed'));
      return new Promise<void>((resolve, reject) => {
        const writtenAt = clock.now();
        waiting.push({ line: toLine(entry, writtenAt), entry, writtenAt, resolve, reject });
        flushing ??= flush();
      });
    },

    async next(maxEntries, maxBytes) {
      const segment = current();
      if (!segment) return undefined;
      const known = recent.take(segment.number, segment.shipped, maxEntries, maxBytes);
      if (known) return batchOf(segment, known);
      const { lines, end } = await readLines(segment, maxEntries, maxBytes);
      const written: WrittenEntry[] = [];
      for (const { bytes, torn, offset } of lines) {
        const entry = torn ? undefined : fromLine(bytes);
        if (entry) {
          written.push(entry);
        } else if (segment.inherited && offset + bytes.length >= segment.size - 1) {
          log.info(
            { segment: segment.number, offset },
            'the last line of the audit file was torn; nobody was told of it',
          );
        } else {
          damagedLines += 1;
          segment.damaged = true;
          log.error(
            { segment: segment.path, offset },
            'a line of the audit file is damaged and its record is lost; the file is kept beside as .damaged',
          );
        }
      }
      return batchOf(segment, { written, end });
    },

    mark() {
      const last = segments.findLast((segment) => segment.size > 0);
      const size = last?.size ?? 0;
      return () => (last?.shipped ?? 0) >= size;
    },

    async tidy(all = false) {
      const now = clock.now();
      const sealable = active && active.size > 0 && active.shipped >= active.size;
      // Not while lines are being flushed: the flush may be about to write to it.
      if (sealable && !flushing && (all || now - (active?.openedAt ?? now) >= segmentMs)) await seal();
      for (const segment of [...segments]) {
        // Looked at in the same step as it is taken out: a flush may have added to it since the loop began.
        if (segment.handle || segment.shipped < segment.size) continue;
        segments.splice(segments.indexOf(segment), 1);
        if (segment.damaged) await rename(segment.path, `${segment.path}.damaged`);
        else await rm(segment.path, { force: true });
      }
    },

    replayed: () => !segments.some((segment) => segment.inherited && segment.shipped < segment.size),

    stats: () => ({
      unshippedBytes: segments.reduce((sum, segment) => sum + segment.size - segment.shipped, 0),
      ...(oldestUnshippedAt === undefined ? {} : { oldestUnshippedAt }),
      damagedLines,
    }),

    async close() {
      closed = true;
      await flushing;
      await seal();
    },
  };
}

async function inherit(folder: string, now: number): Promise<Segment[]> {
  const names = (await readdir(folder)).filter((name) => namePattern.test(name)).sort();
  return Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      const { size } = await stat(path);
      const number = Number(namePattern.exec(name)?.[1]);
      return { number, path, size, shipped: 0, inherited: true, damaged: false, openedAt: now };
    }),
  );
}

/** A new file's name is durable only when its folder is. Not every system lets a folder be synced. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}
