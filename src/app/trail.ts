import type { Audit, AuditPlace, CallIntent } from '../capabilities/audit/index.ts';
import type { AuditTrail, CallState } from '../gateway/index.ts';
import type { Call } from '../kernel/call.ts';
import type { Clock } from '../kernel/clock.ts';
import { isObject, type JsonObject } from '../kernel/json.ts';
import { knowledgeToolset } from '../kernel/names.ts';
import type { Tool } from '../kernel/tool.ts';

/** The pipeline's view of the audit. */
export function createTrail(audit: Audit, clock: Clock): AuditTrail {
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

function intentOf({ call, error }: CallState): CallIntent {
  const { principal, tool, decision } = call;
  const rule = error?.rule ?? (decision?.rules.join(', ') || undefined);
  return {
    id: call.id,
    org: principal.org,
    at: call.startedAt,
    kind: 'call',
    principal,
    surface: call.surface,
    operation: call.operation,
    tool: tool?.id ?? call.target,
    arguments: argumentsOf(call),
    ...(tool ? { toolDigest: tool.digest, annotations: tool.annotations, upstream: tool.toolset } : {}),
    ...(call.endpoint === undefined ? {} : { endpoint: call.endpoint }),
    ...(call.parentCallId === undefined ? {} : { parentCallId: call.parentCallId }),
    ...(rule === undefined ? {} : { rule }),
    ...(call.traceId === undefined ? {} : { traceId: call.traceId }),
    ...(call.clientAddress === undefined ? {} : { clientAddress: call.clientAddress }),
    ...(decision ? { decision } : {}),
  };
}

/** What the caller gave: with the URI or name where that is not an argument, and the answers of a later round. */
function argumentsOf({ operation, target, arguments: given, continuation, tool }: Call): JsonObject {
  return {
    ...(tool?.toolset === knowledgeToolset ? withoutWritten(given, tool) : given),
    ...(operation === 'tool' ? {} : { target }),
    ...(continuation?.inputResponses ? { inputResponses: continuation.inputResponses } : {}),
  };
}

/** Without the values that are only written by its schema: a document is kept in its collection, or in none. */
function withoutWritten(given: JsonObject, { definition: { inputSchema } }: Tool): JsonObject {
  const { properties } = inputSchema;
  if (!isObject(properties)) return given;
  const isWritten = (name: string) => isObject(properties[name]) && properties[name].writeOnly === true;
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, isWritten(name) ? leftOut : value]));
}
