import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../kernel/clock.ts';
import { type Database, type Db, lockDataDir } from '../../platform/db/index.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import type { Chain } from './chain.ts';
import { createCommitter } from './commit.ts';
import { AuditUnavailable } from './errors.ts';
import type { AuditLimits } from './limits.ts';
import type { Entry } from './lines.ts';
import { createShipper, type Shipper } from './ship.ts';
import type { AuditStats } from './types.ts';
import { openWal, type Wal } from './wal.ts';

/** Makes entries durable: in the write-ahead file or in the database, each standing in for the other. */
export interface Durable {
  /** @throws AuditUnavailable */
  persist(entry: Entry): Promise<void>;
  /** Resolves with true when the database has what was durable at the call, with false after `withinMs`. */
  flush(withinMs: number): Promise<boolean>;
  unshippedBytes(): number;
  /** Names the data folder once all that an earlier life left in it is in the database; empty until then. */
  settledHome(): string;
  home(): string;
  stats(): Omit<AuditStats, 'queued' | 'queueSize' | 'dropped' | 'gaps'>;
  /** @throws DataDirInUse */
  open(): Promise<void>;
  /** Finishes what runs, brings the file to the database as far as that answers, and lets go of the folder. */
  close(): Promise<void>;
}

export interface DurableOptions {
  db: Db;
  kind: Database['kind'];
  chain: Chain;
  folder: string;
  fileFirst: boolean;
  limits: AuditLimits;
  clock: Clock;
  log: Log;
}

/** Each holds a connection of the pool, of which the embedded database has one. */
const concurrentCommits = { embedded: 1, postgres: 4 } as const;
/** A database that has not answered lately is asked once more before the end. */
const lastTryMs = 1_000;

export function createDurable({ db, kind, chain, folder, fileFirst, limits, clock, log }: DurableOptions): Durable {
  const committer = createCommitter({ db, chain, waitMs: limits.databaseWaitMs, concurrency: concurrentCommits[kind] });
  let file: { wal: Wal; shipper: Shipper; home: string; unlock: () => void } | undefined;
  /** Once it did not answer, nobody is made to wait for it until the file has reached it. */
  let databaseAway = false;
  let writing = 0;

  const toFile = async (entry: Entry) => {
    if (!file) throw new Error('the write-ahead file is not open');
    await file.wal.append(entry);
    file.shipper.wake();
  };

  const toDatabase = async (entry: Entry) => {
    try {
      await committer.commit(entry);
      databaseAway = false;
    } catch (error) {
      if (!databaseAway) log.warn({ err: error }, 'the database did not take an audit record in time');
      databaseAway = true;
      throw error;
    }
  };

  const flush = async (withinMs: number) => (file ? file.shipper.drain(withinMs) : true);

  return {
    async persist(entry) {
      const [first, second] = fileFirst || databaseAway ? [toFile, toDatabase] : [toDatabase, toFile];
      writing += 1;
      try {
        await first(entry).catch(async (cause: unknown) => {
          await second(entry).catch((error: unknown) => {
            log.error(
              { err: error, first: cause, id: entry.id, orgId: entry.org },
              'an audit record could not be kept',
            );
            throw AuditUnavailable({}, { cause: error });
          });
        });
      } finally {
        writing -= 1;
      }
    },

    flush,
    unshippedBytes: () => file?.wal.stats().unshippedBytes ?? 0,
    home: () => file?.home ?? '',
    settledHome: () => (file?.wal.replayed() ? file.home : ''),

    stats() {
      const inFile = file?.wal.stats();
      const oldest = inFile?.oldestUnshippedAt;
      return {
        unshippedBytes: inFile?.unshippedBytes ?? 0,
        ...(oldest === undefined ? {} : { oldestUnshippedAt: oldest }),
        lagMs: oldest === undefined ? 0 : Math.max(0, clock.now() - oldest),
        databaseAway: databaseAway || (file?.shipper.failing() ?? false),
        damagedLines: inFile?.damagedLines ?? 0,
        rejected: file?.shipper.rejected() ?? 0,
      };
    },

    async open() {
      const { release } = lockDataDir(folder, 'the write-ahead file of the audit');
      try {
        const home = await readHome(folder);
        const { segmentBytes, segmentMs } = limits;
        const wal = await openWal({ folder, segmentBytes, segmentMs, clock, log });
        const shipper = createShipper({
          db,
          chain,
          wal,
          rejectedFile: join(folder, 'rejected.jsonl'),
          lingerMs: limits.lingerMs,
          // More than callers are made to wait: nobody does here, and a retry finds what the first try did after all.
          waitMs: limits.databaseWaitMs * 5,
          tidyMs: Math.max(1, limits.segmentMs / 4),
          onCaughtUp: () => {
            databaseAway = false;
          },
          log,
        });
        file = { wal, shipper, home, unlock: release };
      } catch (error) {
        release();
        throw error;
      }
    },

    async close() {
      if (!file) return;
      const { wal, shipper, unlock } = file;
      try {
        const until = Date.now() + limits.drainMs;
        while (writing > 0 && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 10));
        const drained = await flush(Math.max(1, shipper.failing() ? lastTryMs : until - Date.now()));
        if (!drained)
          log.warn(wal.stats(), 'audit records stay in the file and reach the database after the next start');
        await shipper.stop();
        await wal.close();
        await wal.tidy(true);
      } catch (err) {
        log.warn({ err }, 'the write-ahead file was not closed cleanly; nothing of it is lost');
      } finally {
        file = undefined;
        unlock();
      }
    },
  };
}

/** Names this data folder, so that the next life on it knows which open intents are its own. */
async function readHome(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, 'home');
  try {
    const known = await readFile(path, 'utf8');
    if (/^[0-9a-f]{32}$/.test(known)) return known;
  } catch {
    // Not there yet.
  }
  const made = randomBytes(16).toString('hex');
  const handle = await open(path, 'w', 0o600);
  await handle.writeFile(made);
  await handle.sync().finally(() => handle.close());
  return made;
}
