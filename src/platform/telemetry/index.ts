export { spanNames } from './conventions.ts';
export { createLog, type Log, type LogLevel, type LogOptions } from './log.ts';
export {
  type CallMeasure,
  createMetrics,
  type KnowledgeInstruments,
  type Metrics,
  type RequestMeasure,
} from './metrics.ts';
export { isSecretKey, type RedactionOptions, redacted, redactText } from './redaction.ts';
export type { TraceCarrier } from './tracecontext.ts';
export {
  createTracing,
  type Span,
  type SpanAttributes,
  type SpanOptions,
  type Tracing,
  type TracingOptions,
} from './tracing.ts';
