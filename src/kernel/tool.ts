import type { Expense } from './cost.ts';
import type { Json, JsonObject } from './json.ts';
import type { OrgId } from './principal.ts';

/** A tool as its provider declares it, MCP's fields as they came. */
export interface ToolDefinition {
  name: string;
  title?: string;
  description?: string;
  inputSchema: JsonObject;
  outputSchema?: JsonObject;
  annotations?: JsonObject;
  icons?: Json;
  execution?: Json;
  _meta?: JsonObject;
}

/** What a call does, as far as Fairlead believes it: defaults filled in, overrides applied. */
export interface Annotations {
  readOnly: boolean;
  destructive: boolean;
  idempotent: boolean;
  openWorld: boolean;
}

/** MCP's defaults for a tool that says nothing about itself: the worst case. */
export const unknownAnnotations: Annotations = {
  readOnly: false,
  destructive: true,
  idempotent: false,
  openWorld: true,
};

export type ItemStatus = 'live' | 'stale' | 'quarantined' | 'disabled';

/** What an agent can reason with, beside the definition: given by whoever declares the tool. */
export interface ToolGuidance {
  whenToUse?: string;
  whenNotToUse?: string;
  /** Calls that are right, with what they are right for. */
  examples?: { intent?: string; arguments: JsonObject }[];
  /** Of one call, as far as it is known before; `cached` is what one costs that is told from the cache, nothing when absent. */
  cost?: Expense & { cached?: Expense };
  /** In words, such as `60 a minute`. */
  rateLimits?: string[];
  sideEffects?: string;
  /** By kind of error: what it means, or what to do. */
  errors?: Record<string, string>;
}

/** One callable operation in the catalog. */
export interface Tool {
  org: OrgId;
  /** Canonical id `toolset.name`; splits at its first dot. */
  id: string;
  toolset: string;
  name: string;
  definition: ToolDefinition;
  /** `sha256:` over the RFC 8785 text of `definition`. */
  digest: string;
  annotations: Annotations;
  /** Risk tags given in the configuration, for policies. */
  tags: readonly string[];
  status: ItemStatus;
  /** Why it is not live, fit for the caller. */
  statusReason?: string;
  guidance?: ToolGuidance;
  /** Every call of it needs consent, whatever policy says: whose, and what asks for it. */
  consent?: { kind: 'confirm' | 'approve'; rule: string };
  /** Longest run of one call; the upstream's or the server's default when absent. */
  timeoutMs?: number;
  /** What its provider declares now, where that is not what was accepted: a call has to fit both. */
  offered?: { inputSchema: JsonObject; digest: string };
  /** As an endpoint shows it, where that differs from `definition`. */
  shown?: ToolDefinition;
  /** Arguments that an endpoint gives, which its callers neither see nor set. */
  fixed?: JsonObject;
}

/** MCP's content, structured content and error flag, as the provider gave it. */
export interface ToolResult {
  content: JsonObject[];
  structuredContent?: Json;
  isError?: boolean;
  _meta?: JsonObject;
}
