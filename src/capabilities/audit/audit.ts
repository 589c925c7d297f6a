import { join } from 'node:path';
import type { AuditSettings } from '../../config/schema.ts';
import type { Clock } from '../../kernel/clock.ts';
import { ShuttingDown } from '../../kernel/errors.ts';
import { newId } from '../../kernel/ids.ts';
import type { Database, Db } from '../../platform/db/index.ts';
import type { Keyring } from '../../platform/keyring/index.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import { closeAbandoned } from './abandoned.ts';
import { createChain } from './chain.ts';
import { createDurable } from './durable.ts';
import { createGaps } from './gaps.ts';
import { createKeeper } from './keep.ts';
import { type AuditLimits, defaultLimits } from './limits.ts';
import { every, within } from './patience.ts';
import { createPlaces } from './places.ts';
import { createQuestions, type Questions } from './questions.ts';
import { callPages, exportRecords, getRecord, listRecords, wholeArguments } from './read.ts';
import { createRedactor } from './redact.ts';
import { deleteOld } from './retention.ts';
import { readCosts, readEnds, sumAfter } from './spending/store.ts';
import { endLife, purgeOrg, touchLife } from './store.ts';
import type { Audit, AuditPlace } from './types.ts';
import { verifyChain } from './verify.ts';

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
/** A reader sees what was durable before, unless the database is slower than this. */
const readWaitMs = 1_000;

/**
 * The account of every call and administrative act. What must be durable is in the database or in a write-ahead file
 * of the data folder before the promise resolves; what is in the file reaches the database soon after, or after the
 * next start. Without `start` there is no file, which does for a short command with `durability: 'database'`.
 */
export function createAudit(deps: AuditDeps): Audit {
  const { db, kind, dataDir, keyring, clock, log, settings, replicaId } = deps;
  const limits = { ...defaultLimits, ...deps.limits };
  const fileFirst = (settings.durability ?? (kind === 'embedded' ? 'file' : 'database')) === 'file';
  const life = newId('life', clock.now());
  const chain = createChain(keyring);
  const durable = createDurable({ db, kind, chain, folder: join(dataDir, 'audit'), fileFirst, limits, clock, log });
  const redactor = createRedactor({ keyring, maxBytes: settings.maxBodyBytes, redactKeys: settings.redactKeys });
  const keeper = createKeeper({ redactor, replica: replicaId, life, home: durable.home });

  let timers: (() => Promise<void>)[] = [];
  let starting: Promise<void> | undefined;
  let stopping: Promise<void> | undefined;
  const places = createPlaces({
    size: settings.queueSize,
    isClogged: () => durable.unshippedBytes() > settings.maxBacklogBytes,
  });
  const gaps = createGaps({
    persist: durable.persist,
    hasRoom: places.hasRoom,
    keeper,
    clock,
    quietMs: limits.gapQuietMs,
    log,
  });
  /** Of the calls that asked any. */
  const questions = new WeakMap<AuditPlace, Questions>();

  const sweep = async () => {
    await durable.flush(readWaitMs);
    const when = { now: clock.now(), life, home: durable.settledHome(), goneAfterMs: limits.replicaGoneMs };
    const closed = await closeAbandoned(db, chain, keeper, when);
    if (closed > 0) log.warn({ closed }, 'closed the accounts of calls and acts that nobody ended');
    return closed;
  };

  const retain = async () => {
    if (settings.retentionDays === undefined) return 0;
    const deleted = await deleteOld(db, chain, clock.now() - settings.retentionDays * dayMs, clock.now());
    if (deleted > 0) log.info({ deleted }, 'deleted audit records older than the retention');
    return deleted;
  };

  const begin = async () => {
    await durable.open();
    const troubled = (what: string) => (err: unknown) => log.warn({ err }, what);
    const beat = () => touchLife(db, life, replicaId);
    // A database that is away now does not keep the server from starting: the file stands in for it.
    await within(beat(), limits.databaseWaitMs).catch(troubled('the audit could not sign in at the database'));
    await durable.flush(limits.drainMs);
    await within(sweep(), limits.drainMs).catch(troubled('open audit intents could not be looked at'));
    timers = [
      every(limits.heartbeatMs, beat, troubled('the audit could not give a sign of life')),
      every(limits.sweepMs, sweep, troubled('open audit intents could not be looked at')),
      every(limits.gapQuietMs, () => gaps.tell('over'), troubled('gaps in the audit could not be looked at')),
      every(limits.retainMs, retain, troubled('old audit records could not be deleted')),
    ];
  };

  const end = async () => {
    await starting?.catch(() => {});
    await within(Promise.all(timers.map((stop) => stop())), limits.drainMs).catch(() => {});
    await within(gaps.tell('all'), limits.drainMs).catch(() => {});
    await durable.close();
    if (!starting) return;
    const signOff = within(endLife(db, life), limits.databaseWaitMs);
    await signOff.catch((err: unknown) => log.debug({ err }, 'the audit could not sign off at the database'));
  };

  return {
    reserve({ mayDrop = false } = {}) {
      if (stopping) throw ShuttingDown({}, { retryAfterSeconds: 2 });
      return places.take(mayDrop && settings.whenFull === 'drop');
    },
    retain,
    closeAbandoned: sweep,
    flush: (withinMs = readWaitMs) => durable.flush(withinMs),

    async intend(place, intent) {
      if (places.holds(place)) await durable.persist(keeper.intent(intent, clock.now()));
    },
    ask(place, question) {
      places.holds(place);
      const asked = questions.get(place) ?? createQuestions({ redactor, maxBytes: settings.maxBodyBytes, clock });
      questions.set(place, asked);
      return asked.ask(question, async (intent) => {
        if (places.holds(place)) await durable.persist(keeper.intent(intent, clock.now(), asked.kept()));
      });
    },
    async record(place, record) {
      const isKept = places.holds(place) || record.kind === 'act';
      await places.useUp(place, async () => {
        if (isKept) await durable.persist(keeper.record(record, questions.get(place)?.kept()));
        else gaps.drop(record);
      });
    },

    async list(org, filter = {}, cursor, limit = 50) {
      await durable.flush(readWaitMs);
      return listRecords(db, org, filter, cursor, limit);
    },
    async get(org, id) {
      await durable.flush(readWaitMs);
      return getRecord(db, org, id);
    },
    async *exportJsonl(org, filter = {}) {
      await durable.flush(limits.drainMs);
      yield* exportRecords(db, org, filter, clock.now());
    },
    async *calls(org, span) {
      await durable.flush(limits.drainMs);
      yield* callPages(db, org, span, clock.now());
    },
    spendingAfter: (org, seq, records) => sumAfter(db, org, seq, records),
    costsOf: (org, callIds) => readCosts(db, org, callIds),
    ends: () => readEnds(db),
    wholeArguments: (call) => wholeArguments(call, redactor.digest),
    async verify(org, options) {
      await durable.flush(limits.drainMs);
      return verifyChain(db, org, chain, options);
    },
    signAnew: () => chain.signAnew(db),
    purge: (trx, org) => purgeOrg(trx, org, chain.orgDigest(org), clock.now()),

    stats: () => ({
      queued: places.used(),
      queueSize: settings.queueSize,
      dropped: gaps.dropped(),
      gaps: gaps.open(),
      ...durable.stats(),
    }),
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
