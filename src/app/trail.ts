import type { Audit, AuditPlace, CallIntent } from '../capabilities/audit/index.ts';
import type { AuditTrail, CallState } from '../gateway/index.ts';
import type { Call } from '../kernel/call.ts';
import type { Clock } from '../kernel/clock.ts';
import { isObject, type Json, type JsonObject } from '../kernel/json.ts';
import { knowledgeToolset, ownToolset } from '../kernel/names.ts';
import type { Tool } from '../kernel/tool.ts';

/** A tool by the name that a caller has for it where it calls. */
export type FindTool = (call: Call, name: string) => Tool | undefined;

/** The pipeline's view of the audit. */
export function createTrail(audit: Audit, clock: Clock, findTool: FindTool): AuditTrail {
  const intentOf = (state: CallState) => intentWith(state, findTool);
  const place = (state: CallState) => state.place as AuditPlace;
  return {
    reserve: () => audit.reserve({ mayDrop: true }),
    intend: (state) => audit.intend(place(state), intentOf(state)),
    ask(state, request) {
      const asked = audit.ask(place(state), request);
      return { ...asked, answered: (answer) => asked.answered(intentOf(state), answer) };
    },
    record: (state) =>
      audit.record(place(state), {
        ...intentOf(state),
        outcome: state.end?.outcome ?? 'failed',
        durationMs: clock.now() - state.call.startedAt,
        ...(state.end?.result === undefined ? {} : { result: state.end.unkept ? leftOut : state.end.result }),
        ...errorCodeOf(state),
        ...(state.cost ? { cost: state.cost } : {}),
        ...(state.end?.replayed ? { parentCallId: state.end.callId, replayed: true as const } : {}),
      }),
  };
}

/** In the place of what must not be readable in the audit when it is not where it is kept. */
const leftOut = { leftOut: 'it is encrypted where it is kept' };

function errorCodeOf({ error, end }: CallState): { errorCode?: string } {
  const errorCode = error?.code ?? end?.error?.code;
  return errorCode === undefined ? {} : { errorCode };
}

function intentWith({ call, error }: CallState, findTool: FindTool): CallIntent {
  const { principal, tool, decision } = call;
  const rule = error?.rule ?? decision?.rules.join(', ');
  const intent: CallIntent = {
    id: call.id,
    org: principal.org,
    at: call.startedAt,
    kind: 'call',
    principal,
    surface: call.surface,
    operation: call.operation,
    tool: tool?.id ?? call.target,
    arguments: argumentsOf(call, findTool),
  };
  if (tool) {
    intent.toolDigest = tool.digest;
    intent.toolStatus = tool.status;
    intent.toolTags = tool.tags;
    intent.annotations = tool.annotations;
    intent.upstream = tool.toolset;
  }
  if (call.endpoint !== undefined) intent.endpoint = call.endpoint;
  if (call.parentCallId !== undefined) intent.parentCallId = call.parentCallId;
  if (rule) intent.rule = rule;
  if (call.traceId !== undefined) intent.traceId = call.traceId;
  if (call.clientAddress !== undefined) intent.clientAddress = call.clientAddress;
  if (decision) intent.decision = decision;
  if (call.backup) intent.backup = call.backup;
  return intent;
}

/** What the caller gave: with the URI or name where that is not an argument, and the answers of a later round. */
function argumentsOf(call: Call, findTool: FindTool): JsonObject {
  const { operation, target, arguments: given, continuation, tool } = call;
  const find = (name: string) => findTool(call, name);
  if (tool && operation === 'tool' && !continuation && tool.id !== planTool) return withoutWritten(given, tool);
  return {
    ...(tool?.id === planTool ? planWithoutWritten(given, find) : tool ? withoutWritten(given, tool) : given),
    ...(operation === 'tool' ? {} : { target }),
    ...(continuation?.inputResponses ? { inputResponses: continuation.inputResponses } : {}),
  };
}

const planTool = `${ownToolset}.run_tools`;

/** Without the values that are only written: a document is kept in its collection, or in none. */
function withoutWritten(given: JsonObject, tool: Tool): JsonObject {
  const written = writtenIn(tool);
  if (written.length === 0) return given;
  const kept = Object.entries(given).map(([name, value]) => [name, written.includes(name) ? leftOut : value]);
  return Object.fromEntries(kept);
}

/** Arguments of a tool of ours that are only written, by its schema. */
function writtenIn({ toolset, definition: { inputSchema } }: Tool): string[] {
  const { properties } = inputSchema;
  if (toolset !== knowledgeToolset || !isObject(properties)) return [];
  return Object.entries(properties).flatMap(([name, one]) => (isObject(one) && one.writeOnly === true ? [name] : []));
}

type FindByName = (name: string) => Tool | undefined;

function planWithoutWritten(plan: JsonObject, find: FindByName): JsonObject {
  return plan.steps === undefined ? plan : { ...plan, steps: stepsOf(plan.steps, find) };
}

/** Of a step that writes no more than which it is, wherever in it the text stands: its calls are recorded themselves. */
function stepsOf(steps: Json, find: FindByName): Json {
  if (!Array.isArray(steps)) return steps;
  return steps.map((step) => {
    if (!isObject(step)) return step;
    if (step.parallel !== undefined) return { ...step, parallel: stepsOf(step.parallel, find) };
    const tool = typeof step.tool === 'string' ? find(step.tool) : undefined;
    if (!tool || writtenIn(tool).length === 0) return step;
    return { ...(step.id === undefined ? {} : { id: step.id }), tool: tool.id, ...leftOut };
  });
}
