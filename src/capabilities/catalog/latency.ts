import type { JsonObject } from '../../kernel/json.ts';
import type { OrgId } from '../../kernel/principal.ts';
import type { Tool } from '../../kernel/tool.ts';

/** How long the last calls of a tool took, as this replica saw them. */
export interface Latency {
  p50Ms: number;
  p95Ms: number;
  /** Out of so many calls, the last ones. */
  calls: number;
}

export interface Latencies {
  note(org: OrgId, toolId: string, durationMs: number): void;
  /** Undefined for a tool that has not been called. */
  of(org: OrgId, toolId: string): Latency | undefined;
}

interface Window {
  durations: Float64Array;
  seen: number;
}

const windowSize = 128;
const maxTools = 5_000;

/** Rolling durations in memory: 1 KiB for each tool that is called, and those called least lately go first. */
export function createLatencies(): Latencies {
  const windows = new Map<string, Window>();
  const keyOf = (org: OrgId, toolId: string) => `${org} ${toolId}`;
  return {
    note(org, toolId, durationMs) {
      const key = keyOf(org, toolId);
      const window = windows.get(key) ?? { durations: new Float64Array(windowSize), seen: 0 };
      windows.delete(key);
      if (windows.size >= maxTools) windows.delete(windows.keys().next().value ?? '');
      windows.set(key, window);
      window.durations[window.seen++ % windowSize] = durationMs;
    },
    of(org, toolId) {
      const window = windows.get(keyOf(org, toolId));
      if (!window) return undefined;
      const calls = Math.min(window.seen, windowSize);
      const sorted = window.durations.slice(0, calls).sort();
      const at = (share: number) => Math.round(sorted[Math.ceil(share * calls) - 1] ?? 0);
      return { p50Ms: at(0.5), p95Ms: at(0.95), calls };
    },
  };
}

/** What is known of a tool beside its definition, as agents are told it; `limits` and `budgets` are those of this server, in words. */
export function guidanceFor(
  { org, id, guidance, tags }: Tool,
  latencies: Pick<Latencies, 'of'>,
  limits: readonly string[] = [],
  budgets: readonly string[] = [],
): JsonObject {
  const latency = latencies.of(org, id);
  const rateLimits = [...(guidance?.rateLimits ?? []), ...limits];
  return {
    ...(guidance as JsonObject | undefined),
    ...(rateLimits.length > 0 ? { rateLimits } : {}),
    ...(budgets.length > 0 ? { budgets: [...budgets] } : {}),
    ...(tags.length > 0 ? { tags: [...tags] } : {}),
    ...(latency ? { latency: { ...latency } } : {}),
  };
}
