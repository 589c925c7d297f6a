import type { Clock } from '../../kernel/clock.ts';
import type { OrgId } from '../../kernel/principal.ts';
import type { Bus } from '../../platform/bus/types.ts';
import type { Db } from '../../platform/db/types.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import { PolicySettingsFault } from './errors.ts';
import {
  type Common,
  forceOf,
  loadCommon,
  type OwnForce,
  type PolicySettings,
  type Vocabulary,
  vocabularyOf,
} from './force.ts';
import type { RuleSet } from './ruleset.ts';
import { listPolicies, readRevisions, type StoredPolicy } from './store.ts';

/** Bus topic that says: policies have changed. The message itself carries nothing. */
export const policyChanged = 'policy.changed';

export interface PolicyTiming {
  /** Time between two looks at the database: what a change elsewhere needs to count here, the bus being down. */
  pollMs: number;
  /** Time after which a look that does not come back counts as failed. */
  readTimeoutMs: number;
  /** How long the policies in memory go on counting while the database does not answer; then everything is denied. */
  maxStaleMs: number;
}

const usualTiming: PolicyTiming = { pollMs: 500, readTimeoutMs: 5_000, maxStaleMs: 30_000 };

export interface KeeperDeps {
  db: Db;
  bus: Bus;
  clock: Clock;
  log: Log;
  timing?: Partial<PolicyTiming>;
}

/** The policies in force on this replica, in memory. */
export interface Keeper {
  /** The rule set of an organisation, or the reason for which it has none. */
  inForce(org: OrgId): { ruleSet: RuleSet } | { reason: string };
  vocabulary(): Vocabulary;
  settings(): PolicySettings;
  /** Resolves when all that was committed before is seen, or reading failed: then the poll goes on trying. */
  refresh(): Promise<void>;
  /** What is at fault then; with any fault everything stays as it was. */
  reload(changes: Partial<PolicySettings>): Promise<readonly string[]>;
  onChange(listener: () => void): () => void;
  state(): KeeperState;
  /** @throws PolicySettingsFault */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface KeeperState {
  common: RuleSet | undefined;
  own: ReadonlyMap<OrgId, OwnForce>;
  reloadFaults: readonly string[];
  /** Whether the database has been read lately enough. */
  isFresh: boolean;
}

/** @throws PolicySettingsFault when the projections are not valid */
export function createKeeper({ db, bus, clock, log, timing }: KeeperDeps, first: PolicySettings): Keeper {
  const { pollMs, readTimeoutMs, maxStaleMs } = { ...usualTiming, ...timing };
  const listeners = new Set<() => void>();
  let settings = first;
  let vocabulary = vocabularyOf(settings);
  let common: Common | undefined;
  let own = new Map<OrgId, OwnForce>();
  let revisions = new Map<OrgId, string>();
  let reloadFaults: readonly string[] = [];
  let freshAt = Number.NEGATIVE_INFINITY;
  let failing = false;
  let begun = 0;
  let applied = 0;
  let running: Promise<void> | undefined;
  let queued: Promise<void> | undefined;
  let reloading: Promise<unknown> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let unsubscribe: (() => void) | undefined;
  let starting: Promise<void> | undefined;
  let polling = false;

  function tell(): void {
    for (const listener of listeners) {
      try {
        listener();
      } catch (error) {
        log.error({ err: error }, 'a listener for changed policies failed');
      }
    }
  }

  function build(with_: Common, org: OrgId, policies: readonly StoredPolicy[]): OwnForce {
    const force = forceOf(with_, org, policies);
    for (const fault of force.faults)
      log.error({ orgId: org, fault }, 'a policy is not valid: all calls of its organisation are denied');
    return force;
  }

  async function read(): Promise<void> {
    const turn = ++begun;
    const startedAt = clock.now();
    const seen = await readRevisions(db);
    // Unequal, not lower: a restored backup sets the number back.
    const changed = [...seen].filter(([org, revision]) => revisions.get(org) !== revision).map(([org]) => org);
    const rows = new Map<OrgId, StoredPolicy[]>();
    // Read after the revisions: they may be newer than those say, never older.
    for (const org of changed) rows.set(org, await listPolicies(db, org));
    // A reading that hung may come back after a later one.
    if (turn < applied || !common) return;
    const next = new Map<OrgId, OwnForce>();
    for (const org of seen.keys()) {
      const policies = rows.get(org);
      const force = policies ? build(common, org, policies) : own.get(org);
      if (force) next.set(org, force);
    }
    const isChanged = changed.length > 0 || next.size !== own.size;
    own = next;
    revisions = seen;
    applied = turn;
    freshAt = startedAt;
    if (isChanged) tell();
  }

  async function tryRead(): Promise<void> {
    try {
      await within(readTimeoutMs, read());
      if (!failing) return;
      failing = false;
      log.info('the policies can be read again');
      tell();
    } catch (error) {
      if (!failing) log.error({ err: error }, 'the policies of the organisations cannot be read');
      failing = true;
    }
  }

  function refresh(): Promise<void> {
    if (!running) {
      running = tryRead().finally(() => {
        running = undefined;
      });
      return running;
    }
    // The reading under way may have begun before the change: one more, shared by all who come meanwhile.
    queued ??= running.then(() => {
      queued = undefined;
      return refresh();
    });
    return queued;
  }

  function poll(): void {
    if (!polling) return;
    timer = setTimeout(() => void refresh().then(poll), pollMs);
    timer.unref();
  }

  async function reloadNow(changes: Partial<PolicySettings>): Promise<readonly string[]> {
    const wanted = { ...settings, ...changes };
    try {
      const words = vocabularyOf(wanted);
      const loaded = await loadCommon(wanted, words);
      const rebuilt = new Map([...own].map(([org, { policies }]) => [org, forceOf(loaded, org, policies)]));
      const broken = [...rebuilt].filter(([org, force]) => !force.ruleSet && own.get(org)?.ruleSet);
      if (broken.length > 0) throw new PolicySettingsFault(broken.flatMap(([, force]) => force.faults));
      settings = wanted;
      vocabulary = words;
      common = loaded;
      own = rebuilt;
      reloadFaults = [];
      log.info({ policyVersion: loaded.ruleSet.version, rules: loaded.rules.length }, 'the policies are loaded anew');
      tell();
    } catch (error) {
      reloadFaults = error instanceof PolicySettingsFault ? error.faults : [String(error)];
      log.error({ faults: reloadFaults }, 'the policies cannot be loaded anew; the last good ones stay in force');
    }
    return reloadFaults;
  }

  function isFresh(): boolean {
    const now = clock.now();
    freshAt = Math.min(freshAt, now); // a clock set back must not lengthen the time
    return now - freshAt <= maxStaleMs;
  }

  return {
    inForce(org) {
      if (!common) return { reason: 'the policies are not loaded yet' };
      if (!isFresh()) return { reason: 'the policies of this organisation cannot be read' };
      const force = own.get(org);
      if (!force) return { ruleSet: common.ruleSet };
      return force.ruleSet ? { ruleSet: force.ruleSet } : { reason: 'a policy of this organisation is not valid' };
    },
    vocabulary: () => vocabulary,
    settings: () => settings,
    refresh,
    reload(changes) {
      const turn = reloading.then(() => reloadNow(changes));
      reloading = turn;
      return turn;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    state: () => ({ common: common?.ruleSet, own, reloadFaults, isFresh: isFresh() }),
    start() {
      starting ??= (async () => {
        common = await loadCommon(settings, vocabulary);
        unsubscribe = bus.subscribe(policyChanged, () => void refresh());
        await refresh();
        polling = true;
        poll();
      })();
      return starting;
    },
    async stop() {
      await starting?.catch(() => {});
      polling = false;
      clearTimeout(timer);
      unsubscribe?.();
      unsubscribe = undefined;
      await Promise.all([running, queued, reloading]);
    },
  };
}

async function within(timeoutMs: number, work: Promise<void>): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  try {
    await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
