import { setTimeout } from 'node:timers/promises';
import type { Span as OtelSpan, Tracer } from '@opentelemetry/api';
import { createTraceState, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { Sampler, SpanExporter } from '@opentelemetry/sdk-trace-node';
import {
  AlwaysOnSampler,
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
} from '@opentelemetry/sdk-trace-node';
import { FairleadError } from '../../kernel/errors.ts';
import { isSecretKey, redacted, redactText } from './redaction.ts';
import { readCarrier, type TraceCarrier, type TraceContext, writeCarrier } from './tracecontext.ts';

export type SpanAttributes = Record<string, string | number | boolean | readonly string[] | undefined>;

/** A piece of work that takes time. Where tracing is off it only carries the caller's context onwards. */
export interface Span {
  /** 32 hex digits; undefined where tracing is off and the caller brought none. */
  readonly traceId: string | undefined;
  set(attributes: SpanAttributes): void;
  event(name: string, attributes?: SpanAttributes): void;
  /** Marks it as failed. `type` is low in cardinality: an error code or an outcome. */
  fail(type: string, message?: string): void;
  /** For spans of `start` only. A second call does nothing. */
  end(): void;
  /** What goes out with requests made under this span. */
  readonly context: Partial<TraceContext>;
}

export interface SpanOptions {
  parent?: Span;
  /** `server` for what came in, `client` for what goes out, `internal` (the default) for the rest. */
  kind?: 'server' | 'client' | 'internal';
  attributes?: SpanAttributes;
}

export interface Tracing {
  /** False where spans go nowhere: then building attributes is a waste. */
  readonly enabled: boolean;
  /**
   * The caller's span from MCP's `_meta`, or from HTTP headers in lower case: `traceparent`, `tracestate`, `baggage`.
   * Undefined where there is none; what is malformed counts as none.
   */
  extract(carrier: Readonly<Record<string, unknown>> | undefined): Span | undefined;
  /** The same keys, for `_meta` or headers of a request that goes out under this span. */
  inject(span: Span | undefined): TraceCarrier;
  /** Runs `fn` in a span that ends with it; what it throws is noted there and thrown on. */
  span<T>(name: string, options: SpanOptions, fn: (span: Span) => Promise<T>): Promise<T>;
  /** For work that does not fit a function: whoever starts it ends it. */
  start(name: string, options?: SpanOptions): Span;
  /** Resolves when what has ended so far was sent or given up. */
  flush(): Promise<void>;
  /** Sends the rest. Never rejects: a dead collector must not keep the server from stopping. */
  stop(): Promise<void>;
}

export interface TracingOptions {
  /** Base address of an OTLP/HTTP receiver; spans go to `<endpoint>/v1/traces`. */
  otlpEndpoint?: string;
  service?: string;
  version?: string;
  /** Default: as the caller decided, and always where nobody has. */
  sampler?: Sampler;
  /** Instead of OTLP. */
  exporter?: SpanExporter;
  /** Told of spans that could not be sent, after the exporter's own further tries. */
  onLost?: (spans: number, error: Error | undefined) => void;
  /** Longest wait of `stop` for a collector that does not answer. Default 3 s. */
  stopTimeoutMs?: number;
}

// A call makes some 15 spans, so 2,000 calls fit even while the collector does not answer. Batches are large, since
// a flush sends all of them at once and the exporter drops what is beyond its limit of requests in flight.
const queue = { maxQueueSize: 49_152, maxExportBatchSize: 1_024, scheduledDelayMillis: 1_000 };
const maxExportsInFlight = 64;
const exportSucceeded = 0; // the SDK's ExportResultCode.SUCCESS, which no package of ours exports

/** Spans by OpenTelemetry, or next to nothing where there is neither an endpoint nor an exporter. */
export function createTracing(options: TracingOptions = {}): Tracing {
  const { otlpEndpoint, service = 'fairlead', version, sampler, stopTimeoutMs = 3_000, onLost } = options;
  const exporter = options.exporter ?? (otlpEndpoint === undefined ? undefined : otlpExporter(otlpEndpoint));
  if (!exporter) return silentTracing;
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({
      'service.name': service,
      ...(version === undefined ? {} : { 'service.version': version }),
    }),
    sampler: sampler ?? new ParentBasedSampler({ root: new AlwaysOnSampler() }),
    spanProcessors: [new BatchSpanProcessor(onLost ? reporting(exporter, onLost) : exporter, queue)],
  });
  // Never registered globally: two servers in one process must not share it.
  return recordingTracing(provider.getTracer('fairlead', version), provider, stopTimeoutMs);
}

function otlpExporter(endpoint: string): SpanExporter {
  return new OTLPTraceExporter({
    url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
    concurrencyLimit: maxExportsInFlight,
  });
}

function reporting(exporter: SpanExporter, onLost: NonNullable<TracingOptions['onLost']>): SpanExporter {
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        if (result.code !== exportSucceeded) onLost(spans.length, result.error);
        done(result);
      }),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
    shutdown: () => exporter.shutdown(),
  };
}

function recordingTracing(tracer: Tracer, provider: BasicTracerProvider, stopTimeoutMs: number): Tracing {
  const start = (name: string, { parent, kind = 'internal', attributes }: SpanOptions = {}): RecordedSpan => {
    const context = parent ? contextUnder(parent) : ROOT_CONTEXT;
    const span = tracer.startSpan(name, { kind: kinds[kind], attributes: clean(attributes) }, context);
    return new RecordedSpan(span, parent?.context.baggage);
  };
  let stopping: Promise<void> | undefined;
  return {
    enabled: true,
    extract,
    inject,
    start,
    async span(name, options, fn) {
      const span = start(name, options);
      try {
        return await fn(span);
      } catch (error) {
        span.failBy(error);
        throw error;
      } finally {
        span.end();
      }
    },
    flush: () => provider.forceFlush().catch(() => {}),
    stop() {
      stopping ??= Promise.race([
        provider.shutdown().catch(() => {}),
        setTimeout(stopTimeoutMs, undefined, { ref: false }),
      ]);
      return stopping;
    },
  };
}

/** Where spans go nowhere: no timing, no allocation; the caller's context still reaches the upstream. */
const silentTracing: Tracing = {
  enabled: false,
  extract,
  inject,
  start: (_name, options) => options?.parent ?? noSpan,
  span: (_name, options, fn) => fn(options.parent ?? noSpan),
  flush: async () => {},
  stop: async () => {},
};

const kinds = { server: SpanKind.SERVER, client: SpanKind.CLIENT, internal: SpanKind.INTERNAL };

function extract(carrier: Readonly<Record<string, unknown>> | undefined): Span | undefined {
  const context = carrier && readCarrier(carrier);
  return context && new CarriedSpan(context);
}

function inject(span: Span | undefined): TraceCarrier {
  return span ? writeCarrier(span.context) : {};
}

function contextUnder(parent: Span) {
  if (parent instanceof RecordedSpan) return parent.otelContext;
  const { traceId, spanId, flags = 0, state } = parent.context;
  if (traceId === undefined || spanId === undefined) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: flags,
    isRemote: true,
    ...(state ? { traceState: createTraceState(state) } : {}),
  });
}

/** Somebody else's span, or none: nothing to write into. */
class CarriedSpan implements Span {
  readonly context: Partial<TraceContext>;
  constructor(context: Partial<TraceContext>) {
    this.context = context;
  }
  get traceId(): string | undefined {
    return this.context.traceId;
  }
  set(): void {}
  event(): void {}
  fail(): void {}
  end(): void {}
}

const noSpan: Span = new CarriedSpan({});

class RecordedSpan implements Span {
  readonly #span: OtelSpan;
  readonly #baggage: string | undefined;
  #failed = false;
  #ended = false;

  constructor(span: OtelSpan, baggage: string | undefined) {
    this.#span = span;
    this.#baggage = baggage;
  }

  get otelContext() {
    return trace.setSpan(ROOT_CONTEXT, this.#span);
  }

  get traceId(): string {
    return this.#span.spanContext().traceId;
  }

  get context(): TraceContext {
    const { traceId, spanId, traceFlags, traceState } = this.#span.spanContext();
    const state = traceState?.serialize();
    return {
      traceId,
      spanId,
      flags: traceFlags,
      ...(state ? { state } : {}),
      ...(this.#baggage ? { baggage: this.#baggage } : {}),
    };
  }

  set(attributes: SpanAttributes): void {
    this.#span.setAttributes(clean(attributes));
  }

  event(name: string, attributes?: SpanAttributes): void {
    this.#span.addEvent(name, clean(attributes));
  }

  fail(type: string, message?: string): void {
    this.#failed = true;
    this.#span.setAttribute('error.type', type);
    this.#span.setStatus({
      code: SpanStatusCode.ERROR,
      ...(message === undefined ? {} : { message: redactText(message) }),
    });
  }

  /** Notes what was thrown, unless the work already said how it failed. */
  failBy(error: unknown): void {
    if (this.#failed) return;
    if (error instanceof FairleadError) this.fail(error.code, error.message);
    else if (error instanceof Error) this.fail(error.name, error.message);
    else this.fail('_OTHER');
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#span.end();
  }
}

// Attributes leave the house: what looks like a secret stays here.
function clean(attributes: SpanAttributes = {}): Record<string, string | number | boolean | string[]> {
  const result: Record<string, string | number | boolean | string[]> = {};
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined) continue;
    if (typeof value !== 'boolean' && isSecretKey(key)) result[key] = redacted;
    else if (typeof value === 'string') result[key] = redactText(value);
    else if (typeof value === 'object') result[key] = value.map((text) => redactText(text));
    else result[key] = value;
  }
  return result;
}
