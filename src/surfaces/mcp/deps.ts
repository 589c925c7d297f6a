import type { Catalog } from '../../capabilities/catalog/index.ts';
import type { Gateway } from '../../gateway/index.ts';
import type { Principal } from '../../kernel/principal.ts';
import type { Keyring } from '../../platform/keyring/index.ts';
import type { Log } from '../../platform/telemetry/index.ts';

/** What the MCP surface needs of the house. */
export interface McpDeps {
  gateway: Gateway;
  catalog: Catalog;
  keyring: Keyring;
  log: Log;
  version: string;
  subscriptions: ResourceSubscriptions;
  sessions: { idleMs: number; maxPerPrincipal: number };
  maxBodyBytes: number;
  /** Told when a session or stream opens; calls what comes back when it closes. */
  connectionOpened(): () => void;
  /** Tells when policies changed, so that listings may have. Returns the way to stop. */
  policyChanged(listener: () => void): () => void;
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
