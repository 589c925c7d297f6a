import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AuditSettings } from '../../config/schema.ts';
import type { Clock } from '../../kernel/clock.ts';
import { ShuttingDown } from '../../kernel/errors.ts';
import { newId } from '../../kernel/ids.ts';
import { type Database, type Db, lockDataDir } from '../../platform/db/index.ts';
import type { Keyring } from '../../platform/keyring/index.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import { closeAbandoned } from './abandoned.ts';
import { createChain } from './chain.ts';
import { createCommitter } from './commit.ts';
import { AuditQueueFull, AuditUnavailable } from './errors.ts';
import { createKeeper } from './keep.ts';
import type { Entry } from './lines.ts';
import { every, within } from './patience.ts';
import { exportRecords, getRecord, listRecords } from './read.ts';
import { createRedactor } from './redact.ts';
import { deleteOld } from './retention.ts';
import { createShipper, type Shipper } from './ship.ts';
import { endLife, purgeOrg, touchLife } from './store.ts';
import type { Audit, AuditPlace } from './types.ts';
import { verifyChain } from './verify.ts';
import { openWal, type Wal } from './wal.ts';

export interface AuditLimits {
  /** How long the database may take before the write-ahead file stands in for it. */
  databaseWaitMs: number;
  /** How long records gather in the file before they are brought to the database. */
  lingerMs: number;
  segmentBytes: number;
  segmentMs: number;
  /** No new places while the file holds more than this that the database does not have. */
  maxBacklogBytes: number;
  heartbeatMs: number;
  /** A replica that was not seen for so long is gone, and its open intents are closed. */
  replicaGoneMs: number;
  sweepMs: number;
  retainMs: number;
  /** How long `stop`, and `start` for the replay, wait for the database. */
  drainMs: number;
}

const defaultLimits: AuditLimits = {
  databaseWaitMs: 2_000,
  lingerMs: 100,
  segmentBytes: 8 * 1024 * 1024,
  segmentMs: 60_000,
  maxBacklogBytes: 1024 * 1024 * 1024,
  heartbeatMs: 15_000,
  replicaGoneMs: 60_000,
  sweepMs: 30_000,
  retainMs: 60 * 60_000,
  drainMs: 5_000,
};

export interface AuditDeps {
  db: Db;
  kind: Database['kind'];
  /** Its folder `audit` holds the write-ahead file; one process at a time. */
  dataDir: string;
  keyring: Keyring;
  clock: Clock;
  log: Log;
  settings: AuditSettings;
  /** What people know this replica by. */
  replicaId: string;
  limits?: Partial<AuditLimits>;
}

const dayMs = 24 * 60 * 60_000;
const listWaitMs = 1_000;
/** A database that has not answered lately is asked once more before the end. */
const lastTryMs = 1_000;
const committers = { embedded: 1, postgres: 4 } as const;

/**
 * The account of every call and administrative act. What must be durable is in the database or in a write-ahead file
 * of the data folder before the promise resolves; what is in the file reaches the database soon after, or after the
 * next start. Without `start` there is no file, which does for a short command with `durability: 'database'`.
 */
export function createAudit(deps: AuditDeps): Audit {
  const { db, kind, dataDir, keyring, clock, log, settings, replicaId } = deps;
  const limits = { ...defaultLimits, ...deps.limits };
  const fileFirst = (settings.durability ?? (kind === 'embedded' ? 'file' : 'database')) === 'file';
  const folder = join(dataDir, 'audit');
  const life = newId('life', clock.now());
  const chain = createChain(keyring);
  const redactor = createRedactor({ keyring, maxBytes: settings.maxBodyBytes, redactKeys: settings.redactKeys });
  const keeper = createKeeper({ redactor, replica: replicaId, life, home: () => file?.home ?? '' });
  const committer = createCommitter({ db, chain, waitMs: limits.databaseWaitMs, concurrency: committers[kind] });

  let file: { wal: Wal; shipper: Shipper; home: string; unlock: () => void } | undefined;
  let timers: (() => Promise<void>)[] = [];
  let starting: Promise<void> | undefined;
  let stopping: Promise<void> | undefined;
  let databaseAway = false;
  let writing = 0;
  const held = new Set<AuditPlace>();

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

  const persist = async (entry: Entry) => {
    writing += 1;
    const [first, second] = fileFirst || databaseAway ? [toFile, toDatabase] : [toDatabase, toFile];
    try {
      await first(entry).catch(async (cause: unknown) => {
        await second(entry).catch((error: unknown) => {
          log.error({ err: error, first: cause, id: entry.id, orgId: entry.org }, 'an audit record could not be kept');
          throw AuditUnavailable({}, { cause: error });
        });
      });
    } finally {
      writing -= 1;
    }
  };

  const reserve = (): AuditPlace => {
    if (stopping) throw ShuttingDown();
    const backlog = file?.wal.stats().unshippedBytes ?? 0;
    if (held.size + writing >= settings.queueSize || backlog > limits.maxBacklogBytes) {
      throw AuditQueueFull({}, { retryAfterSeconds: 1 });
    }
    const place: AuditPlace = { release: () => void held.delete(place) };
    held.add(place);
    return place;
  };

  const useUp = (place: AuditPlace) => {
    if (!held.delete(place)) throw new Error('this place in the audit queue was used or released before');
  };

  const flush = async (withinMs = listWaitMs) => (file ? file.shipper.drain(withinMs) : true);

  const sweep = async () => {
    await flush();
    const home = file?.wal.replayed() ? file.home : '';
    const when = { now: clock.now(), life, home, goneAfterMs: limits.replicaGoneMs };
    const closed = await closeAbandoned(db, chain, keeper, when);
    if (closed > 0) log.warn({ closed }, 'closed the accounts of calls that nobody ended');
    return closed;
  };

  const retain = async () => {
    if (settings.retentionDays === undefined) return 0;
    const deleted = await deleteOld(db, chain, clock.now() - settings.retentionDays * dayMs, clock.now());
    if (deleted > 0) log.info({ deleted }, 'deleted audit records older than the retention');
    return deleted;
  };

  const openFile = async () => {
    const { release } = lockDataDir(folder);
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
  };

  const begin = async () => {
    await openFile();
    const troubled = (what: string) => (err: unknown) => log.warn({ err }, what);
    const beat = () => touchLife(db, life, replicaId);
    await within(beat(), limits.databaseWaitMs).catch(troubled('the audit could not sign in at the database'));
    await flush(limits.drainMs);
    await within(sweep(), limits.drainMs).catch(troubled('open audit intents could not be looked at'));
    timers = [
      every(limits.heartbeatMs, beat, troubled('the audit could not give a sign of life')),
      every(limits.sweepMs, sweep, troubled('open audit intents could not be looked at')),
      every(limits.retainMs, retain, troubled('old audit records could not be deleted')),
    ];
  };

  const end = async () => {
    await starting?.catch(() => {});
    await within(Promise.all(timers.map((stop) => stop())), limits.drainMs).catch(() => {});
    if (!file) return;
    const { wal, shipper, unlock } = file;
    try {
      const until = Date.now() + limits.drainMs;
      while (writing > 0 && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 10));
      const patienceMs = shipper.failing() ? Math.min(limits.drainMs, lastTryMs) : until - Date.now();
      const drained = await shipper.drain(Math.max(1, patienceMs));
      if (!drained) log.warn(wal.stats(), 'audit records stay in the file and reach the database after the next start');
      await shipper.stop();
      await wal.close();
      await wal.tidy(true);
      await within(endLife(db, life), limits.databaseWaitMs);
    } catch (err) {
      log.warn({ err }, 'the audit did not stop cleanly; nothing of it is lost');
    } finally {
      file = undefined;
      unlock();
    }
  };

  return {
    reserve,
    flush,
    retain,
    closeAbandoned: sweep,

    async intend(place, intent) {
      if (!held.has(place)) throw new Error('this place in the audit queue was used or released before');
      await persist(keeper.intent(intent, clock.now()));
    },
    async record(place, record) {
      useUp(place);
      await persist(keeper.record(record));
    },
    async act(record) {
      useUp(reserve());
      await persist(keeper.act(record));
    },
    async list(org, filter = {}, cursor, limit = 50) {
      await flush();
      return listRecords(db, org, filter, cursor, limit);
    },
    async get(org, id) {
      await flush();
      return getRecord(db, org, id);
    },
    async *exportJsonl(org, filter = {}) {
      await flush(limits.drainMs);
      yield* exportRecords(db, org, filter, clock.now());
    },
    async verify(org, onProgress) {
      await flush(limits.drainMs);
      return verifyChain(db, org, chain, onProgress);
    },
    purge: (trx, org) => purgeOrg(trx, org, chain.orgDigest(org), clock.now()),

    stats() {
      const inFile = file?.wal.stats() ?? { unshippedBytes: 0, damagedLines: 0 };
      const oldest = 'oldestUnshippedAt' in inFile ? inFile.oldestUnshippedAt : undefined;
      return {
        queued: held.size + writing,
        queueSize: settings.queueSize,
        ...inFile,
        lagMs: oldest === undefined ? 0 : Math.max(0, clock.now() - oldest),
        databaseAway: databaseAway || (file?.shipper.failing() ?? false),
        rejected: file?.shipper.rejected() ?? 0,
      };
    },
    start() {
      starting ??= begin();
      return starting;
    },
    stop() {
      stopping ??= end();
      return stopping;
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
