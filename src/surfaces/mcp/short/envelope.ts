import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  classifyInboundRequest,
  PROTOCOL_VERSION_META_KEY,
} from '@modelcontextprotocol/server';
import type { JsonObject } from '../../../kernel/json.ts';
import { shortRevision } from './head.ts';
import type { ShortMessage } from './message.ts';

/** What a message of the stateless revision says in its `_meta`. */
export interface Envelope {
  capabilities: JsonObject;
  /** Trace context. */
  trace: JsonObject;
}

const keys = new Set([PROTOCOL_VERSION_META_KEY, CLIENT_CAPABILITIES_META_KEY, CLIENT_INFO_META_KEY]);
const traceKeys = new Set(['traceparent', 'tracestate', 'baggage']);

/** Reads envelopes; undefined sends a message the long way. */
export function createEnvelopeReader(): (message: ShortMessage) => Envelope | undefined {
  const isSound = createEnvelopeCheck();
  return (message) => {
    const { meta } = message;
    if (meta[PROTOCOL_VERSION_META_KEY] !== shortRevision) return undefined;
    const trace = traceIn(meta);
    if (!trace || !isSound(message)) return undefined;
    return { capabilities: meta[CLIENT_CAPABILITIES_META_KEY] as JsonObject, trace };
  };
}

/** What stands in `_meta` beside the envelope, if that is trace context only. */
function traceIn(meta: JsonObject): JsonObject | undefined {
  const trace: JsonObject = {};
  for (const [key, value] of Object.entries(meta)) {
    if (keys.has(key)) continue;
    if (!traceKeys.has(key) || typeof value !== 'string') return undefined;
    trace[key] = value;
  }
  return trace;
}

const rememberedEnvelopes = 500;
const longestRemembered = 2_048;

/**
 * Whether a client says who it is and what it can in the form that the revision wants. The SDK's own check decides, once
 * for each way of saying it: a client says the same with every request.
 */
function createEnvelopeCheck(): (message: ShortMessage) => boolean {
  const sound = new Set<string>();
  return ({ body, meta, method }) => {
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
