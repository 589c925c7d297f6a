import { appendFile, open } from 'node:fs/promises';
import type { OrgId } from '../../kernel/principal.ts';
import type { Db } from '../../platform/db/index.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import type { Chain } from './chain.ts';
import type { Entry } from './lines.ts';
import { within } from './patience.ts';
import type { Wal, WalBatch } from './wal.ts';

export interface Shipper {
  /** Says that the file has something new. */
  wake(): void;
  /** Resolves with true when all that was in the file at the call is in the database, with false after `withinMs`. */
  drain(withinMs: number): Promise<boolean>;
  /** The last attempt failed. */
  failing(): boolean;
  rejected(): number;
  stop(): Promise<void>;
}

export interface ShipperOptions {
  db: Db;
  chain: Chain;
  wal: Wal;
  /** Takes, one JSON text a line, what the database refuses for its content. */
  rejectedFile: string;
  /** Pause in which entries gather, so that an intent and its record mostly travel together. */
  lingerMs: number;
  waitMs: number;
  tidyMs: number;
  /** The database has everything that the file held. */
  onCaughtUp(): void;
  log: Log;
}

const batchEntries = 512;
const batchBytes = 1024 * 1024;
const longestPauseMs = 5_000;

/** Brings the write-ahead file to the database, in order, batch by batch, for as long as it runs. */
export function createShipper(options: ShipperOptions): Shipper {
  const { db, chain, wal, rejectedFile, lingerMs, waitMs, tidyMs, onCaughtUp, log } = options;
  let stopping = false;
  let failures = 0;
  let rejected = 0;
  /** Somebody waits: no pause until the next pass. */
  let hurried = false;
  let waiters: { reached: () => boolean; resolve: () => void }[] = [];
  let asleep: { wakeable: boolean; end: () => void } | undefined;

  const sleep = (ms: number, wakeable: boolean) =>
    new Promise<void>((resolve) => {
      if (hurried || stopping) return resolve();
      const timer = setTimeout(() => asleep?.end(), ms);
      timer.unref();
      const end = () => {
        clearTimeout(timer);
        asleep = undefined;
        resolve();
      };
      asleep = { wakeable, end };
    });

  const shipBatch = async (batch: WalBatch) => {
    for (const [org, entries] of byOrg(batch.entries)) {
      try {
        await within(chain.append(db, org, entries), waitMs);
      } catch (error) {
        if (!isContentFault(error)) throw error;
        await shipOneByOne(org, entries);
      }
    }
    batch.done();
  };

  // One entry that the database will never take must not hold up the others for ever.
  const shipOneByOne = async (org: OrgId, entries: readonly Entry[]) => {
    for (const entry of entries) {
      try {
        await within(chain.append(db, org, [entry]), waitMs);
      } catch (error) {
        if (!isContentFault(error)) throw error;
        rejected += 1;
        await appendFile(rejectedFile, `${JSON.stringify(entry)}\n`, { mode: 0o600 });
        const handle = await open(rejectedFile, 'r+');
        await handle.sync().finally(() => handle.close());
        log.error(
          { err: error, orgId: org, id: entry.id, file: rejectedFile },
          'the database refuses an audit record; it is kept in a file beside',
        );
      }
    }
  };

  const tellWaiters = () => {
    for (const { reached, resolve } of waiters) if (reached()) resolve();
    waiters = waiters.filter(({ reached }) => !reached());
  };

  const shipAll = async () => {
    let shipped = false;
    for (
      let batch = await wal.next(batchEntries, batchBytes);
      batch;
      batch = await wal.next(batchEntries, batchBytes)
    ) {
      await shipBatch(batch);
      if (failures > 0) log.info({ failures }, 'the database takes audit records again');
      failures = 0;
      tellWaiters();
      shipped = true;
      // Under load there is always something new, which would travel in ever smaller batches.
      if (batch.entries.length < batchEntries && !hurried) break;
    }
    if (shipped) onCaughtUp();
    await wal.tidy().catch((err: unknown) => log.warn({ err }, 'old segments of the audit file could not be removed'));
  };

  const run = async () => {
    while (!stopping) {
      hurried = false;
      try {
        await shipAll();
        if (wal.stats().unshippedBytes === 0) await sleep(tidyMs, true);
        await sleep(lingerMs, false);
      } catch (err) {
        failures += 1;
        const level = failures === 1 ? 'warn' : 'debug';
        log[level]({ err, ...wal.stats() }, 'audit records cannot reach the database; they stay in the file');
        await sleep(Math.min(longestPauseMs, 100 * 2 ** Math.min(failures, 6)), false);
      }
    }
  };
  const running = run();

  const hurry = () => {
    hurried = true;
    asleep?.end();
  };

  return {
    wake() {
      if (asleep?.wakeable) asleep.end();
    },
    async drain(withinMs) {
      const reached = wal.mark();
      if (reached()) return true;
      const told = new Promise<void>((resolve) => waiters.push({ reached, resolve }));
      hurry();
      await within(told, withinMs).catch(() => {});
      return reached();
    },
    failing: () => failures > 0,
    rejected: () => rejected,
    async stop() {
      stopping = true;
      hurry();
      await running;
    },
  };
}

function byOrg(entries: readonly Entry[]): Map<OrgId, Entry[]> {
  const groups = new Map<OrgId, Entry[]>();
  for (const entry of entries) {
    const group = groups.get(entry.org);
    if (group) group.push(entry);
    else groups.set(entry.org, [entry]);
  }
  return groups;
}

/** SQLSTATE classes that trying again does not mend: data, integrity, and limits of the program. */
function isContentFault(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' && /^(22|23|54)...$/.test(code);
}
