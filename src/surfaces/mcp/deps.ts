import type { Catalog } from '../../capabilities/catalog/index.ts';
import type { Gateway } from '../../gateway/index.ts';
import type { JsonObject } from '../../kernel/json.ts';
import type { Principal } from '../../kernel/principal.ts';
import type { Tool } from '../../kernel/tool.ts';
import type { Keyring } from '../../platform/keyring/index.ts';
import type { Log } from '../../platform/telemetry/index.ts';

/** What the MCP surface needs of the house. */
export interface McpDeps {
  gateway: Gateway;
  catalog: Catalog;
  /** What is known of a tool beside its definition. */
  guidanceOf(tool: Tool): JsonObject;
  keyring: Keyring;
  log: Log;
  version: string;
  subscriptions: ResourceSubscriptions;
  sessions: { idleMs: number; maxPerPrincipal: number };
  maxBodyBytes: number;
  /** Told when a session or stream opens; calls what comes back when it closes. */
  connectionOpened(): () => void;
  /** Tells when somebody has done what a page was for, by the id of its elicitation. Returns the way to stop. */
  onVisited(listener: (elicitationId: string) => void): () => void;
  /** Tells when policies or endpoints changed, so that listings may have. Returns the way to stop. */
  rulesChanged(listener: () => void): () => void;
}

/** The way to be told of changes of an upstream's resource. */
export interface ResourceSubscriptions {
  /** Resolves with the way to unsubscribe. */
  subscribe(org: string, toolset: string, uri: string): Promise<() => Promise<void>>;
  onResourceUpdated(listener: (event: { org: string; toolset: string; uri: string }) => void): () => void;
}

/** A request that was let in: who, where, and how to ask again whether they still may. */
export interface Admitted {
  principal: Principal;
  endpoint: string | undefined;
  clientAddress: string | undefined;
  requestId: string;
  /** Rejects once the credential no longer counts. */
  revalidate(): Promise<unknown>;
}
