import type { Decision } from '../../kernel/call.ts';
import { NotFound } from '../../kernel/errors.ts';
import type { JsonObject } from '../../kernel/json.ts';
import type { OrgId, Principal } from '../../kernel/principal.ts';
import type { Tool } from '../../kernel/tool.ts';
import type { ExplainCall } from './cases.ts';
import { faultLine, type PolicyCheck, type PolicyFault } from './check.ts';
import { PolicyInvalid, PolicyNameInvalid, PolicyShipped, TooManyPolicies } from './errors.ts';
import { createExplainer } from './explaining.ts';
import { type PolicySettings, vocabularyOf } from './force.ts';
import { createKeeper, type KeeperDeps } from './keeper.ts';
import { type ProjectionSettings, projectArguments } from './projection.ts';
import { denial, type NamedRule } from './ruleset.ts';
import { type CallOrigin, situationOf } from './situation.ts';
import {
  addVersion,
  getPolicy,
  getVersion,
  listPolicies,
  listVersions,
  type PolicyVersion,
  type StoredPolicy,
} from './store.ts';

const namePattern = /^[a-z][a-z0-9-]{0,62}$/;
/** The name before that of each shipped rule, or such a whole name. */
const shippedPattern = /^shipped(:|$)/;
const maxPolicies = 50;
const noVersion = 'none';

export interface PolicyDeps extends KeeperDeps, PolicySettings {}

export type SavedPolicy = StoredPolicy & { warnings: readonly PolicyFault[] };

/** The policies that organisations write for themselves. Each change is a version and counts at once. */
export interface PolicyStore {
  list(org: OrgId): Promise<StoredPolicy[]>;
  /** @throws NotFound */
  get(org: OrgId, name: string): Promise<StoredPolicy>;
  /** Every version, newest first, removals included. @throws NotFound */
  history(org: OrgId, name: string): Promise<PolicyVersion[]>;
  /** @throws PolicyInvalid with line and column of each fault, PolicyNameInvalid, PolicyShipped, TooManyPolicies */
  save(org: OrgId, name: string, text: string, by: string): Promise<SavedPolicy>;
  /** Puts an older text in force again, as a new version. @throws NotFound, and what `save` throws */
  restore(org: OrgId, name: string, version: number, by: string): Promise<SavedPolicy>;
  /** @throws NotFound, PolicyShipped */
  remove(org: OrgId, name: string, by: string): Promise<void>;
}

export interface PolicyStatus {
  /** Digest of the rules shared by all organisations; undefined until loaded. */
  version: string | undefined;
  folder: string | undefined;
  /** What kept the last reload from being taken. */
  faults: readonly string[];
  /** Whether the database has been read lately enough; if not, everything is denied. */
  isFresh: boolean;
  /** Organisations with policies of their own; one with faults is denied everything. */
  organisations: readonly { org: OrgId; version: string | undefined; policies: number; faults: readonly string[] }[];
}

export interface PolicyDescription {
  version: string;
  /** The Cedar schema that policies are written against. */
  schema: string;
  /** In the order in which they were loaded; empty while the organisation is denied everything. */
  rules: readonly Pick<NamedRule, 'name' | 'origin' | 'effect' | 'description' | 'line' | 'text'>[];
  /** Why there are none. */
  reason?: string;
}

export interface Policy {
  /** Never throws, and never asks anybody: what cannot be decided is denied, with the reason in `errors`. */
  decide(principal: Principal, tool: Tool, args: JsonObject | undefined, origin?: CallOrigin): Decision;
  /**
   * The tools that the principal may see: those it may call, with consent or without, for some arguments. So a
   * forbid that reads `context.arguments` hides nothing here, and a permit counts without those of its conditions
   * that read them. Showing one tool too many does no harm: each call is decided by all rules.
   */
  visible(principal: Principal, tools: readonly Tool[], origin?: CallOrigin): Tool[];
  /** Why a call would be decided as it would be. Never throws for what cannot be decided: that is denied, and said. */
  explain: ExplainCall;
  store: PolicyStore;
  /** Whether a text would be saved, and what is wrong with it otherwise. */
  check(text: string): PolicyCheck;
  describe(org: OrgId): PolicyDescription;
  status(): PolicyStatus;
  /** Reads the folder again, under changed settings if any. Never rejects; faults leave all as it was. */
  reload(changes?: Partial<PolicySettings>): Promise<readonly string[]>;
  /** Told when rules have changed, so that listings may have. Returns the way to stop listening. */
  onChange(listener: () => void): () => void;
  /** @throws PolicySettingsFault when the folder or a file in it is not valid */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** @throws PolicySettingsFault when the projections are not valid */
export function createPolicy(deps: PolicyDeps): Policy {
  const { db, bus, clock, log, timing, folder, shipped, environment, projections } = deps;
  const keeper = createKeeper({ db, bus, clock, log, timing }, { folder, shipped, environment, projections });

  async function changed(): Promise<void> {
    keeper.tell();
    await keeper.refresh();
  }

  /** As a text to be saved: a file of the folder may hold nothing but comments. */
  function check(text: string): PolicyCheck {
    const checked = keeper.vocabulary().checker.check(text);
    const isHollow = checked.rules.length === 0 && checked.faults.length === 0;
    return isHollow ? { ...checked, faults: [{ message: 'it holds no rule' }] } : checked;
  }

  async function save(org: OrgId, name: string, text: string, by: string): Promise<SavedPolicy> {
    if (shippedPattern.test(name)) throw PolicyShipped();
    if (!namePattern.test(name)) throw PolicyNameInvalid();
    const { faults, warnings } = check(text);
    if (faults.length > 0) throw PolicyInvalid({ name, faults: faults.map(faultLine) });
    const saved = await addVersion(db, org, { name, text, by, atMs: clock.now(), limit: maxPolicies });
    if (!saved) throw TooManyPolicies({ limit: maxPolicies });
    await changed();
    return { ...saved, text, warnings };
  }

  const store: PolicyStore = {
    list: (org) => listPolicies(db, org),
    async get(org, name) {
      const policy = await getPolicy(db, org, name);
      if (!policy) throw NotFound({ what: 'policy', id: name });
      return policy;
    },
    async history(org, name) {
      const versions = await listVersions(db, org, name);
      if (versions.length === 0) throw NotFound({ what: 'policy', id: name });
      return versions;
    },
    save,
    async restore(org, name, version, by) {
      const older = await getVersion(db, org, name, version);
      if (!older || older.text === null) throw NotFound({ what: 'version of the policy', id: `${name} ${version}` });
      return save(org, name, older.text, by);
    },
    async remove(org, name, by) {
      if (shippedPattern.test(name)) throw PolicyShipped();
      const removed = await addVersion(db, org, { name, text: null, by, atMs: clock.now(), limit: maxPolicies });
      if (!removed) throw NotFound({ what: 'policy', id: name });
      await changed();
    },
  };

  function look(toolId: string | undefined, args: JsonObject | undefined, origin: CallOrigin) {
    const projected = projectArguments(keeper.vocabulary().projections, toolId ?? '', args);
    return situationOf(keeper.settings().environment, origin, projected);
  }

  function decideOrThrow(principal: Principal, tool: Tool, args: JsonObject | undefined, origin: CallOrigin): Decision {
    const { context, faults } = look(tool.id, args, origin);
    const force = keeper.inForce(principal.org);
    if ('reason' in force) return undecided(force.reason, context);
    const { ruleSet } = force;
    const judgement = faults.length > 0 ? denial([], faults) : ruleSet.judge(principal, tool, context);
    const { allowed, unattended, rules, errors } = judgement;
    const decision = { allowed, unattended, rules, policyVersion: ruleSet.version, context };
    return errors.length > 0 ? { ...decision, errors } : decision;
  }

  return {
    decide(principal, tool, args, origin = {}) {
      try {
        return decideOrThrow(principal, tool, args, origin);
      } catch (error) {
        log.error({ err: error, tool: tool.id }, 'deciding on a call failed');
        return undecided('the decision failed', { environment: keeper.settings().environment });
      }
    },
    visible(principal, tools, origin = {}) {
      const { context, faults } = look(undefined, undefined, origin);
      const force = keeper.inForce(principal.org);
      if ('reason' in force || faults.length > 0) return [];
      return force.ruleSet.filter(principal, tools, context);
    },
    explain: createExplainer(keeper),
    store,
    check,
    describe(org) {
      const { text: schema } = keeper.vocabulary().schema;
      const force = keeper.inForce(org);
      if ('reason' in force) return { version: noVersion, schema, rules: [], reason: force.reason };
      const rules = force.ruleSet.rules.map(({ name, origin, effect, description, line, text }) => ({
        name,
        origin,
        effect,
        ...(description === undefined ? {} : { description }),
        line,
        text,
      }));
      return { version: force.ruleSet.version, schema, rules };
    },
    status() {
      const { common, own, reloadFaults, isFresh } = keeper.state();
      const organisations = [...own].map(([org, force]) => ({
        org,
        version: 'ruleSet' in force ? force.ruleSet.version : undefined,
        policies: force.policies.length,
        faults: force.faults,
      }));
      return {
        version: common?.version,
        folder: keeper.settings().folder,
        faults: reloadFaults,
        isFresh,
        organisations,
      };
    },
    reload: (changes = {}) => keeper.reload(changes),
    onChange: keeper.onChange,
    start: keeper.start,
    stop: keeper.stop,
  };
}

function undecided(reason: string, context: JsonObject): Decision {
  return { allowed: false, unattended: false, rules: [reason], policyVersion: noVersion, context, errors: [reason] };
}

/** Checks a text as `save` would, without a running server. @throws PolicySettingsFault for the projections */
export function checkPolicyText(text: string, projections: ProjectionSettings = {}): PolicyCheck {
  return vocabularyOf({ projections }).checker.check(text);
}
