import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { defaultOrg } from '../../kernel/principal.ts';
import type { Tool } from '../../kernel/tool.ts';

export interface CallMeasure {
  org: string;
  /** Canonical id; undefined when no tool was found. */
  tool?: string;
  /** The outcome. */
  status: string;
  durationMs: number;
}

export interface RequestMeasure {
  method: string;
  /** The route's pattern, never the path itself: `/api/v1/tools/{id}/call`. */
  route: string;
  status: number;
  durationMs: number;
}

export interface AnswerMeasure {
  /** Of the best passage, from 0 to 1. */
  confidence: number;
  answerable: boolean;
  passages: number;
}

export interface KnowledgeInstruments {
  /** What became of a document that came in, or went. */
  document(end: 'added' | 'changed' | 'removed' | 'failed'): void;
  /** How long a document took from the arrival of its bytes until it could be found. */
  indexed(tookMs: number): void;
}

export interface Metrics {
  call(measure: CallMeasure): void;
  request(measure: RequestMeasure): void;
  /** A question to the team's documents was answered. */
  answer(measure: AnswerMeasure): void;
  /** A client's session or stream has opened; call what comes back when it closes (more than once does no harm). */
  connectionOpened(): () => void;
  /** Read at each scrape. */
  watchUpstreams(read: () => Iterable<{ org: string; name: string; state: string }>): void;
  /** Connections of the database pool, read at each scrape. */
  watchPool(read: () => { total: number; idle: number; waiting: number }): void;
  /** Places of the audit queue, and records that had none, read at each scrape. */
  watchAuditQueue(read: () => { used: number; size: number; dropped: number }): void;
  /** How far collections are behind their sources, read at each scrape. Returns where what happens to documents is told. */
  watchKnowledge(read: () => Iterable<{ org: string; collection: string; lagMs: number }>): KnowledgeInstruments;
  /** Whether limits are counted alone, and among how many replicas, read at each scrape. Returns where refusals are told. */
  watchLimits(
    read: () => { alone: boolean; replicas: number },
  ): (rule: { name: string; isFromFile: boolean }, org: string) => void;
  /** Returns where it is told that a budget has refused a call. */
  watchBudgets(): (budget: { name: string; isFromFile: boolean }, org: string) => void;
  /** What is kept of results, read at each scrape. Returns where hits and misses are told. */
  watchCache(read: () => { entries: number; bytes: number }): { hit(tool: Tool): void; miss(tool: Tool): void };
  /** Another figure, read at each scrape. The name starts with `fairlead_`; it has no labels. */
  gauge(name: string, help: string, read: () => number): void;
  /** Another count; the name starts with `fairlead_` and ends with `_total`. Returns the way to add to it. */
  counter(name: string, help: string): (by?: number) => void;
  /** The exposition text; its media type is `contentType`. */
  render(): Promise<string>;
  readonly contentType: string;
  stop(): void;
}

/** What stands for everything that gets no label value of its own. */
const other = 'other';
const maxLabels = 2_000;
const methods = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']);

/**
 * The Prometheus instruments. No tenant is named in a label: tools and upstreams of any organisation but `default`
 * count as `other`, and so does whatever comes after the first 2,000 values of a label.
 */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });

  const invocations = new Counter({
    name: 'mcp_tool_invocations_total',
    help: 'Calls that ended, by tool and outcome',
    labelNames: ['tool_name', 'status'] as const,
    registers,
  });
  const durations = new Histogram({
    name: 'mcp_tool_duration_seconds',
    help: 'Time from the arrival of a call to its end, by tool',
    labelNames: ['tool_name'] as const,
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    registers,
  });
  const connections = new Gauge({
    name: 'mcp_active_connections',
    help: 'MCP sessions and streams that are open',
    registers,
  });
  const requests = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the arrival of an HTTP request to the end of its response',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });

  const retrievals = new Histogram({
    name: 'mcp_rag_retrieval_score',
    help: "Confidence of the best passage for each question to the team's documents, from 0 to 1, by whether it was told to be an answer",
    labelNames: ['outcome'] as const,
    buckets: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1],
    registers,
  });
  const nothingFound = new Counter({
    name: 'fairlead_knowledge_zero_results_total',
    help: "Questions to the team's documents for which no passage was found at all",
    registers,
  });

  const toolLabel = boundedLabel(maxLabels);
  const routeLabel = boundedLabel(maxLabels);
  const upstreamLabel = boundedLabel(maxLabels);

  const gauge: Metrics['gauge'] = (name, help, read) => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  };

  return {
    contentType: registry.contentType,
    call({ org, tool, status, durationMs }) {
      const tool_name = tool === undefined ? 'unknown' : org === defaultOrg ? toolLabel(tool) : other;
      invocations.inc({ tool_name, status });
      durations.observe({ tool_name }, durationMs / 1_000);
    },
    request({ method, route, status, durationMs }) {
      requests.observe(
        { method: methods.has(method) ? method : other, route: routeLabel(route), status: String(status) },
        durationMs / 1_000,
      );
    },
    answer({ confidence, answerable, passages }) {
      retrievals.observe({ outcome: answerable ? 'answerable' : 'not_answerable' }, confidence);
      if (passages === 0) nothingFound.inc();
    },
    connectionOpened() {
      connections.inc();
      let open = true;
      return () => {
        if (open) connections.dec();
        open = false;
      };
    },
    watchUpstreams(read) {
      new Gauge({
        name: 'fairlead_upstream_state',
        help: 'Upstreams by state; 1 for the state that a named one is in',
        labelNames: ['upstream', 'state'] as const,
        registers,
        collect() {
          this.reset();
          for (const { org, name, state } of read()) {
            this.inc({ upstream: org === defaultOrg ? upstreamLabel(name) : other, state });
          }
        },
      });
    },
    watchPool(read) {
      gauge('fairlead_pool_connections', 'Database connections that are open', () => read().total);
      gauge('fairlead_pool_idle', 'Database connections that nobody uses', () => read().idle);
      gauge('fairlead_pool_waiting', 'Queries that wait for a database connection', () => read().waiting);
    },
    watchAuditQueue(read) {
      gauge('fairlead_audit_queue_used', 'Places of the audit queue that are taken', () => read().used);
      gauge('fairlead_audit_queue_size', 'Places that the audit queue has', () => read().size);
      new Counter({
        name: 'fairlead_audit_dropped_total',
        help: 'Calls that ran and left no audit record, since the queue was full and the settings say drop',
        registers,
        collect() {
          this.reset();
          this.inc(read().dropped);
        },
      });
    },
    watchKnowledge(read) {
      const collectionLabel = boundedLabel(maxLabels);
      new Gauge({
        name: 'fairlead_knowledge_lag_seconds',
        help: 'Time since the source of a collection that waits longest was seen whole',
        labelNames: ['collection'] as const,
        registers,
        collect() {
          this.reset();
          const longest = new Map<string, number>();
          for (const { org, collection, lagMs } of read()) {
            const label = org === defaultOrg ? collectionLabel(collection) : other;
            longest.set(label, Math.max(longest.get(label) ?? 0, lagMs));
          }
          for (const [label, lagMs] of longest) this.set({ collection: label }, lagMs / 1_000);
        },
      });
      const documents = new Counter({
        name: 'fairlead_knowledge_documents_total',
        help: 'Documents that were added, changed or removed, or that could not be had or read',
        labelNames: ['end'] as const,
        registers,
      });
      const took = new Histogram({
        name: 'fairlead_knowledge_index_seconds',
        help: 'Time from the arrival of the bytes of a document until it could be found',
        buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60],
        registers,
      });
      return {
        document: (end) => documents.inc({ end }),
        indexed: (tookMs) => took.observe(tookMs / 1_000),
      };
    },
    watchLimits(read) {
      const ruleLabel = boundedLabel(maxLabels);
      gauge('fairlead_limits_alone', '1 while the store of limits is away and this replica goes by its share', () =>
        read().alone ? 1 : 0,
      );
      gauge(
        'fairlead_limits_replicas',
        'Replicas that were last seen alive, this one among them',
        () => read().replicas,
      );
      const refusals = new Counter({
        name: 'fairlead_limit_refusals_total',
        help: 'Calls that a limit refused, by its rule',
        labelNames: ['rule'] as const,
        registers,
      });
      // What stands in the operator's file names no tenant.
      return ({ name, isFromFile }, org) =>
        refusals.inc({ rule: isFromFile || org === defaultOrg ? ruleLabel(name) : other });
    },
    watchBudgets() {
      const budgetLabel = boundedLabel(maxLabels);
      const refusals = new Counter({
        name: 'fairlead_budget_refusals_total',
        help: 'Calls that a budget refused, by its name',
        labelNames: ['budget'] as const,
        registers,
      });
      return ({ name, isFromFile }, org) =>
        refusals.inc({ budget: isFromFile || org === defaultOrg ? budgetLabel(name) : other });
    },
    watchCache(read) {
      gauge('fairlead_cache_entries', 'Results that are kept to be told again', () => read().entries);
      gauge('fairlead_cache_bytes', 'Bytes of the results that are kept', () => read().bytes);
      const count = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
        new Counter({ name, help, labelNames: [...labelNames], registers });
      const lookups = count('fairlead_cache_lookups_total', 'Calls that a result could be kept of, by tool and end', [
        'tool_name',
        'result',
      ]);
      const units = count(
        'fairlead_cache_saved_units_total',
        "Units that hits would have cost, by the tools' own words",
        [],
      );
      const money = count(
        'fairlead_cache_saved_amount_total',
        "Money that hits would have cost, by the tools' own words",
        ['currency'],
      );
      const nameOf = ({ org, id }: Tool) => (org === defaultOrg ? toolLabel(id) : other);
      return {
        hit(tool) {
          lookups.inc({ tool_name: nameOf(tool), result: 'hit' });
          const { units: saved, amount, currency = 'unknown' } = tool.guidance?.cost ?? {};
          if (saved) units.inc(saved);
          if (amount) money.inc({ currency }, amount);
        },
        miss: (tool) => lookups.inc({ tool_name: nameOf(tool), result: 'miss' }),
      };
    },
    gauge,
    counter(name, help) {
      const counter = new Counter({ name, help, registers });
      return (by = 1) => counter.inc(by);
    },
    render: () => registry.metrics(),
    stop: () => registry.clear(),
  };
}

// A label value costs memory here and in every Prometheus for as long as it lives.
function boundedLabel(limit: number): (value: string) => string {
  const known = new Set<string>();
  return (value) => {
    if (known.has(value)) return value;
    if (known.size >= limit) return other;
    known.add(value);
    return value;
  };
}
