import type { Clock } from '../../kernel/clock.ts';
import type { OrgId } from '../../kernel/principal.ts';
import {
  type Bus,
  createFollower,
  type Follower,
  type FollowerTiming,
  strictTiming,
} from '../../platform/bus/index.ts';
import type { Db } from '../../platform/db/types.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import { PolicySettingsFault } from './errors.ts';
import {
  type Common,
  type Force,
  forceOf,
  loadCommon,
  type OwnForce,
  type PolicySettings,
  type Vocabulary,
  vocabularyOf,
} from './force.ts';
import type { RuleSet } from './ruleset.ts';
import { listPolicies, readRevisions, readSetNumber, type StoredPolicy } from './store.ts';

export interface KeeperDeps {
  db: Db;
  bus: Bus;
  clock: Clock;
  log: Log;
  timing?: Partial<FollowerTiming>;
}

/** The policies in force on this replica, in memory. */
export interface Keeper extends Pick<Follower<unknown>, 'tell'> {
  /** The rule set of an organisation, or the reason for which it has none. */
  inForce(org: OrgId): Force;
  vocabulary(): Vocabulary;
  /** The rules that all organisations share; undefined until they are loaded. */
  common(): Common | undefined;
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

/** An organisation's own policies as they were read. */
interface Stored {
  revision: string;
  /** Number of their set. */
  set: number;
  policies: readonly StoredPolicy[];
}

const notLoaded: Force = { reason: 'the policies are not loaded yet' };
const notReadable: Force = { reason: 'the policies of this organisation cannot be read' };

/** @throws PolicySettingsFault when the projections are not valid */
export function createKeeper({ db, bus, clock, log, timing }: KeeperDeps, first: PolicySettings): Keeper {
  const listeners = new Set<() => void>();
  let settings = first;
  let vocabulary = vocabularyOf(settings);
  let common: Common | undefined;
  let own: ReadonlyMap<OrgId, OwnForce> = new Map();
  let reloadFaults: readonly string[] = [];
  let reloading: Promise<unknown> = Promise.resolve();
  let starting: Promise<void> | undefined;

  const follower = createFollower<ReadonlyMap<OrgId, Stored>>({
    bus,
    topic: 'policy.changed',
    log,
    what: 'the policies of the organisations',
    clock,
    timing: { ...strictTiming, ...timing },
    async load(known) {
      const next = new Map<OrgId, Stored>();
      for (const [org, revision] of await readRevisions(db)) {
        const stored = known?.get(org);
        // Unequal, not lower: a restored backup sets the number back. The policies are read after the revisions: they
        // may be newer than those say, never older.
        const isSame = stored?.revision === revision;
        next.set(org, isSame ? stored : { revision, ...(await readCurrent(org)) });
      }
      return next;
    },
    take(now, before) {
      const changed = new Set([...now].filter(([org, stored]) => before?.get(org) !== stored).map(([org]) => org));
      // While the database was away everything may have been denied, and shown to nobody.
      const isChanged = changed.size > 0 || now.size !== own.size || follower.failing();
      own = new Map([...now].map(([org, stored]) => [org, (!changed.has(org) && own.get(org)) || build(org, stored)]));
      if (isChanged) tell();
    },
  });

  function tell(): void {
    for (const listener of listeners) {
      try {
        listener();
      } catch (error) {
        log.error({ err: error }, 'a listener for changed policies failed');
      }
    }
  }

  async function readCurrent(org: OrgId): Promise<Omit<Stored, 'revision'>> {
    for (;;) {
      const set = await readSetNumber(db, org);
      const policies = await listPolicies(db, org);
      // Somebody may have saved in between: a decision must not name a set that it was not made by.
      if (set === (await readSetNumber(db, org))) return { set, policies };
    }
  }

  function build(org: OrgId, stored: Omit<Stored, 'revision'>): OwnForce {
    const force = forceOf(common as Common, org, stored); // loaded before anything is followed
    for (const fault of force.faults)
      log.error({ orgId: org, fault }, 'a policy is not valid: all calls of its organisation are denied');
    return force;
  }

  async function reloadNow(changes: Partial<PolicySettings>): Promise<readonly string[]> {
    const wanted = { ...settings, ...changes };
    try {
      const words = vocabularyOf(wanted);
      const loaded = await loadCommon(wanted, words);
      const rebuilt = new Map([...own].map(([org, stored]) => [org, forceOf(loaded, org, stored)]));
      const broken = [...rebuilt].filter(([org, force]) => 'reason' in force && 'ruleSet' in (own.get(org) ?? force));
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

  return {
    inForce(org) {
      if (!common) return notLoaded;
      if (!follower.current()) return notReadable;
      return own.get(org) ?? common;
    },
    vocabulary: () => vocabulary,
    common: () => common,
    settings: () => settings,
    refresh: () => follower.refresh().catch(() => undefined), // logged there
    tell: follower.tell,
    reload(changes) {
      const turn = reloading.then(() => reloadNow(changes));
      reloading = turn;
      return turn;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    state: () => ({ common: common?.ruleSet, own, reloadFaults, isFresh: follower.current() !== undefined }),
    start() {
      starting ??= (async () => {
        common = await loadCommon(settings, vocabulary);
        await follower.start().catch(() => undefined); // everything is denied until they can be read
      })();
      return starting;
    },
    async stop() {
      await starting?.catch(() => {});
      await Promise.all([follower.stop(), reloading]);
    },
  };
}
