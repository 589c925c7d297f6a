import {
  Client,
  type JSONRPCMessage,
  ProtocolError,
  SdkError,
  SdkErrorCode,
  SseError,
  type StandardSchemaV1,
  type Transport,
} from '@modelcontextprotocol/client';
import type { CallerLink } from '../../kernel/call.ts';
import { type Crowd, createCrowd } from '../../kernel/crowd.ts';
import { isObject, type JsonObject } from '../../kernel/json.ts';
import type { ListedItems, Refused } from '../catalog/index.ts';
import { type DirectExchange, Redirected } from './direct.ts';
import { isUnknownMethod } from './failures.ts';
import type { Flight, Scope, Scopes } from './flight.ts';
import { listEverything } from './listing.ts';
import type { AnswerTooLarge } from './oversize.ts';
import { createPipeExchange } from './pipe.ts';
import { answerUpstream, orAborted, relayLog } from './relay.ts';
import { cleanError } from './secrets.ts';
import { maxDepth, nestsDeeperThan } from './shape.ts';
import type { Surroundings, TransportKind } from './types.ts';
import { createWatch } from './watch.ts';

/** One live connection to an upstream: a process, an HTTP session, or a stateless HTTP peer. */
export interface Connection {
  readonly kind: TransportKind;
  readonly era: 'legacy' | 'modern';
  readonly protocolVersion: string;
  readonly capabilities: JsonObject;
  /** Set when a session is held at an HTTP upstream, which it may forget. */
  readonly sessionId: string | undefined;
  readonly flights: Crowd<Flight>;
  /** Resolves with the reason once it is lost or closed. */
  readonly closed: Promise<string>;
  isOpen(): boolean;
  /** Milliseconds since the epoch of the last sign of life. */
  lastHeardAt(): number;
  /** Sends one request; the raw result comes back. Rejects with what the SDK throws. */
  request(method: string, params: JsonObject, options: RequestOptions): Promise<JsonObject>;
  list(signal: AbortSignal): Promise<Listing>;
  /** Rejects when the upstream does not answer. */
  check(signal: AbortSignal): Promise<void>;
  /** Which resources to be told about; replaces what was watched before. */
  watch(uris: readonly string[]): void;
  close(reason: string): Promise<void>;
}

export interface Listing extends ListedItems {
  /** What was never going to be a tool, such as an operation of an API that cannot be called: for the status alone. */
  unusable?: readonly Refused[];
}

export interface RequestOptions {
  signal: AbortSignal;
  flight?: Flight;
  headers?: Record<string, string>;
  /** Told the scope when the request starts, to read what happened in it. */
  onScope?: (scope: Scope) => void;
}

export interface ConnectionEvents {
  listChanged(): void;
  resourceUpdated(uri: string): void;
}

const lingerMs = 1_000;
const forever = 2 ** 31 - 1; // our own clock ends requests; the SDK's must not be sooner

/** What is declared to upstreams; on 2026-07-28 each call declares what its own caller can do instead. */
export const ownCapabilities = {
  elicitation: { form: {}, url: {} },
  sampling: { tools: {} },
  roots: {},
};

// Results are handed on as they came: fields that the SDK does not know must survive.
const rawResult: StandardSchemaV1<unknown, JsonObject> = {
  '~standard': {
    version: 1,
    vendor: 'fairlead',
    validate: (value: unknown) => {
      if (!isObject(value)) return { issues: [{ message: 'the result is not an object' }] };
      if (nestsDeeperThan(value, maxDepth)) return { issues: [{ message: 'the result is nested too deeply' }] };
      return { value: value as JsonObject };
    },
  },
};

interface Options {
  name: string;
  kind: TransportKind;
  client: Client;
  /** Connected already. */
  transport: Transport;
  scopes: Scopes;
  around: Surroundings;
  events: ConnectionEvents;
  /** The shorter way for calls of tools, where the upstream takes them without a session. */
  direct: DirectExchange | undefined;
  /** Takes secrets out of text. */
  redact(text: string): string;
  /** Why the transport closed, if it knows. */
  whyClosed(): string | undefined;
  /** The answer for which it had to be closed, if it was too large and nobody's. */
  oversize(): AnswerTooLarge | undefined;
}

export function createClient(around: Surroundings, probeMs: number): Client {
  return new Client(around.clientInfo, {
    capabilities: ownCapabilities,
    versionNegotiation: { mode: 'auto', probe: { timeoutMs: probeMs } },
    inputRequired: { autoFulfill: false },
  });
}

/** Wraps a client that is connected. */
export function createConnection({
  name,
  kind,
  client,
  transport,
  scopes,
  around,
  events,
  direct,
  redact,
  whyClosed,
  oversize,
}: Options): Connection {
  const { timing, log, now } = around;
  const flights = createCrowd<Flight>();
  const abandoned = new Map<string | number, number>(); // request id to the time when it stops mattering
  const capabilities = (client.getServerCapabilities() ?? {}) as JsonObject;
  const era = client.getProtocolEra() ?? 'legacy';
  let heardAt = now();
  let reason: string | undefined;
  const isOpen = () => reason === undefined;
  let announce: (reason: string) => void = () => undefined;
  const closed = new Promise<string>((resolve) => {
    announce = resolve;
  });

  const relay = {
    name,
    scopes,
    timing,
    flights,
    abandoned: () => {
      for (const [id, until] of abandoned) if (until <= now()) abandoned.delete(id);
      return abandoned.size;
    },
  };

  const pipe =
    kind === 'stdio' && era === 'legacy' ? createPipeExchange((message) => transport.send(message)) : undefined;
  const exchange = direct ?? pipe;

  tapTransport(transport, {
    takes: (message) => pipe?.take(message) ?? false,
    sending(id) {
      const scope = scopes.getStore();
      if (scope) scope.requestId = id;
      return scope?.streamEnded;
    },
    heard(answeredId) {
      heardAt = now();
      if (answeredId !== undefined) abandoned.delete(answeredId);
    },
  });

  client.onclose = () => {
    reason ??= whyClosed() ?? 'the connection was closed';
    watch.stop();
    exchange?.close();
    announce(reason);
  };
  client.onerror = (error) => {
    log.debug({ upstream: name, err: error }, 'upstream transport');
    // The event source would reconnect by itself, but to a new session that knows nothing of ours.
    if (kind === 'sse' && error instanceof SseError) void close(whyClosed() ?? 'the stream was lost');
  };
  client.fallbackRequestHandler = (request, context) => answerUpstream(relay, request, context.mcpReq.signal);
  client.fallbackNotificationHandler = async (notification) => {
    const params = (isObject(notification.params) ? notification.params : {}) as JsonObject;
    if (/^notifications\/(tools|prompts|resources)\/list_changed$/.test(notification.method)) events.listChanged();
    else if (notification.method === 'notifications/resources/updated') {
      if (typeof params.uri === 'string') events.resourceUpdated(params.uri);
    } else if (notification.method === 'notifications/message' && !relayLog(relay, params)) {
      log.debug(
        { upstream: name, level: params.level, logger: params.logger },
        'log message of an upstream outside a call',
      );
    }
  };

  /** Hears nothing any more once its call is over. */
  const linkOf = (flight: Flight | undefined): CallerLink | undefined =>
    flight && { ...flight.call.link, progress: (update) => flights.has(flight) && flight.call.link.progress(update) };

  const abandon = ({ requestId }: Scope) => {
    if (requestId === undefined) return;
    abandoned.set(requestId, now() + timing.questionMs);
    relay.abandoned(); // drops the old ones
  };

  /** A call of a tool past the SDK's client; undefined when the SDK has to make it. */
  const directly = async (
    by: DirectExchange,
    params: JsonObject,
    { signal, flight, headers, onScope }: RequestOptions,
  ): Promise<JsonObject | undefined> => {
    const scope: Scope = { linger: signal, ...(flight ? { flight } : {}) };
    onScope?.(scope);
    try {
      const result = await by.call(params, { signal, scope, link: linkOf(flight), headers });
      heardAt = now();
      return result;
    } catch (error) {
      if (error instanceof Redirected) return undefined;
      if (error instanceof ProtocolError) heardAt = now();
      if (pipe && signal.aborted && flight) abandon(scope);
      throw cleanError(scope.oversize ?? (isOpen() ? undefined : oversize()) ?? error, redact);
    }
  };

  const request: Connection['request'] = async (method, params, options) => {
    if (exchange && method === 'tools/call') {
      if (!isOpen()) throw new SdkError(SdkErrorCode.NotConnected, 'Not connected');
      const result = await directly(exchange, params, options);
      if (result) return result;
    }
    return bySdk(method, params, options);
  };

  const bySdk: Connection['request'] = async (method, params, { signal, flight, headers, onScope }) => {
    const linger = new AbortController();
    const cut = new AbortController();
    const scope: Scope = {
      linger: linger.signal,
      streamEnded: () => cut.abort(new SdkError(SdkErrorCode.ConnectionClosed, 'the stream ended without an answer')),
      ...(flight ? { flight } : {}),
    };
    onScope?.(scope);
    const progress = flight?.call.link.progress;
    try {
      return await scopes.run(scope, () =>
        client.request({ method, params }, rawResult, {
          signal: AbortSignal.any([signal, cut.signal]),
          timeout: forever,
          allowInputRequired: true,
          ...(headers ? { headers } : {}),
          ...(progress ? { onprogress: (update) => flights.has(flight) && progress(update) } : {}),
        }),
      );
    } catch (error) {
      const unanswered = signal.aborted || cut.signal.aborted;
      if (unanswered && flight) abandon(scope);
      throw cleanError(scope.oversize ?? (isOpen() ? undefined : oversize()) ?? error, redact);
    } finally {
      // On the older protocol the SDK leaves the HTTP request of a cancelled call open; this ends it, once the
      // upstream had time to be told.
      if (kind === 'http') setTimeout(() => linger.abort(), lingerMs).unref();
    }
  };

  const watch = createWatch({
    client,
    era,
    capabilities,
    timing,
    log: log.child({ upstream: name }),
    request,
    mayHaveMissed: () => events.listChanged(),
  });

  const shutDown = async (why: string): Promise<void> => {
    reason ??= why;
    watch.stop();
    exchange?.close();
    await scopes.run(undefined, async () => {
      const session = transport as { sessionId?: string; terminateSession?: () => Promise<void> };
      if (session.sessionId && session.terminateSession) {
        // Sessions that nobody ends pile up at the upstream; one that hangs must not hold us up.
        const patience = AbortSignal.timeout(Math.min(2_000, timing.stopMs));
        await orAborted(session.terminateSession(), patience).catch(() => undefined);
      }
      await client.close().catch(() => undefined);
      await transport.close().catch(() => undefined);
    });
    announce(reason);
  };

  let closing: Promise<void> | undefined;
  const close = (why: string): Promise<void> => {
    closing ??= shutDown(why);
    return closing;
  };

  return {
    kind,
    era,
    protocolVersion: client.getNegotiatedProtocolVersion() ?? 'unknown',
    capabilities,
    get sessionId() {
      return transport.sessionId;
    },
    flights,
    closed,
    isOpen,
    lastHeardAt: () => heardAt,
    request,
    async list(signal) {
      const instructions = client.getInstructions();
      return listEverything({
        capabilities,
        ...(instructions === undefined ? {} : { instructions }),
        mirrorsHeaders: era === 'modern' && kind !== 'stdio',
        request: (method, params) => request(method, params, { signal }),
        isUnknownMethod,
      });
    },
    async check(signal) {
      await request(era === 'modern' ? 'server/discover' : 'ping', {}, { signal }).catch((error: unknown) => {
        if (!isUnknownMethod(error)) throw error; // any answer is a sign of life
      });
    },
    watch: (uris) => watch.resources(uris),
    close,
  };
}

/** Sees what goes over a transport without changing it. */
function tapTransport(
  transport: Transport,
  tap: {
    /** Whether a message was for somebody else than the client. */
    takes(message: JSONRPCMessage): boolean;
    /** Returns whom to tell when the stream that was to bring the answer ends. */
    sending(id: string | number): (() => void) | undefined;
    heard(answeredId: string | number | undefined): void;
  },
): void {
  const { onmessage } = transport;
  transport.onmessage = (message, extra) => {
    const isAnswer = 'id' in message && !('method' in message);
    tap.heard(isAnswer ? message.id : undefined);
    if (!tap.takes(message)) onmessage?.(message, extra);
  };
  const send = transport.send.bind(transport);
  transport.send = (message: JSONRPCMessage, options) => {
    if (!('method' in message && 'id' in message)) return send(message, options);
    const ended = tap.sending(message.id);
    return send(message, ended && !options?.onRequestStreamEnd ? { ...options, onRequestStreamEnd: ended } : options);
  };
}
