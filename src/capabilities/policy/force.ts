import type { OrgId } from '../../kernel/principal.ts';
import { type Checker, createChecker, faultLine } from './check.ts';
import { createEngine, type Engine } from './engine.ts';
import { PolicySettingsFault } from './errors.ts';
import { readCommonRules } from './folder.ts';
import { type ProjectionSettings, type Projections, parseProjections } from './projection.ts';
import { createRuleSet, type NamedRule, type RuleSet } from './ruleset.ts';
import { type Schema, schemaFor } from './schema.ts';
import type { StoredPolicy } from './store.ts';

export interface PolicySettings {
  /** Folder with `.cedar` files for every organisation. */
  folder?: string | undefined;
  /** Such files in the place of a folder. */
  files?: readonly string[] | undefined;
  /** Whether the shipped roles are in force. */
  shipped: boolean;
  /** Name that policies read as `context.environment`. */
  environment: string;
  projections: ProjectionSettings;
}

/** What policies can speak about, and who checks that they do. */
export interface Vocabulary {
  projections: Projections;
  schema: Schema;
  checker: Checker;
}

/** The rules that all organisations share, and the engine that knows them. */
export interface Common extends Vocabulary {
  settings: PolicySettings;
  engine: Engine;
  rules: readonly NamedRule[];
  ruleSet: RuleSet;
}

/** The rules that hold, or the reason for which there are none and everything is denied. */
export type Force = { ruleSet: RuleSet; set?: number } | { reason: string };

/** What holds for an organisation that has policies of its own. */
export type OwnForce = Force & OwnPolicies & { faults: readonly string[] };

/** An organisation's own policies, and the number of the set that they are. */
export interface OwnPolicies {
  set: number;
  policies: readonly StoredPolicy[];
}

/** @throws PolicySettingsFault */
export function vocabularyOf(settings: Pick<PolicySettings, 'projections'>): Vocabulary {
  const projections = parseProjections(settings.projections);
  const schema = schemaFor(projections.types);
  return { projections, schema, checker: createChecker(schema) };
}

/** @throws PolicySettingsFault */
export async function loadCommon(settings: PolicySettings, vocabulary: Vocabulary): Promise<Common> {
  const { schema, checker } = vocabulary;
  const rules = await readCommonRules(checker, settings);
  const engine = createEngine(schema.text);
  const ruleSet = createRuleSet({ engine, name: 'common', schema: schema.text, rules });
  return { ...vocabulary, settings, engine, rules, ruleSet };
}

/**
 * Puts the shared rules and an organisation's own into one set, used for that organisation alone: so no policy of
 * its own can say anything about another. One that is not valid (any more) leaves no rule set, hence no permission.
 */
export function forceOf(common: Common, org: OrgId, { set, policies }: OwnPolicies): OwnForce {
  const { engine, schema, checker } = common;
  const { rules: own, faults } = ownRules(checker, org, policies);
  const reason = 'a policy of this organisation is not valid';
  if (faults.length > 0) return { set, policies, faults, reason };
  if (own.length === 0) return { set, policies, faults, ruleSet: common.ruleSet };
  const rules = [...common.rules, ...own];
  try {
    return {
      set,
      policies,
      faults,
      ruleSet: createRuleSet({ engine, name: `org ${org}`, schema: schema.text, rules }),
    };
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    return { set, policies, faults: [`policies of ${org}: ${said}`], reason };
  }
}

/** The rules of policies, each named after the policy that it stands in. */
export function ownRules(
  checker: Checker,
  org: OrgId,
  policies: readonly { name: string; text: string }[],
): { rules: NamedRule[]; faults: string[] } {
  const faults: string[] = [];
  const rules = policies.flatMap(({ name, text }) => {
    const checked = checker.check(text);
    faults.push(...checked.faults.map((fault) => `policy "${name}" of ${org}: ${faultLine(fault)}`));
    return checked.rules.map((rule): NamedRule => ({ ...rule, name: `${name}${rule.name}`, origin: 'database' }));
  });
  return { rules, faults };
}

/** Why policies could not start under these settings; empty when they can. Each fault names its file or key. */
export async function policySettingsFaults(settings: PolicySettings): Promise<string[]> {
  try {
    await readCommonRules(vocabularyOf(settings).checker, settings);
    return [];
  } catch (error) {
    if (error instanceof PolicySettingsFault) return [...error.faults];
    throw error;
  }
}
