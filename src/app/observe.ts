import type { Latencies } from '../capabilities/catalog/index.ts';
import type { CallState } from '../gateway/index.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Log, Metrics } from '../platform/telemetry/index.ts';

interface Deps {
  clock: Clock;
  latencies: Latencies;
  log: Log;
  metrics: Metrics;
}

/** What is kept of a call that is over, beside its audit record: figures and one line of the log. */
export function createObserver({ clock, latencies, log, metrics }: Deps): (state: CallState) => void {
  return ({ call, end, error, cached }) => {
    if (!end) return;
    const { tool, principal } = call;
    const durationMs = clock.now() - call.startedAt;
    const isRun = end.outcome === 'ok' || end.outcome === 'tool_error';
    if (tool && call.operation === 'tool' && isRun && !cached) latencies.note(principal.org, tool.id, durationMs);
    metrics.call({ org: principal.org, tool: tool?.id, status: end.outcome, durationMs });
    if (!error && !log.isLevelEnabled('info')) return;
    const fields = {
      ...(call.requestId === undefined ? {} : { requestId: call.requestId }),
      executionId: call.id,
      userId: principal.id,
      orgId: principal.org,
      tool: tool?.id ?? call.target,
      durationMs,
      outcome: end.outcome,
      ...(cached ? { cached } : {}),
      ...(end.replayed ? { replayed: true, parentCallId: end.callId } : {}),
      ...(call.traceId === undefined ? {} : { traceId: call.traceId }),
    };
    if (error?.spec.category === 'internal') log.error({ ...fields, err: error }, 'call failed');
    else log.info({ ...fields, ...(error ? { errorCode: error.code } : {}) }, 'call');
  };
}
