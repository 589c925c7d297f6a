import type { BudgetStanding, Cost, Expense } from './cost.ts';
import type { ErrorBody, RpcFault } from './errors.ts';
import { isObject, type Json, type JsonObject } from './json.ts';
import type { LimitStanding } from './limit.ts';
import type { Principal } from './principal.ts';
import type { Tool, ToolDefinition, ToolResult } from './tool.ts';

/** How a call ended: exactly one of these. */
export const outcomes = [
  'ok',
  'tool_error',
  'invalid',
  'denied',
  'limited',
  'blocked',
  'pending_approval',
  'cancelled',
  'failed',
] as const;
export type Outcome = (typeof outcomes)[number];

export type Surface = 'mcp' | 'rest' | 'workflow' | 'agent';

/**
 * What is being used. A tool call is the usual case; reading a resource, getting a prompt and completing an
 * argument go the same way under the pseudo tools `<toolset>.@read`, `.@prompt` and `.@complete`.
 */
export type Operation = 'tool' | 'read' | 'prompt' | 'complete';

/** A question that a provider asks its caller: MCP's elicitation, sampling or roots request. */
export interface InputRequest {
  method: 'elicitation/create' | 'sampling/createMessage' | 'roots/list';
  params: JsonObject;
}

export interface ProgressUpdate {
  progress: number;
  total?: number;
  message?: string;
}

/** The way back to whoever called, for as long as the call runs. */
export interface CallerLink {
  /** `modern` takes `input_required` results; `sessions` is asked during the call; `none` cannot be asked. */
  readonly era: 'modern' | 'sessions' | 'none';
  /** MCP's client capabilities: what the caller declared that it can answer. */
  readonly capabilities: JsonObject;
  /** The caller's 2025 session, where there is one. */
  readonly sessionId?: string;
  /** False when nobody hears of progress, so that none needs to be asked for. */
  readonly hears?: false;
  /** The lowest level of log messages that it asked for with this request; undefined when it asked for none. */
  readonly logLevel?: string;
  /** Puts a question and resolves with MCP's raw result object. Rejects when the caller cannot or will not answer. */
  ask(request: InputRequest, signal: AbortSignal): Promise<JsonObject>;
  progress(update: ProgressUpdate): void;
  log(level: string, data: Json, logger?: string): void;
}

/** Whether a caller can be asked to open a page (elicitation by URL). */
export function opensPages({ era, capabilities }: Pick<CallerLink, 'era' | 'capabilities'>): boolean {
  return era !== 'none' && isObject(capabilities.elicitation) && isObject(capabilities.elicitation.url);
}

/** A later round of a multi-round-trip call, as the caller brought it. */
export interface Continuation {
  /** The provider's own opaque state, unsealed. */
  requestState?: string;
  inputResponses?: JsonObject;
}

/** The name that a caller gives to a request, so that it runs once however often it is sent. */
export interface OnceKey {
  key: string;
  /** What makes it this request and no other, beside who calls which tool; JSON. */
  content: unknown;
}

/** What a surface hands to the gateway. */
export interface CallRequest {
  /** Made by the surface when this is a later round of a call that has an id already. */
  id?: string;
  principal: Principal;
  surface: Surface;
  operation: Operation;
  /** Canonical id, wire name, resource URI, or prompt name, as the caller wrote it. */
  target: string;
  /** Named endpoint by which it came; undefined is the plain one. */
  endpoint?: string;
  arguments: JsonObject;
  /** The caller's `_meta`, without protocol keys: trace context and the like. */
  meta?: JsonObject;
  link: CallerLink;
  signal: AbortSignal;
  /** What `signal` belongs to, where it is this call's alone: then it takes no other to cut the call off. */
  stop?: AbortController;
  /** Milliseconds since the epoch. */
  deadline?: number;
  parentCallId?: string;
  continuation?: Continuation;
  once?: OnceKey;
  /**
   * The consent that the call was given; or, with `weigh`, that for which its arguments are only looked at. Set inside the house alone: no surface takes it from a caller.
   */
  grant?: { approval: string; weigh?: true };
  /** Made by the house beside another call: where it would have to wait for consent it is refused instead. */
  beside?: 'preview' | 'backup';
  /** The caller's address as seen at the edge, after trusted proxies. */
  clientAddress?: string;
  /** Of the HTTP request that brought it; stands in the log lines of both. */
  requestId?: string;
}

/** The request on its way through the stages. */
export interface Call extends Omit<CallRequest, 'id'> {
  readonly id: string;
  readonly startedAt: number;
  /** From `resolve` on. */
  tool?: Tool;
  /** What the provider is asked for: its own tool name, resource URI or prompt name. From `resolve` on. */
  providerTarget?: string;
  /** What policy saw and said. From `authorize` on. */
  decision?: Decision;
  /** Longest run as decided from request, tool and upstream. From `resolve` on. */
  timeoutMs?: number;
  traceId?: string;
  /** What was saved before it, where that was asked for. From `back up` on. */
  backup?: MadeBackup;
  /** What it takes, as its provider comes to know it; written by providers that are believed, while they run. */
  spent?: Expense;
  /** Set by a provider that fails it before anything of it has reached anybody. */
  unsent?: true;
}

/** What a tool saved before a call, and by what it is found again. */
export interface MadeBackup {
  tool: string;
  /** The call that made it. */
  callId?: string;
  /** As its tool told it. */
  id?: string;
  /** Why there is none; the call is made nevertheless only where the file says so. */
  failed?: string;
}

/** What policy said and what it looked at, kept whole for the audit record. */
export interface Decision {
  allowed: boolean;
  /** Allowed without anybody's consent. */
  unattended: boolean;
  /** Where consent is needed it may be that of the person behind the caller; without this it is somebody else's. */
  consent?: 'confirm';
  /** Names of the policies that decided, or the reason of a refusal without one. */
  rules: readonly string[];
  /** Why consent is needed, beside the rules, for who gives it. */
  reasons?: readonly string[];
  policyVersion: string;
  /** Context that the policies could read: environment and projected arguments. */
  context: JsonObject;
  /** Set when a policy failed to evaluate: the answer is then no. */
  errors?: readonly string[];
  /** Number of the organisation's own policies as they then stood together; absent where it had none. */
  policySet?: number;
  /** Names of the arguments of this tool that policies could read, whether they were there or not. */
  projected?: readonly string[];
  /** Something of the call could not be read as policies must: denied, whatever the rules say. */
  unreadable?: true;
}

/** A provider asks the caller for something and ends this round; the caller comes back with a continuation. */
export interface InputRequired {
  inputRequests?: JsonObject;
  /** The provider's opaque state; sealed before it leaves the house. */
  requestState?: string;
}

/** What a provider gives back for one dispatch. */
export type ProviderReply =
  | {
      kind: 'result';
      result: JsonObject;
      /** What Fairlead itself says in the result's `_meta`; keys of ours in the result are anybody's word. */
      meta?: JsonObject;
      /** Records leave it out: it holds what is encrypted where it is kept. */
      unkept?: true;
    }
  | { kind: 'input_required'; required: InputRequired };

/** The end of a call. `result` is a `ToolResult` for tools and MCP's result object for the other operations. */
export interface CallEnd {
  callId: string;
  outcome: Outcome;
  result?: ToolResult | JsonObject;
  error?: ErrorBody;
  /** The provider's own JSON-RPC error behind `error`. */
  rpc?: RpcFault;
  /** As the provider said: records leave the result out. */
  unkept?: true;
  /** The limits that it was counted by, as they stand. */
  limits?: readonly LimitStanding[];
  /** The budgets that it was paid from, as they stood with what was reserved for it. */
  budgets?: readonly BudgetStanding[];
  /** What it has cost; absent for one that was not made. */
  cost?: Cost;
  /** The end of an earlier call with the same key, whose id it carries: nothing ran for this one. */
  replayed?: true;
}

/** One round of a call: over, or waiting for the caller. */
export type CallReply =
  | { kind: 'end'; end: CallEnd }
  | { kind: 'input_required'; callId: string; required: InputRequired };

/** The door to the pipeline, for every surface and for capabilities that call tools themselves. */
export interface ToolCaller {
  /** Never rejects: whatever goes wrong is an end with an outcome. */
  call(request: CallRequest): Promise<CallReply>;
}

/** Somebody who can run what the catalog lists. */
export interface ToolProvider {
  /** Rejects with a `FairleadError` for anything but an answer of the tool itself. */
  dispatch(call: Call & { tool: Tool }, signal: AbortSignal): Promise<ProviderReply>;
}

/** A toolset that comes with the house itself, offered to every organisation. */
export interface OwnToolset {
  name: string;
  provider: ToolProvider;
  /** What it offers now; asked again after each change. */
  list(): OwnItems;
  /** Tells when the list has changed. Returns the way to stop listening. */
  onChange?(listener: () => void): () => void;
  /** By the name of a tool of it: the read-only one that shows what a call would change, and the arguments that go along. */
  previews?: Readonly<Record<string, { by: string; arguments: readonly string[] }>>;
  /** Asks to be told when a resource changes. Returns the way to end that. */
  subscribe?(uri: string, changed: () => void): () => void;
}

export interface OwnItems {
  tools: ToolDefinition[];
  prompts: JsonObject[];
  resources: JsonObject[];
  templates: JsonObject[];
  instructions?: string;
}
