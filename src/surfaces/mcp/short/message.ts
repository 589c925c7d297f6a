import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  classifyInboundRequest,
  PROTOCOL_VERSION_META_KEY,
} from '@modelcontextprotocol/server';
import { isObject, type JsonObject } from '../../../kernel/json.ts';
import { type ShortHead, shortRevision } from './head.ts';

/** A message that the short way serves: headers and body agree, and it asks for nothing but a plain answer. */
export type ShortMessage =
  | { method: 'tools/list'; id: string | number; body: JsonObject }
  | {
      method: 'tools/call';
      id: string | number;
      body: JsonObject;
      name: string;
      arguments: JsonObject;
      capabilities: JsonObject;
      /** Trace context. */
      meta: JsonObject;
    };

const envelopeKeys = new Set([PROTOCOL_VERSION_META_KEY, CLIENT_CAPABILITIES_META_KEY, CLIENT_INFO_META_KEY]);
const traceKeys = new Set(['traceparent', 'tracestate', 'baggage']);
const messageKeys = new Set(['jsonrpc', 'id', 'method', 'params']);
const paramKeys = { 'tools/call': new Set(['name', 'arguments', '_meta']), 'tools/list': new Set(['_meta']) };
/** How the header says a name that no header can hold as it is. */
const encoded = '=?base64?';

/** Reads parsed bodies; undefined sends one the long way. */
export function createMessageReader(): (body: unknown, head: ShortHead) => ShortMessage | undefined {
  const isSound = createEnvelopeCheck();
  return (body, head) => {
    if (!isObject(body) || body.jsonrpc !== '2.0' || body.method !== head.method || !hasOnly(body, messageKeys))
      return undefined;
    const { id, params } = body;
    if (typeof id !== 'string' && !Number.isSafeInteger(id)) return undefined;
    if (!isObject(params) || !hasOnly(params, paramKeys[head.method])) return undefined;
    const { _meta, name, arguments: args = {} } = params;
    if (!isObject(_meta) || _meta[PROTOCOL_VERSION_META_KEY] !== shortRevision) return undefined;
    const meta = metaBesides(_meta);
    if (!meta || !isSound(body, _meta, head)) return undefined;
    const common = { id: id as string | number, body: body as JsonObject };
    if (head.method === 'tools/list') return { ...common, method: head.method };
    if (typeof name !== 'string' || name !== head.name || name.startsWith(encoded) || !isObject(args)) return undefined;
    const capabilities = _meta[CLIENT_CAPABILITIES_META_KEY] as JsonObject;
    return { ...common, method: head.method, name, arguments: args as JsonObject, capabilities, meta };
  };
}

/** What stands in `_meta` beside the envelope, if that is trace context only. */
function metaBesides(all: Record<string, unknown>): JsonObject | undefined {
  const meta: JsonObject = {};
  for (const [key, value] of Object.entries(all)) {
    if (envelopeKeys.has(key)) continue;
    if (!traceKeys.has(key) || typeof value !== 'string') return undefined;
    meta[key] = value;
  }
  return meta;
}

const rememberedEnvelopes = 500;
const longestRemembered = 2_048;

/**
 * Whether a client says who it is and what it can in the form that the revision wants. The SDK's own check decides, once
 * for each way of saying it: a client says the same with every request.
 */
function createEnvelopeCheck(): (body: object, meta: Record<string, unknown>, head: ShortHead) => boolean {
  const sound = new Set<string>();
  return (body, meta, { method }) => {
    // By name: in a list, what is absent would look like null.
    const text = JSON.stringify({ can: meta[CLIENT_CAPABILITIES_META_KEY], is: meta[CLIENT_INFO_META_KEY] });
    if (sound.has(text)) return true;
    const asked = { httpMethod: 'POST', protocolVersionHeader: shortRevision, mcpMethodHeader: method, body };
    if (classifyInboundRequest(asked).kind !== 'modern') return false;
    if (sound.size >= rememberedEnvelopes) sound.clear();
    if (text.length <= longestRemembered) sound.add(text);
    return true;
  };
}

function hasOnly(object: object, keys: ReadonlySet<string>): boolean {
  return Object.keys(object).every((key) => keys.has(key));
}
