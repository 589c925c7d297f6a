import type { Decision } from '../../kernel/call.ts';
import type { JsonObject } from '../../kernel/json.ts';
import type { OrgId, Principal } from '../../kernel/principal.ts';
import type { Tool } from '../../kernel/tool.ts';
import { createBench } from './candidate.ts';
import type { ExplainCall } from './cases.ts';
import type { PolicyCheck } from './check.ts';
import { createExplainer } from './explaining.ts';
import { type PolicySettings, vocabularyOf } from './force.ts';
import { createKeeper, type KeeperDeps } from './keeper.ts';
import type { PastDecisions } from './past.ts';
import { type ProjectionSettings, projectArguments } from './projection.ts';
import { createRehearsals, type Rehearsals } from './rehearsals.ts';
import { denial, type NamedRule } from './ruleset.ts';
import { createPolicyStore, type PolicyStore } from './saved.ts';
import { type CallOrigin, situationOf } from './situation.ts';

const noPast: PastDecisions = async function* () {};
const noVersion = 'none';

export interface PolicyDeps extends KeeperDeps, PolicySettings {
  /** What rehearsals are held on; nothing when absent. */
  past?: PastDecisions;
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
  /** Number of the organisation's own policies as they stand together; absent where none were ever saved. */
  set?: number;
  /** Version of the rules that all organisations share. */
  shared?: string;
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
  /** Version of the rules in force for an organisation; undefined while it is denied everything. */
  versionFor(org: OrgId): string | undefined;
  /** Whether the rules of an organisation can allow something with consent alone. */
  asksConsent(org: OrgId): boolean;
  store: PolicyStore;
  /** Tries policies on what was decided before. */
  rehearsals: Rehearsals;
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

  /** As a text to be saved: a file of the folder may hold nothing but comments. */
  function check(text: string): PolicyCheck {
    const checked = keeper.vocabulary().checker.check(text);
    const isHollow = checked.rules.length === 0 && checked.faults.length === 0;
    return isHollow ? { ...checked, faults: [{ message: 'it holds no rule' }] } : checked;
  }

  const bench = createBench();
  const store = createPolicyStore({ db, clock, keeper, bench, check });
  const rehearsals = createRehearsals({ db, keeper, bench, store, past: deps.past ?? noPast });

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
    const { allowed, unattended, rules, errors, consent } = judgement;
    const decision: Decision = { allowed, unattended, rules, policyVersion: ruleSet.version, context };
    if (consent) decision.consent = consent;
    if (force.set) decision.policySet = force.set;
    const projected = keeper.vocabulary().projections.names.get(tool.id);
    if (projected) decision.projected = projected;
    if (faults.length > 0) decision.unreadable = true;
    if (errors.length > 0) decision.errors = errors;
    return decision;
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
    versionFor(org) {
      const force = keeper.inForce(org);
      return 'ruleSet' in force ? force.ruleSet.version : undefined;
    },
    asksConsent(org) {
      const force = keeper.inForce(org);
      return 'ruleSet' in force && force.ruleSet.asksConsent;
    },
    store,
    rehearsals,
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
      const shared = keeper.common()?.ruleSet.version;
      return {
        version: force.ruleSet.version,
        ...(force.set ? { set: force.set } : {}),
        ...(shared === undefined ? {} : { shared }),
        schema,
        rules,
      };
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
