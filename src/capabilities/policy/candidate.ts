import type { OrgId } from '../../kernel/principal.ts';
import { faultLine } from './check.ts';
import { createEngine, type Engine } from './engine.ts';
import { PolicyInvalid } from './errors.ts';
import { type Common, ownRules } from './force.ts';
import { createRuleSet, type NamedRule, type RuleSet } from './ruleset.ts';

/** A text under its name: that of the policy, or of the file. */
export interface NamedText {
  name: string;
  text: string;
}

/** What takes the place of what is in force; what is not given stays as it is. */
export interface Candidate {
  /** Instead of the policies that the organisation saved. */
  own?: readonly NamedText[];
  /** Instead of the files of the deployment's folder. */
  folder?: readonly NamedText[];
}

/** Where policies are tried that nothing real depends on. */
export interface Bench {
  /**
   * The rules that would be in force. `slot` is whose place in the bench they take: the last set of that name is gone.
   * @throws PolicyInvalid with every fault
   */
  ruleSet(common: Common, org: OrgId, slot: string, candidate: Required<Pick<Candidate, 'own'>> & Candidate): RuleSet;
}

/** Answers remembered for one set: past calls come in classes, and arguments make many. */
const memory = 50_000;

/** A Cedar instance of its own: what a strange text does to it happens to no decision that counts. */
export function createBench(): Bench {
  let engine: Engine | undefined;
  let schema: string | undefined;
  return {
    ruleSet(common, org, slot, candidate) {
      if (!engine || schema !== common.schema.text) {
        schema = common.schema.text;
        engine = createEngine(schema);
      }
      return createRuleSet({ engine, name: slot, schema, rules: rulesWith(common, org, candidate), memory });
    },
  };
}

function rulesWith(
  common: Common,
  org: OrgId,
  { own, folder }: Required<Pick<Candidate, 'own'>> & Candidate,
): NamedRule[] {
  const shared = folder
    ? [...common.rules.filter(({ origin }) => origin === 'shipped'), ...folderRules(common, folder)]
    : common.rules;
  const { rules, faults } = ownRules(common.checker, org, own);
  if (faults.length > 0) throw PolicyInvalid({ name: 'candidate', faults });
  return [...shared, ...rules];
}

function folderRules({ checker }: Common, files: readonly NamedText[]): NamedRule[] {
  const faults: string[] = [];
  const rules = files.flatMap(({ name, text }) => {
    const checked = checker.check(text);
    faults.push(...checked.faults.map((fault) => `${name}: ${faultLine(fault)}`));
    return checked.rules.map((rule): NamedRule => ({ ...rule, name: `${name}${rule.name}`, origin: 'folder' }));
  });
  if (faults.length > 0) throw PolicyInvalid({ name: 'candidate', faults });
  return rules;
}
