import { SSEClientTransport, StreamableHTTPClientTransport, type Transport } from '@modelcontextprotocol/client';
import type { HttpUpstreamSettings } from '../../config/schema.ts';
import type { Principal } from '../../kernel/principal.ts';
import { authorized, discardBody, refusedBy, withCredential } from './authorized.ts';
import { backoffMs } from './backoff.ts';
import type { Scope, Scopes } from './flight.ts';
import { AnswerTooLarge } from './oversize.ts';
import type { Authorizer, EgressPort, Timing } from './types.ts';

interface Options {
  settings: HttpUpstreamSettings;
  /** Set at run time by a user: the address is then checked against the SSRF guard. */
  guarded: boolean;
  egress: EgressPort;
  scopes: Scopes;
  timing: Timing;
  /** Whose credentials go with a request, by who is behind it; undefined stands for whoever opened the connection. */
  authorizerFor(who: Principal | undefined): Authorizer | undefined;
}

/** A transport that may know what too large an answer broke it. */
export type HttpTransport = Transport & { oversize(): AnswerTooLarge | undefined };

/** An HTTP transport of the SDK over our own egress, with bounded answers and reconnection that ends with its call. */
export function createHttpTransport(kind: 'http' | 'sse', options: Options): HttpTransport {
  let oversize: AnswerTooLarge | undefined;
  const transport = createTransport(kind, options, (error) => {
    oversize = error;
  });
  return Object.assign(transport, { oversize: () => oversize });
}

function createTransport(
  kind: 'http' | 'sse',
  options: Options,
  nobodysOversize: (error: AnswerTooLarge) => void,
): Transport {
  const { settings, timing, scopes } = options;
  const url = new URL(settings.url);
  const credentials = basicCredentials(url);
  const requestInit = { headers: { ...credentials, ...settings.headers } };
  const fetch = boundedFetch(options, nobodysOversize);
  let drops = 0; // of the standing stream, one soon after the other
  let droppedAt = 0;
  if (kind === 'sse') return new SSEClientTransport(url, { fetch, requestInit, redirectPolicy: 'same-origin' });
  return new StreamableHTTPClientTransport(url, {
    fetch,
    requestInit,
    redirectPolicy: 'same-origin',
    // A broken stream is resumed for as long as somebody waits for it; the standing one for as long as the connection is.
    reconnectionOptions: {
      initialReconnectionDelay: timing.backoffMinMs,
      maxReconnectionDelay: timing.backoffMaxMs,
      reconnectionDelayGrowFactor: 2,
      maxRetries: Number.MAX_SAFE_INTEGER,
    },
    reconnectionScheduler: (reconnect, delayMs, attempt) => {
      const scope = scopes.getStore();
      if (scope?.linger.aborted) return;
      if (scope && attempt >= maxResumptions) {
        scope.streamEnded?.();
        return;
      }
      // The SDK counts anew after each success: a server that drops the stream at once would be asked without pause.
      const now = performance.now();
      drops = scope ? 0 : now - droppedAt < timing.stableMs ? drops + 1 : 1;
      droppedAt = now;
      const timer = setTimeout(reconnect, Math.max(delayMs, drops > 0 ? backoffMs(drops, timing) : 0)).unref();
      return () => clearTimeout(timer);
    },
  });
}

const maxResumptions = 5;

/** `fetch` may not carry user and password in the URL. */
export function basicCredentials(url: URL): Record<string, string> {
  if (!url.username && !url.password) return {};
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  url.username = '';
  url.password = '';
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

function boundedFetch(
  { settings, egress, guarded, scopes, timing, authorizerFor }: Options,
  nobodysOversize: (error: AnswerTooLarge) => void,
) {
  const { origin } = new URL(settings.url);
  return async (url: string | URL, init: RequestInit = {}): Promise<Response> => {
    const scope = scopes.getStore();
    // On the older protocol the SDK leaves the request of a cancelled call open; the scope ends it.
    const signals = [init.signal, scope?.linger].filter((signal) => signal instanceof AbortSignal);
    const signal = AbortSignal.any(signals);
    const isHere = new URL(url).origin === origin; // a credential goes nowhere else, whoever names the address
    const response = await authorized({
      authorizer: isHere ? authorizerFor(scope?.flight?.call.principal) : undefined,
      signal,
      send: (credential) =>
        egress.fetch(url, { ...init, headers: withCredential(init.headers, credential), signal, guarded }),
      refusalOf: refusedBy,
      discard: discardBody,
    });
    if (scope && !response.ok) {
      scope.refusal = { status: response.status, retryAfterSeconds: retryAfter(response.headers.get('retry-after')) };
    }
    if (!response.body) return response;
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') ?? false;
    const tooLarge = (bytes?: number) => {
      const error = new AnswerTooLarge(timing.maxMessageBytes, bytes);
      tellOversize(error, scope, isStream, nobodysOversize);
      return error;
    };
    const declared = Number(response.headers.get('content-length') ?? 0);
    if (!isStream && declared > timing.maxMessageBytes) {
      await response.body.cancel();
      throw tooLarge(response.headers.has('content-encoding') ? undefined : declared);
    }
    return new Response(response.body.pipeThrough(bounded(timing.maxMessageBytes, isStream, tooLarge)), {
      status: response.status,
      statusText: response.statusText,
      headers: response.headers,
    });
  };
}

/** The SDK makes its own of errors in a stream, or asks for the rest of it anew: so whoever waits is told here. */
function tellOversize(
  error: AnswerTooLarge,
  scope: Scope | undefined,
  isStream: boolean,
  nobodysOversize: (error: AnswerTooLarge) => void,
): void {
  if (!scope) {
    nobodysOversize(error);
    return;
  }
  scope.oversize = error;
  if (isStream) scope.streamEnded?.();
}

/** Fails once one answer, or one event of a stream, is longer than allowed. */
function bounded(
  maxBytes: number,
  isStream: boolean,
  tooLarge: () => AnswerTooLarge,
): TransformStream<Uint8Array, Uint8Array> {
  let length = 0;
  let lineLength = 0;
  return new TransformStream({
    transform(chunk, controller) {
      length += chunk.length;
      if (isStream) {
        let from = 0;
        for (let to = chunk.indexOf(0x0a); to >= 0; to = chunk.indexOf(0x0a, from)) {
          lineLength += to - from;
          // An empty line ends an event; one byte may be the carriage return before the line feed.
          if (lineLength === 0 || (lineLength === 1 && (to === 0 || chunk[to - 1] === 0x0d)))
            length = chunk.length - to;
          lineLength = 0;
          from = to + 1;
        }
        lineLength += chunk.length - from;
      }
      if (length > maxBytes) controller.error(tooLarge());
      else controller.enqueue(chunk);
    },
  });
}

/** Seconds that a `Retry-After` header asks for: a number or an HTTP date (RFC 9110, 10.2.3). */
export function retryAfter(header: string | null): number | undefined {
  if (header === null) return undefined;
  const seconds = /^\d+$/.test(header.trim()) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : undefined;
}
