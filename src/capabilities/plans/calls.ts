import type { Call, CallReply, CallRequest, Outcome, ToolCaller } from '../../kernel/call.ts';
import { asFairleadError, type FairleadError } from '../../kernel/errors.ts';
import { isObject, type Json, type JsonObject } from '../../kernel/json.ts';
import type { ToolResult } from '../../kernel/tool.ts';
import {
  PlanArgumentsTooLarge,
  PlanReferenceUnfit,
  PlanResultTooLarge,
  PlanStepAsks,
  PlanStepOpen,
  PlanToolFailed,
} from './errors.ts';
import { jsonBytes, type PlanLimits } from './limits.ts';
import type { PlanLinks } from './links.ts';
import { kindOf } from './paths.ts';
import type { Step } from './plan.ts';
import type { CallOutcome } from './results.ts';
import { select } from './select.ts';
import { fillTemplate, type Scope } from './templates.ts';
import { textOf, valueFrom, withoutBytes } from './values.ts';

/** Makes one call of a step. Never rejects. */
export type StepCaller = (step: Step, scope: Scope) => Promise<CallOutcome>;

interface Deps {
  caller: ToolCaller;
  /** The call of the plan itself. */
  outer: Call;
  links: PlanLinks;
  limits: PlanLimits;
  signal: AbortSignal;
}

/** A call that was cut off gets so long to be recorded; its end is then not waited for any longer. */
const graceMs = 2_000;
const maxSaid = 2_000;

export function createStepCaller({ caller, outer, links, limits, signal }: Deps): StepCaller {
  return async (step, scope) => {
    let callId: string | undefined;
    try {
      signal.throwIfAborted();
      const args = argumentsOf(step, scope, limits.maxArgumentBytes);
      const { link, done } = links.open(step.id);
      const request = requestOf(outer, step.tool, args, link, signal);
      const reply = await unlessGivenUp(caller.call(request), signal).finally(done);
      callId = reply.kind === 'end' ? reply.end.callId : reply.callId;
      if (reply.kind === 'input_required') throw PlanStepAsks({ tool: step.tool });
      const { outcome, error, result } = reply.end;
      if (error) return { outcome, callId, error };
      const given = result as ToolResult | undefined;
      if (outcome === 'ok' && given) return taken(step, callId, given, scope, limits.maxTakenBytes);
      if (outcome !== 'tool_error' || !given)
        throw PlanStepOpen({ tool: step.tool, outcome, next: nextOf(outcome, given) });
      const said = textOf(given).slice(0, maxSaid).toWellFormed() || 'it does not say why.';
      return { outcome, callId, error: PlanToolFailed({ tool: step.tool, said }).toBody(callId) };
    } catch (thrown) {
      const error = asFairleadError(thrown);
      return { outcome: outcomeOf(error), ...(callId === undefined ? {} : { callId }), error: error.toBody(callId) };
    }
  };
}

/** What a step counts as that failed without the word of a call. */
export function outcomeOf({ spec }: FairleadError): Outcome {
  return spec.category === 'validation' ? 'invalid' : 'failed';
}

function argumentsOf(step: Step, scope: Scope, max: number): JsonObject {
  const args = fillTemplate(step.arguments, scope);
  if (!isObject(args)) {
    const ref = step.arguments.kind === 'reference' ? step.arguments.reference.text : 'arguments';
    throw PlanReferenceUnfit({ ref, kind: kindOf(args), wanted: 'an object with the arguments' });
  }
  if (jsonBytes(args, max) > max) throw PlanArgumentsTooLarge({ max });
  // What one provider does to its arguments must not change a value for the others.
  return structuredClone(args as JsonObject);
}

function taken(step: Step, callId: string, result: ToolResult, { meter }: Scope, max: number): CallOutcome {
  if (jsonBytes(result, max) > max) throw PlanResultTooLarge({ tool: step.tool, max });
  const value: Json = valueFrom(result);
  if (!step.select) return { outcome: 'ok', callId, value, shown: withoutBytes(value), notes: [] };
  const { value: shown, notes } = select(value, step.select, meter);
  return { outcome: 'ok', callId, value, shown, notes };
}

/** What is to be done about a call that has no result yet. */
function nextOf(outcome: Outcome, result: ToolResult | undefined): string {
  const about = isObject(result) ? result._meta?.['dev.fairlead/approval'] : undefined;
  if (outcome !== 'pending_approval' || !isObject(about)) return 'Call this tool on its own to see what it needs.';
  return `It waits for consent as approval ${about.approvalId}, and is made by itself once that is given: get its result with approval_result, and put what comes after it into another plan.`;
}

/** The outer call's own values, so that the inner one goes the way that it would have gone by itself. */
function requestOf(
  { id, principal, surface, endpoint, clientAddress, requestId, meta, deadline }: Call,
  target: string,
  args: JsonObject,
  link: Call['link'],
  signal: AbortSignal,
): CallRequest {
  return {
    principal,
    surface,
    operation: 'tool',
    target,
    arguments: args,
    link,
    signal,
    parentCallId: id,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(meta === undefined ? {} : { meta }),
    ...(deadline === undefined ? {} : { deadline }),
    ...(clientAddress === undefined ? {} : { clientAddress }),
    ...(requestId === undefined ? {} : { requestId }),
  };
}

async function unlessGivenUp(reply: Promise<CallReply>, signal: AbortSignal): Promise<CallReply> {
  const { promise: givenUp, reject } = Promise.withResolvers<never>();
  let timer: NodeJS.Timeout | undefined;
  const cutOff = () => {
    timer = setTimeout(() => reject(signal.reason), graceMs);
  };
  signal.addEventListener('abort', cutOff, { once: true });
  try {
    return await Promise.race([reply, givenUp]);
  } finally {
    signal.removeEventListener('abort', cutOff);
    clearTimeout(timer);
  }
}
