import type { Audit, KeptCall } from '../capabilities/audit/index.ts';
import type { PastDecision, PastDecisions } from '../capabilities/policy/index.ts';
import type { Decision } from '../kernel/call.ts';
import { isObject, type JsonObject } from '../kernel/json.ts';

/** What policies are rehearsed on: the calls of one organisation that were decided upon, as the audit has them. */
export function createPastDecisions(audit: Pick<Audit, 'calls' | 'wholeArguments'>): PastDecisions {
  return async function* decisionsOf(org, span) {
    for await (const calls of audit.calls(org, span)) {
      yield calls.flatMap((call) => pastOf(call, audit) ?? []);
    }
  };
}

/** Undefined where it never came to a decision: the call was not valid, or there was no such tool. */
function pastOf(call: KeptCall, audit: Pick<Audit, 'wholeArguments'>): PastDecision | undefined {
  const { decision, tool, principal, annotations, toolStatus, toolTags } = call;
  if (!isObject(decision) || !Array.isArray(decision.rules) || tool === undefined) return undefined;
  const { withheld } = decision;
  return {
    callId: call.id,
    at: call.at,
    principal,
    tool,
    ...(annotations ? { annotations } : {}),
    ...(toolStatus === undefined ? {} : { status: toolStatus }),
    ...(toolTags === undefined ? {} : { tags: toolTags }),
    // As `Decision` was kept; what it says is looked at as anybody's word.
    decision: decision as unknown as Decision,
    withheld: Array.isArray(withheld) ? withheld.map(String) : [],
    arguments: () => argumentsOf(call, audit),
  };
}

/** Only those of tools: the name of a resource or prompt is kept as the caller wrote it, not as policies saw it. */
function argumentsOf(call: KeptCall, audit: Pick<Audit, 'wholeArguments'>): JsonObject | undefined {
  if (call.operation !== 'tool') return undefined;
  const whole = audit.wholeArguments(call);
  const isLeftOut = (value: unknown) => isObject(value) && 'leftOut' in value;
  return whole && Object.values(whole).some(isLeftOut) ? undefined : whole;
}
