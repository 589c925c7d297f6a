import { createTraceState } from '@opentelemetry/api';

/** W3C Trace Context and Baggage as they stand in MCP's `_meta` and in HTTP headers. */
export interface TraceCarrier {
  traceparent?: string;
  tracestate?: string;
  baggage?: string;
}

/** A span of somebody else, or of ours: what is needed to go on from it. */
export interface TraceContext {
  /** 32 hex digits in lower case, not all zero. */
  traceId: string;
  /** 16 hex digits in lower case, not all zero. */
  spanId: string;
  /** Bit 0: whoever started the trace records it. */
  flags: number;
  state?: string;
  baggage?: string;
}

const traceparentPattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-[\x20-\x7e]*)?$/;
const zeroTrace = '0'.repeat(32);
const zeroSpan = '0'.repeat(16);
const maxBaggageLength = 8_192; // the limit of W3C Baggage
const maxStateLength = 512;
const printable = /^[\x20-\x7e]*$/;

/**
 * Reads and checks the three keys. Without a valid `traceparent` there is no `tracestate` either (W3C Trace Context
 * 3.2); baggage stands by itself. Undefined when nothing usable is there.
 */
export function readCarrier(carrier: Readonly<Record<string, unknown>>): Partial<TraceContext> | undefined {
  const parent = parseTraceparent(carrier.traceparent);
  const state = parent && parseState(carrier.tracestate);
  const baggage = plainText(carrier.baggage, maxBaggageLength);
  if (!parent && baggage === undefined) return undefined;
  return { ...parent, ...(state ? { state } : {}), ...(baggage ? { baggage } : {}) };
}

/** The keys for a request that goes out. */
export function writeCarrier({ traceId, spanId, flags = 0, state, baggage }: Partial<TraceContext>): TraceCarrier {
  const carrier: TraceCarrier = {};
  if (traceId !== undefined && spanId !== undefined) {
    carrier.traceparent = `00-${traceId}-${spanId}-${flags.toString(16).padStart(2, '0')}`;
    if (state) carrier.tracestate = state;
  }
  if (baggage) carrier.baggage = baggage;
  return carrier;
}

function parseTraceparent(text: unknown): { traceId: string; spanId: string; flags: number } | undefined {
  if (typeof text !== 'string' || text.length > 256) return undefined;
  const [, version, traceId, spanId, flags, more] = traceparentPattern.exec(text) ?? [];
  if (!version || !traceId || !spanId || !flags) return undefined;
  // A later version may carry more fields; version 00 may not, and ff is forbidden.
  if (version === 'ff' || (version === '00' && more !== undefined)) return undefined;
  if (traceId === zeroTrace || spanId === zeroSpan) return undefined;
  return { traceId, spanId, flags: Number.parseInt(flags, 16) & 1 };
}

function parseState(text: unknown): string | undefined {
  const plain = plainText(text, maxStateLength);
  return plain && createTraceState(plain).serialize();
}

function plainText(text: unknown, maxLength: number): string | undefined {
  return typeof text === 'string' && text.length <= maxLength && printable.test(text) ? text.trim() : undefined;
}
