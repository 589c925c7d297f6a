import type { Readable, Writable } from 'node:stream';
import type { UpstreamSettings } from '../../config/schema.ts';
import type { OrgId, Principal } from '../../kernel/principal.ts';
import type { Egress } from '../../platform/http/index.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import type { ListedItems, Refused, Taken, ToolsetFacts } from '../catalog/index.ts';
import type { ApiImport, ImportOptions } from './openapi/plan.ts';

/** Where listings go. */
export interface CatalogPort {
  replaceItems(org: OrgId, toolset: string, items: ListedItems, facts: ToolsetFacts): Promise<Taken>;
  markStale(org: OrgId, toolset: string, reason: string): Promise<void>;
  removeToolset(org: OrgId, toolset: string): Promise<void>;
  forgetDecisions(org: OrgId, toolset: string): Promise<void>;
}

export interface ChildProcess {
  readonly pid: number;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly exited: Promise<{ code: number | null; signal: string | null }>;
  /** Ends the process and all it started; resolves when they are gone. */
  kill(graceMs?: number): Promise<void>;
}

export interface ProcessesPort {
  spawn(spec: {
    command: string;
    args: readonly string[];
    env: Record<string, string>;
    cwd?: string;
    label: string;
  }): Promise<ChildProcess>;
}

export interface EgressPort {
  fetch(url: string | URL, init?: RequestInit & { guarded?: boolean }): Promise<Response>;
  /** A POST whose answer is told as it comes; no redirect is followed. */
  post: Egress['post'];
  /** Rejects when the address may not be reached. */
  assertAllowed(url: string | URL): Promise<void>;
}

/** Whose credentials requests to one upstream carry. */
export interface Authorizer {
  /** Headers for a request now; throws a `FairleadError`, fit for the caller, where there is no credential. */
  headers(signal: AbortSignal): Promise<Record<string, string>>;
  /**
   * The upstream refused what `headers` gave: 401, or 403 with `insufficient_scope`. Whether another try with new headers
   * makes sense. Throws as `headers` does.
   */
  refused(
    refusal: { status: number; challenge: string | undefined; sent: Record<string, string> },
    signal: AbortSignal,
  ): Promise<boolean>;
}

/** Where credentials towards upstreams come from, beside headers and secrets that stand in their settings. */
export interface CredentialsPort {
  /**
   * Undefined for an upstream that needs none.
   *
   * @param who is behind the request; undefined for Fairlead itself, which lists and looks whether it still answers
   */
  authorizerFor(declaration: Declaration, who: Principal | undefined): Authorizer | undefined;
  /** Whether everybody has a credential of their own, so that no connection may serve two people. */
  isPersonal(declaration: Declaration): boolean;
  /** Waits a while for somebody who was sent to a page, and may be done there. */
  settled?(declaration: Declaration, who: Principal, signal: AbortSignal): Promise<void>;
}

/** Makes tools of OpenAPI documents. */
export interface ImporterPort {
  /** Throws `ImportFault`, what starting a process throws, and the signal's reason. */
  run(bytes: Uint8Array, options: ImportOptions, signal: AbortSignal): Promise<ApiImport>;
}

/** Told about what goes on, for metrics; must not throw. */
export interface UpstreamObserver {
  state(org: OrgId, name: string, state: UpstreamState): void;
  inFlight(org: OrgId, name: string, calls: number): void;
}

export type UpstreamState = 'starting' | 'live' | 'failing' | 'stopped' | 'disabled';
export type TransportKind = 'stdio' | 'http' | 'sse' | 'openapi';

export interface UpstreamStatus {
  org: OrgId;
  name: string;
  source: 'file' | 'runtime';
  transport: TransportKind;
  /** Command line, URL or path, secrets left out. */
  target: string;
  isolation: UpstreamSettings['isolation'];
  /** Whether its results are believed that say what calls have cost. */
  tellsCosts: boolean;
  /** Protocol revision spoken, once connected. */
  era?: string;
  state: UpstreamState;
  /** Why it is not live; fit for callers. */
  reason?: string;
  /** What exactly is wrong, for those who operate: may hold command lines, addresses and words of the upstream. */
  detail?: string;
  tools: number;
  prompts: number;
  resources: number;
  /** What it lists and the catalog does not take; fit for callers. */
  leftOut?: string;
  /** The first of these, with their names. */
  refused?: readonly Refused[];
  /** When it entered this state, in milliseconds since the epoch. */
  since: number;
  lastListedAt?: number;
  /** Connections that were lost or not made since it was declared. */
  restarts: number;
  inFlight: number;
  breaker: 'closed' | 'open' | 'half-open';
}

/** What `test` found out. */
export interface UpstreamProbe {
  ok: boolean;
  transport: TransportKind;
  era?: string;
  tools?: number;
  prompts?: number;
  resources?: number;
  /** What it lists and cannot be offered. */
  refused?: readonly Refused[];
  reason?: string;
  durationMs: number;
}

/** Waiting times and bounds, in one place so that tests can shorten them. */
export interface Timing {
  /** First and longest pause between attempts to connect. */
  backoffMinMs: number;
  backoffMaxMs: number;
  /** A connection that lived this long starts the back-off anew. */
  stableMs: number;
  /** One attempt to connect and list; never less than the upstream's start time-out. */
  connectMs: number;
  /** Pause between checks that a silent upstream still answers, and how long one may take. */
  healthEveryMs: number;
  healthMs: number;
  /** An upstream that does not announce changes is listed again after this time. */
  relistEveryMs: number;
  relistDebounceMs: number;
  /** Shortest time between two listings. */
  relistMinMs: number;
  /** Longest time a question waits for its answer. */
  questionMs: number;
  /** A connection of one principal or session is closed after this time without a call. */
  idleMs: number;
  /** Connections of single principals or sessions to one upstream. */
  maxIsolated: number;
  /** One message from an upstream. */
  maxMessageBytes: number;
  /** How long a call waits for a connection that is being replaced. */
  reconnectMs: number;
  retryMinMs: number;
  retryMaxMs: number;
  /** Longest `Retry-After` that is waited for instead of handed to the caller. */
  retryAfterMs: number;
  /** Time for the processes and sessions of one upstream to end. */
  stopMs: number;
  /** How often a replica looks for upstreams that others added. */
  pollMs: number;
}

export const defaultTiming: Timing = {
  backoffMinMs: 250,
  backoffMaxMs: 60_000,
  stableMs: 30_000,
  connectMs: 120_000, // a first `npx` may have to install the server
  healthEveryMs: 30_000,
  healthMs: 10_000,
  relistEveryMs: 5 * 60_000,
  relistDebounceMs: 200,
  relistMinMs: 1_000,
  questionMs: 5 * 60_000,
  idleMs: 5 * 60_000,
  maxIsolated: 64,
  maxMessageBytes: 16 * 1024 * 1024,
  reconnectMs: 5_000,
  retryMinMs: 100,
  retryMaxMs: 2_000,
  retryAfterMs: 10_000,
  stopMs: 5_000,
  pollMs: 10_000,
};

/** Name and version that upstreams see. */
export interface ClientInfo {
  name: string;
  version: string;
  title?: string;
}

/** What every part of this capability works with. */
export interface Surroundings {
  catalog: CatalogPort;
  processes: ProcessesPort;
  egress: EgressPort;
  importer: ImporterPort;
  credentials?: CredentialsPort;
  clientInfo: ClientInfo;
  log: Log;
  timing: Timing;
  now(): number;
  observe?: UpstreamObserver;
}

/** One upstream as it is to be run. */
export interface Declaration {
  org: OrgId;
  name: string;
  source: 'file' | 'runtime';
  /** References resolved. */
  settings: UpstreamSettings;
  /** As a user wrote it, with references, where that differs. */
  written?: UpstreamSettings;
  /** Why it cannot be run at all; fit for callers. */
  fault?: string;
  /** Secrets that references stand for in it. */
  given?: readonly string[];
}
