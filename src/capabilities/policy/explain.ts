import type { Json, JsonObject } from '../../kernel/json.ts';
import type { Principal } from '../../kernel/principal.ts';
import type { Tool } from '../../kernel/tool.ts';
import type { Part, PartReader } from './parts.ts';
import { pathsRead, valuesAt } from './paths.ts';
import { readsOf } from './reads.ts';
import { denial, type Effect, effectOf, type NamedRule, type RuleSet } from './ruleset.ts';

/** A rule as it bears on one call. */
export interface ExplainedRule {
  name: string;
  effect: 'permit' | 'forbid';
  /** `shipped`, the file of the folder, or the policy of the organisation. */
  source: string;
  /** Where it begins in there, counted from 1. */
  line: number;
  description?: string;
  /** All must hold for it to apply. */
  parts: readonly Part[];
}

/** Why a call is decided as it is. */
export interface Explanation {
  decision: Effect;
  /** Whether a listing shows the tool to this principal. */
  listed: boolean;
  /** What keeps it out of listings, where it is not shown. */
  hiddenBy?: readonly string[];
  policyVersion: string;
  /** The rules that decided, as the audit names them; the reason in words where none did. */
  rules: readonly string[];
  errors: readonly string[];
  /** Those rules, with what they ask for. */
  deciding: readonly ExplainedRule[];
  /** What was looked at by the rules named here, by path. */
  lookedAt: Record<string, Json>;
  /** What would have to differ for more to be allowed; nothing where everything is. */
  toAllow: readonly Remedy[];
}

export interface Remedy {
  /** `forbid`: the rule must not apply. `permit`: a rule such as this must apply. */
  need: 'forbid' | 'permit';
  /** What it is about: calling at all, or without consent. */
  of: 'call' | 'callUnattended';
  rule: ExplainedRule;
}

const maxPermits = 8;
/** Each takes a few milliseconds, and others wait meanwhile. */
const mostLookedAt = 60;

/** @param faults what could not be read of the call, which denies it whatever the rules say */
export function explain(
  { ruleSet, reader }: { ruleSet: RuleSet; reader: PartReader },
  {
    principal,
    tool,
    context,
    faults,
  }: { principal: Principal; tool: Tool; context: JsonObject; faults: readonly string[] },
): Explanation {
  const judgement = ruleSet.judge(principal, tool, context);
  const verdicts = ruleSet.look(principal, tool, context);
  const errors = faults.length > 0 ? faults : judgement.errors;
  const decision = effectOf({ ...judgement, errors });
  const named = new Map(ruleSet.rules.map((rule) => [rule.name, rule]));
  const explained = (rule: NamedRule, action: 'call' | 'callUnattended'): ExplainedRule => ({
    name: rule.name,
    effect: rule.effect,
    ...placeOf(rule),
    ...(rule.description === undefined ? {} : { description: rule.description }),
    parts: reader.partsOf(rule.json, action, principal, tool, context),
  });
  const rulesOf = (names: readonly string[]) => names.flatMap((name) => named.get(name) ?? []);

  const remediesFor = (of: 'call' | 'callUnattended'): Remedy[] => {
    const forbids = rulesOf(verdicts[of].reasons).map(
      (rule): Remedy => ({ need: 'forbid', of, rule: explained(rule, of) }),
    );
    const all = ruleSet.rules.filter((rule) => rule.effect === 'permit');
    const permits = all.slice(0, mostLookedAt).map((rule) => explained(rule, of));
    // A forbid hides from Cedar's answer whether anything permits it.
    if (permits.some(({ parts }) => failing(parts) === 0)) return forbids;
    const nearest = permits.sort((a, b) => failing(a.parts) - failing(b.parts)).slice(0, maxPermits);
    return [...forbids, ...nearest.map((rule): Remedy => ({ need: 'permit', of, rule }))];
  };

  const listed = verdicts.listing.allowed && verdicts.listing.errors.length === 0;
  const toAllow =
    errors.length > 0
      ? []
      : decision === 'deny'
        ? remediesFor('call')
        : decision === 'consent'
          ? remediesFor('callUnattended')
          : [];
  const deciding = rulesOf(errors.length > 0 ? [] : judgement.rules).map((rule) =>
    explained(rule, decision === 'consent' ? 'callUnattended' : 'call'),
  );
  const shown = new Set([...deciding, ...toAllow.map(({ rule }) => rule)].map(({ name }) => name));
  const looked = readsOf(ruleSet.rules.filter(({ name }) => shown.has(name)).map(({ json }) => json));
  return {
    decision,
    listed,
    ...(listed ? {} : { hiddenBy: denial(verdicts.listing.reasons, verdicts.listing.errors).rules }),
    policyVersion: ruleSet.version,
    rules: judgement.rules,
    errors,
    deciding,
    lookedAt: valuesAt(pathsRead(looked), principal, tool, context),
    toAllow,
  };
}

function failing(parts: readonly Part[]): number {
  return parts.filter(({ holds }) => holds !== true).length;
}

/** Where a rule stands: the name before its own is that of the file or policy. */
function placeOf({ name, origin, line }: NamedRule): { source: string; line: number } {
  const source =
    origin === 'shipped' ? 'shipped' : name.slice(0, name.search(origin === 'folder' ? /(?<=\.cedar)[:#]/ : /[:#]/));
  return { source, line };
}
