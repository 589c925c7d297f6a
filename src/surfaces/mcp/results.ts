import { ProtocolError } from '@modelcontextprotocol/server';
import { UnknownTool } from '../../gateway/index.ts';
import type { CallEnd } from '../../kernel/call.ts';
import { costKey } from '../../kernel/cost.ts';
import type { ErrorBody, RpcFault } from '../../kernel/errors.ts';
import { isObject, type JsonObject } from '../../kernel/json.ts';

export const metaKeys = {
  error: 'dev.fairlead/error',
  callId: 'dev.fairlead/callId',
  incomplete: 'dev.fairlead/incomplete',
  status: 'dev.fairlead/status',
  tool: 'dev.fairlead/tool',
  limits: 'dev.fairlead/limits',
  budgets: 'dev.fairlead/budgets',
  cost: costKey,
} as const;

const invalidParams = -32602;
const internalError = -32603;

// Errors by which the protocol itself moves on: a client reacts to the code, so it must arrive as one. The stateless
// revision has no -32042, a page to visit first: its callers read the address in the text.
const urlElicitation = -32042;
const protocolCodes = { sessions: new Set([urlElicitation, -32021]), modern: new Set([-32021]) };

/** A finished tool call as MCP wants it: a result, with `isError` for refusals; throws for unknown tools. */
export function toToolResult(end: CallEnd, era: 'modern' | 'sessions'): JsonObject {
  if (end.error) {
    if (end.error.code === UnknownTool.code) throw rpcError(end.error, invalidParams);
    if (end.rpc && protocolCodes[era].has(end.rpc.code)) throw passedOn(end.rpc);
    return refusal(end, end.error, end.rpc?.code === urlElicitation ? pagesOf(end.rpc) : []);
  }
  const result = asObject(end.result);
  return {
    ...result,
    content: result.content ?? [],
    _meta: { ...asObject(result._meta), [metaKeys.callId]: end.callId, ...standingsOf(end) },
  };
}

/** A finished read, prompt or completion: its result, or a thrown JSON-RPC error. */
export function toResult(end: CallEnd): JsonObject {
  if (!end.error) return asObject(end.result);
  if (end.rpc) throw passedOn(end.rpc);
  throw rpcError(
    end.error,
    end.error.category === 'not_found' || end.error.category === 'validation' ? invalidParams : internalError,
  );
}

export function rpcError(error: ErrorBody, code: number): ProtocolError {
  return new ProtocolError(code, `${error.message} ${error.suggestedAction}`, { [metaKeys.error]: error });
}

function passedOn({ code, message, data }: RpcFault): ProtocolError {
  return new ProtocolError(code, message, data);
}

/** The pages that an upstream wants visited before it goes on. */
function pagesOf({ data }: RpcFault): string[] {
  const elicitations = isObject(data) && Array.isArray(data.elicitations) ? data.elicitations : [];
  return elicitations.flatMap((one) => (isObject(one) && typeof one.url === 'string' ? [one.url] : []));
}

/** How the limits stand by which a call was counted, and the budgets that it is paid from; and what it has cost. */
function standingsOf({ limits, budgets, cost }: CallEnd): JsonObject {
  const isMore = cost && Object.keys(cost).length > 1;
  return {
    ...(limits ? { [metaKeys.limits]: limits as unknown as JsonObject[] } : {}),
    ...(budgets ? { [metaKeys.budgets]: budgets as unknown as JsonObject[] } : {}),
    ...(isMore ? { [metaKeys.cost]: { ...cost } } : {}),
  };
}

function refusal(end: CallEnd, error: ErrorBody, pages: readonly string[]): JsonObject {
  const visit = pages.length > 0 ? ` Open this first, then call again: ${pages.join(' ')}` : '';
  return {
    isError: true,
    content: [{ type: 'text', text: `${error.message} ${error.suggestedAction}${visit}` }],
    _meta: { [metaKeys.error]: error as unknown as JsonObject, ...standingsOf(end) },
  };
}

export function asObject(value: unknown): JsonObject {
  return isObject(value) ? (value as JsonObject) : {};
}
