import { ProtocolError } from '@modelcontextprotocol/server';
import type { EndpointView } from '../../capabilities/catalog/index.ts';
import { UnknownTool } from '../../gateway/index.ts';
import type { CallEnd } from '../../kernel/call.ts';
import type { ErrorBody, RpcFault } from '../../kernel/errors.ts';
import { isObject, type Json, type JsonObject } from '../../kernel/json.ts';

export const metaKeys = {
  error: 'dev.fairlead/error',
  callId: 'dev.fairlead/callId',
  incomplete: 'dev.fairlead/incomplete',
  status: 'dev.fairlead/status',
} as const;

const invalidParams = -32602;
const internalError = -32603;

// Errors by which the protocol itself moves on: a client reacts to the code, so it must arrive as one. The stateless
// revision has no -32042, a page to visit first: its callers read the address in the text.
const urlElicitation = -32042;
const protocolCodes = { sessions: new Set([urlElicitation, -32021]), modern: new Set([-32021]) };

/** A finished tool call as MCP wants it: a result, with `isError` for refusals; throws for unknown tools. */
export function toToolResult(end: CallEnd, rewrite: UriRewriter, era: 'modern' | 'sessions'): JsonObject {
  if (end.error) {
    if (end.error.code === UnknownTool.code) throw rpcError(end.error, invalidParams);
    if (end.rpc && protocolCodes[era].has(end.rpc.code)) throw passedOn(end.rpc);
    return refusal(end.error, end.rpc?.code === urlElicitation ? pagesOf(end.rpc) : []);
  }
  const result = rewriteContent(asObject(end.result), rewrite);
  return {
    ...result,
    content: result.content ?? [],
    _meta: { ...asObject(result._meta), [metaKeys.callId]: end.callId },
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

function refusal(error: ErrorBody, pages: readonly string[]): JsonObject {
  const visit = pages.length > 0 ? ` Open this first, then call again: ${pages.join(' ')}` : '';
  return {
    isError: true,
    content: [{ type: 'text', text: `${error.message} ${error.suggestedAction}${visit}` }],
    _meta: { [metaKeys.error]: error as unknown as JsonObject },
  };
}

/** From a toolset's own URI to the one on the wire. */
export type UriRewriter = (uri: string) => string;

export function uriRewriter(view: EndpointView, toolset: string | undefined): UriRewriter {
  return (uri) => (toolset === undefined ? uri : view.wireUri(toolset, uri));
}

/** Rewrites the URIs of resource links and embedded resources in a tool result. */
export function rewriteContent(result: JsonObject, rewrite: UriRewriter): JsonObject {
  if (!Array.isArray(result.content)) return result;
  return { ...result, content: result.content.map((block) => rewriteBlock(block, rewrite)) };
}

/** The same in the messages of a prompt. */
export function rewriteMessages(result: JsonObject, rewrite: UriRewriter): JsonObject {
  if (!Array.isArray(result.messages)) return result;
  return {
    ...result,
    messages: result.messages.map((message) =>
      isObject(message)
        ? { ...(message as JsonObject), content: rewriteBlock((message as JsonObject).content ?? null, rewrite) }
        : message,
    ),
  };
}

/** The same in the contents of a resource. */
export function rewriteContents(result: JsonObject, rewrite: UriRewriter): JsonObject {
  if (!Array.isArray(result.contents)) return result;
  return { ...result, contents: result.contents.map((item) => withUri(item, rewrite)) };
}

function rewriteBlock(block: Json, rewrite: UriRewriter): Json {
  if (Array.isArray(block)) return block.map((one) => rewriteBlock(one, rewrite));
  if (!isObject(block)) return block;
  if (block.type === 'resource_link') return withUri(block as JsonObject, rewrite);
  if (block.type === 'resource')
    return { ...(block as JsonObject), resource: withUri((block as JsonObject).resource ?? null, rewrite) };
  return block as JsonObject;
}

function withUri(value: Json, rewrite: UriRewriter): Json {
  return isObject(value) && typeof value.uri === 'string'
    ? { ...(value as JsonObject), uri: rewrite(value.uri) }
    : value;
}

export function asObject(value: unknown): JsonObject {
  return isObject(value) ? (value as JsonObject) : {};
}
