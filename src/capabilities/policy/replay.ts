import type { OrgId } from '../../kernel/principal.ts';
import { needsOf } from './needs.ts';
import { createRecollection, type PastDecision, type PastDecisions } from './past.ts';
import type { Projections } from './projection.ts';
import { type Effect, effectOf, type RuleSet } from './ruleset.ts';

/** Which decisions change, and how. */
export interface Rehearsal {
  /** Of the policies that were tried. */
  policyVersion: string;
  /** What the decisions were held against: what was decided then, or what the policies in force would decide. */
  against: 'recorded' | 'current';
  /** Decisions looked at. */
  decisions: number;
  unchanged: number;
  changed: number;
  /** Of those that change; the last two are calls that stay allowed, with or without consent. */
  totals: Record<ChangeKind, number>;
  /** Those that change, by tool and principal, the most frequent first. */
  groups: readonly ChangeGroup[];
  /** Groups beyond those that are told one by one. */
  moreGroups: number;
  /** Decisions that cannot be made anew, and why. */
  insufficient: { decisions: number; reasons: readonly InsufficientReason[] };
  /** When the oldest and the newest of them were made, milliseconds since the epoch; absent where there are none. */
  from?: number;
  until?: number;
  /** Why older ones were not looked at. */
  stopped?: 'limit' | 'time';
  durationMs: number;
}

export type ChangeKind = 'newlyDenied' | 'newlyAllowed' | 'consentNeeded' | 'consentNoLongerNeeded';

export interface ChangeGroup {
  change: ChangeKind;
  tool: string;
  principal: { id: string; name: string };
  decisions: number;
  before: Effect;
  after: Effect;
  /** The newest of them. */
  examples: readonly { callId: string; at: number; before: readonly string[]; after: readonly string[] }[];
}

export interface InsufficientReason {
  /** What the policies would look at, such as `context.arguments.path`; absent where the record as a whole does not do. */
  path?: string;
  reason: string;
  decisions: number;
  tools: readonly string[];
  examples: readonly string[];
}

export interface ReplayLimits {
  /** Most decisions looked at. */
  limit: number;
  maxMs: number;
}

const maxGroups = 1_000;
const shownGroups = 200;
const maxExamples = 3;
const maxReasons = 200;
/** For so long at most nothing else runs. */
const sliceMs = 8;

/**
 * Makes past decisions anew with the engine that decides on calls: an error in a rule denies here as there. What is in
 * memory is one page and a bounded account.
 * @throws what the source throws, and the reason of the signal
 */
export async function replay(
  { past, projections }: { past: PastDecisions; projections: Projections },
  org: OrgId,
  /** `baseline` absent: what was recorded. Null: everything is denied now, since the policies are not valid. */
  { candidate, baseline }: { candidate: RuleSet; baseline?: RuleSet | null },
  span: { since?: number | undefined; until?: number | undefined },
  { limit, maxMs }: ReplayLimits,
  signal: AbortSignal,
): Promise<Rehearsal> {
  const startedAt = performance.now();
  const recollection = createRecollection(projections);
  const needs = needsOf([...candidate.rules, ...(baseline?.rules ?? [])]);
  const account = createAccount();
  let decisions = 0;
  let stopped: Rehearsal['stopped'];
  let sliceFrom = performance.now();

  const decide = (one: PastDecision): void => {
    const inputs = recollection.inputsOf(org, one);
    if (typeof inputs === 'string') {
      account.lacks(one, inputs);
      return;
    }
    const { principal, tool, context, unknown } = inputs;
    const isUnreadable = one.decision.unreadable === true;
    const path = isUnreadable ? undefined : needs.missing(principal, tool, unknown);
    if (path !== undefined) {
      account.lacks(one, unknown.get(path) ?? '', path);
      return;
    }
    const judged = (ruleSet: RuleSet | null) =>
      isUnreadable || ruleSet === null
        ? { effect: 'deny' as const, rules: one.decision.rules }
        : withEffect(ruleSet.judge(principal, tool, context));
    const before = baseline === undefined ? withEffect(one.decision) : judged(baseline);
    account.compare(one, before, judged(candidate));
  };

  pages: for await (const page of past(org, span)) {
    for (const one of page) {
      if (performance.now() - sliceFrom > sliceMs) {
        await new Promise((resolve) => setImmediate(resolve));
        signal.throwIfAborted();
        sliceFrom = performance.now();
      }
      stopped = decisions >= limit ? 'limit' : performance.now() - startedAt > maxMs ? 'time' : undefined;
      if (stopped) break pages;
      decisions += 1;
      decide(one);
    }
    signal.throwIfAborted();
  }
  return {
    policyVersion: candidate.version,
    against: baseline === undefined ? 'recorded' : 'current',
    decisions,
    ...account.told(),
    ...(stopped ? { stopped } : {}),
    durationMs: Math.round(performance.now() - startedAt),
  };
}

type Judged = { effect: Effect; rules: readonly string[] };

function withEffect(decision: {
  allowed: boolean;
  unattended: boolean;
  rules: readonly string[];
  errors?: readonly string[];
}): Judged {
  return { effect: effectOf(decision), rules: decision.rules };
}

/** Undefined where nothing changes. */
export function changeOf(before: Effect, after: Effect): ChangeKind | undefined {
  if (before === after) return undefined;
  if (after === 'deny') return 'newlyDenied';
  if (before === 'deny') return 'newlyAllowed';
  return after === 'consent' ? 'consentNeeded' : 'consentNoLongerNeeded';
}

type Growing<T> = { -readonly [key in keyof T]: T[key] extends readonly (infer E)[] ? E[] : T[key] };

function createAccount() {
  const totals: Record<ChangeKind, number> = {
    newlyDenied: 0,
    newlyAllowed: 0,
    consentNeeded: 0,
    consentNoLongerNeeded: 0,
  };
  const groups = new Map<string, Growing<ChangeGroup>>();
  const reasons = new Map<string, Growing<InsufficientReason>>();
  const untold = new Set<string>();
  let [unchanged, changed, insufficient] = [0, 0, 0];
  let span: { from?: number; until?: number } = {};

  const note = ({ at }: PastDecision) => {
    span = { from: Math.min(span.from ?? at, at), until: Math.max(span.until ?? at, at) };
  };

  return {
    compare(one: PastDecision, before: Judged, after: Judged): void {
      note(one);
      const change = changeOf(before.effect, after.effect);
      if (!change) {
        unchanged += 1;
        return;
      }
      changed += 1;
      totals[change] += 1;
      const { tool, principal } = one;
      const key = JSON.stringify([before.effect, after.effect, tool, principal.id]);
      let group = groups.get(key);
      if (!group) {
        if (groups.size >= maxGroups) {
          if (untold.size < maxGroups * 10) untold.add(key);
          return;
        }
        const who = { id: principal.id, name: principal.name };
        group = {
          change,
          tool,
          principal: who,
          decisions: 0,
          before: before.effect,
          after: after.effect,
          examples: [],
        };
        groups.set(key, group);
      }
      group.decisions += 1;
      if (group.examples.length < maxExamples)
        group.examples.push({ callId: one.callId, at: one.at, before: before.rules, after: after.rules });
    },

    lacks(one: PastDecision, reason: string, path?: string): void {
      note(one);
      insufficient += 1;
      const key = JSON.stringify([path, reason]);
      let found = reasons.get(key);
      if (!found) {
        if (reasons.size >= maxReasons) return;
        found = { ...(path === undefined ? {} : { path }), reason, decisions: 0, tools: [], examples: [] };
        reasons.set(key, found);
      }
      found.decisions += 1;
      if (found.tools.length < 10 && !found.tools.includes(one.tool)) found.tools.push(one.tool);
      if (found.examples.length < maxExamples) found.examples.push(one.callId);
    },

    told: () => ({
      ...{ unchanged, changed, totals },
      groups: [...groups.values()].sort((a, b) => b.decisions - a.decisions).slice(0, shownGroups),
      moreGroups: Math.max(0, groups.size - shownGroups) + untold.size,
      insufficient: {
        decisions: insufficient,
        reasons: [...reasons.values()].sort((a, b) => b.decisions - a.decisions),
      },
      ...span,
    }),
  };
}
