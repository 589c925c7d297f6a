import { digestOf } from '../../kernel/digest.ts';
import type { JsonObject } from '../../kernel/json.ts';
import type { Principal } from '../../kernel/principal.ts';
import type { Tool } from '../../kernel/tool.ts';
import type { Rule } from './check.ts';
import { attributeClasses, type ClassKey } from './classes.ts';
import type { Engine, EvaluationRequest, Verdict } from './engine.ts';
import { principalEntity, toolEntity } from './entities.ts';
import { readsOf, tellsActionsApart, withoutArguments } from './reads.ts';

export type Origin = 'shipped' | 'folder' | 'database';

export interface NamedRule extends Rule {
  /** Unique in the set: `shipped:viewer`, `freeze.cedar#2`, `no-prod:drop`. */
  name: string;
  origin: Origin;
}

/** What a set of rules says about one call. */
export interface Judgement {
  allowed: boolean;
  unattended: boolean;
  /** Names of the rules that decided; the reason in words where none did. */
  rules: readonly string[];
  errors: readonly string[];
  /** The consent that is needed may be that of the person behind the caller. */
  consent?: 'confirm';
}

/** The rules in force for an organisation. */
export interface RuleSet {
  rules: readonly NamedRule[];
  /** `sha256:` over schema and rules. */
  version: string;
  /** Whether they can allow something with consent alone. */
  asksConsent: boolean;
  judge(principal: Principal, tool: Tool, context: JsonObject): Judgement;
  /** Those of the tools that may be permitted for some arguments; `context` holds no arguments. */
  filter(principal: Principal, tools: readonly Tool[], context: JsonObject): Tool[];
  /** The same questions asked anew, each answer as Cedar gave it; `listing` is whether the tool may be shown at all. */
  look(principal: Principal, tool: Tool, context: JsonObject): Record<'call' | 'callUnattended' | 'listing', Verdict>;
}

/** What a decision comes to: `consent` is allowed with somebody's consent alone. */
export type Effect = 'allow' | 'consent' | 'deny';

/** An error in a rule denies, whatever the others say. */
export function effectOf(decision: { allowed: boolean; unattended: boolean; errors?: readonly string[] }): Effect {
  if (!decision.allowed || (decision.errors?.length ?? 0) > 0) return 'deny';
  return decision.unattended ? 'allow' : 'consent';
}

export interface RuleSetOptions {
  engine: Engine;
  /** Name within the engine: a later set of this name takes its place. */
  name: string;
  schema: string;
  rules: readonly NamedRule[];
  /** Answers kept; 0 asks Cedar each time. */
  memory?: number;
}

export const noPermit = 'no policy permits it';
export const noUnattendedPermit = 'no policy permits it without consent';
export const evaluationFailed = 'a policy could not be evaluated';

const defaultMemory = 5_000;

/** @throws when Cedar does not take the rules, which then were not checked. */
export function createRuleSet({ engine, name, schema, rules, memory = defaultMemory }: RuleSetOptions): RuleSet {
  const callSet = name;
  const listingSet = `${name} (listing)`;
  const listing = rules.flatMap((rule) => {
    const json = withoutArguments(rule.json);
    return json ? [{ name: rule.name, text: rule.text, json, isWhole: json === rule.json }] : [];
  });
  engine.put(callSet, Object.fromEntries(rules.map((rule) => [rule.name, rule.text])));
  engine.put(listingSet, Object.fromEntries(listing.map((rule) => [rule.name, rule.isWhole ? rule.text : rule.json])));
  const judgements = createMemory<Judgement>(memory, attributeClasses(readsOf(rules.map((rule) => rule.json))));
  const sightings = createMemory<boolean>(memory, attributeClasses(readsOf(listing.map((rule) => rule.json))));

  const ask = (
    set: string,
    action: EvaluationRequest['action'],
    principal: Principal,
    tool: Tool,
    context: JsonObject,
  ) => {
    const who = principalEntity(principal);
    const what = toolEntity(tool);
    // Context is our own projection: strings, whole numbers, truth values and sets of strings.
    const seen = context as EvaluationRequest['context'];
    return engine.evaluate(set, {
      principal: who.uid,
      action,
      resource: what.uid,
      context: seen,
      entities: [who, what],
    });
  };

  // Where no rule tells the actions apart, the answer for one is that for the other.
  const isOneQuestion = !rules.some(({ json }) => tellsActionsApart(json));

  const judgeAnew = (principal: Principal, tool: Tool, context: JsonObject): Judgement => {
    const call = ask(callSet, 'call', principal, tool, context);
    if (!call.allowed) return denial(call.reasons, call.errors);
    if (isOneQuestion) return { allowed: true, unattended: true, rules: call.reasons, errors: [] };
    const unattended = ask(callSet, 'callUnattended', principal, tool, context);
    if (unattended.errors.length > 0) return denial([], unattended.errors);
    const why = unattended.allowed || unattended.reasons.length > 0 ? unattended.reasons : [noUnattendedPermit];
    return {
      allowed: true,
      unattended: unattended.allowed,
      rules: [...new Set([...why, ...call.reasons])],
      errors: [],
      ...(!unattended.allowed && isConfirmed([...unattended.reasons, ...call.reasons])
        ? { consent: 'confirm' as const }
        : {}),
    };
  };

  /** As the rules that decided say with `@consent`; where they differ, or none says it, it is the stricter one. */
  const isConfirmed = (reasons: readonly string[]): boolean => {
    const said = rules.filter(({ name }) => reasons.includes(name)).map(({ json }) => json.annotations?.consent);
    return said.includes('confirm') && !said.includes('approve');
  };

  return {
    rules,
    asksConsent: !isOneQuestion,
    version: digestOf({ schema, rules: rules.map((rule) => [rule.name, rule.text]) }),
    judge: (principal, tool, context) =>
      judgements.forCaller(principal, context)(tool, () => {
        const judgement = judgeAnew(principal, tool, context);
        return { answer: judgement, isSound: judgement.errors.length === 0 };
      }),
    look: (principal, tool, context) => ({
      call: ask(callSet, 'call', principal, tool, context),
      callUnattended: ask(callSet, 'callUnattended', principal, tool, context),
      listing: ask(listingSet, 'call', principal, tool, { ...context, arguments: {}, cutArguments: [] }),
    }),
    filter(principal, tools, context) {
      const sighting = sightings.forCaller(principal, context);
      return tools.filter((tool) =>
        sighting(tool, () => {
          const { allowed, errors } = ask(listingSet, 'call', principal, tool, context);
          return { answer: allowed, isSound: errors.length === 0 };
        }),
      );
    },
  };
}

export function denial(reasons: readonly string[], errors: readonly string[] = []): Judgement {
  const rules = errors.length > 0 ? [evaluationFailed] : reasons.length > 0 ? reasons : [noPermit];
  return { allowed: false, unattended: false, rules, errors };
}

/**
 * Answers by attribute class: all that the rules in force can tell apart, so that 500 tools are a few questions.
 * An answer that came with an error is not kept, since the error may have been of the moment.
 */
function createMemory<T>(limit: number, classes: ClassKey) {
  const answers = new Map<string, T>();
  return {
    forCaller(principal: Principal, context: JsonObject) {
      const caller = limit > 0 ? classes.ofCaller(principal, context) : undefined;
      return (tool: Tool, ask: () => { answer: T; isSound: boolean }): T => {
        if (caller === undefined) return ask().answer;
        const key = caller + classes.ofTool(tool);
        const known = answers.get(key);
        if (known !== undefined) return known;
        const { answer, isSound } = ask();
        if (answers.size >= limit) answers.clear();
        if (isSound) answers.set(key, answer);
        return answer;
      };
    },
  };
}
