import {
  CLIENT_INFO_META_KEY,
  isSpecType,
  PROTOCOL_VERSION_META_KEY,
  ProtocolError,
  SdkError,
  SdkErrorCode,
  SdkHttpError,
} from '@modelcontextprotocol/client';
import type { HttpUpstreamSettings } from '../../config/schema.ts';
import type { CallerLink, ProgressUpdate } from '../../kernel/call.ts';
import { createCrowd } from '../../kernel/crowd.ts';
import { isObject, type Json, type JsonObject, parseJson } from '../../kernel/json.ts';
import { encodeHeaderValue } from '../../kernel/paramheaders.ts';
import type { Principal } from '../../kernel/principal.ts';
import type { AnswerHeaders, PostUnderWay } from '../../platform/http/index.ts';
import { authorized, credentialRefusal } from './authorized.ts';
import { createEventReader } from './eventstream.ts';
import type { Scope } from './flight.ts';
import { basicCredentials, retryAfter } from './http.ts';
import { AnswerTooLarge } from './oversize.ts';
import { maxDepth } from './shape.ts';
import type { Authorizer, ClientInfo, EgressPort, Timing } from './types.ts';

/**
 * `tools/call` at an HTTP upstream of the stateless revision without the SDK's client, which costs several times what
 * the rest of a call does. Throws what the client would throw, so that failures are judged alike.
 */
export interface DirectExchange {
  call(params: JsonObject, options: DirectOptions): Promise<JsonObject>;
  /** Ends what runs. */
  close(): void;
}

export interface DirectOptions {
  signal: AbortSignal;
  scope: Scope;
  /** Whom progress and log messages are for. */
  link: CallerLink | undefined;
  headers: Record<string, string> | undefined;
}

/** The upstream sends us elsewhere, having done nothing: the SDK's client knows how far one may follow. */
export class Redirected extends Error {
  override name = 'Redirected';
}

interface Options {
  settings: HttpUpstreamSettings;
  guarded: boolean;
  egress: EgressPort;
  timing: Timing;
  clientInfo: ClientInfo;
  protocolVersion: string;
  /** As for the transport. */
  authorizerFor(who: Principal | undefined): Authorizer | undefined;
}

const method = 'tools/call';
const lingerMs = 1_000;
export const firstId = 1_000_000_000; // far from the ids that the SDK's client counts on the same connection

export function createDirectExchange(options: Options): DirectExchange {
  const { settings, guarded, egress, timing, clientInfo, protocolVersion, authorizerFor } = options;
  const url = new URL(settings.url);
  const fixed = {
    ...basicCredentials(url),
    ...lowerCased(settings.headers),
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': protocolVersion,
    'mcp-method': method,
  };
  const envelope = { [PROTOCOL_VERSION_META_KEY]: protocolVersion, [CLIENT_INFO_META_KEY]: { ...clientInfo } };
  const underWay = createCrowd<PostUnderWay>();
  let lastId = firstId;

  const send = async (params: JsonObject, credential: Record<string, string>, options: DirectOptions) => {
    const { signal, scope, link, headers = {} } = options;
    signal.throwIfAborted();
    const id = ++lastId;
    scope.requestId = id;
    const hears = link !== undefined && link.hears !== false;
    const meta = { ...envelope, ...(params._meta as JsonObject), ...(hears ? { progressToken: id } : {}) };
    const body = JSON.stringify({ jsonrpc: '2.0', id, method, params: { ...params, _meta: meta } });
    const { promise: come, resolve: hasCome, reject } = Promise.withResolvers<void>();
    const answer = createAnswer({ id, link, scope, maxBytes: timing.maxMessageBytes, hasCome });
    const named = { ...fixed, 'mcp-name': encodeHeaderValue(String(params.name)), ...headers };
    const post = egress.post(url, { headers: { ...named, ...lowerCased(credential) }, body, guarded }, answer);
    const onAbort = () => post.end(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    const leave = underWay.enter(post);
    try {
      post.over.then(hasCome, reject);
      await come;
      return answer;
    } finally {
      signal.removeEventListener('abort', onAbort);
      leave();
      if (answer.isStream()) lingerThenEnd(post);
    }
  };

  return {
    async call(params, options) {
      const answer = await authorized({
        authorizer: authorizerFor(options.scope.flight?.call.principal),
        signal: options.signal,
        send: (credential) => send(params, credential, options),
        refusalOf: ({ refusal }) => refusal(),
        discard: async () => undefined, // it has been read
      });
      return answer.result();
    },
    close() {
      for (const post of underWay) post.end(new SdkError(SdkErrorCode.ConnectionClosed, 'Connection closed'));
    },
  };
}

/** A stream may stay open after its answer has come. Most end by themselves, which keeps the connection. */
function lingerThenEnd(post: PostUnderWay): void {
  const timer = setTimeout(() => post.end(new Error('nobody reads on')), lingerMs).unref();
  post.over.catch(() => undefined).finally(() => clearTimeout(timer));
}

interface AnswerOptions {
  id: number;
  link: CallerLink | undefined;
  scope: Scope;
  maxBytes: number;
  /** Called when the answer is there before the end of its stream. */
  hasCome(): void;
}

/** Takes the answer to one request, as JSON or as a stream of events. */
function createAnswer({ id, link, scope, maxBytes, hasCome }: AnswerOptions) {
  const chunks: Buffer[] = [];
  let length = 0;
  let status = 0;
  let challenge: string | undefined;
  let events: ((chunk: Buffer) => void) | undefined;
  let message: Record<string, unknown> | undefined;

  const tooLarge = (bytes?: number): AnswerTooLarge => {
    scope.oversize = new AnswerTooLarge(maxBytes, bytes);
    return scope.oversize;
  };

  const onEvent = (text: string) => {
    const told = read(text, maxBytes);
    if (!isObject(told) || message) return;
    if (told.id === id && told.method === undefined) {
      message = told;
      hasCome();
    } else if (typeof told.method === 'string' && isObject(told.params)) notify(told.method, told.params as JsonObject);
  };

  const notify = (notification: string, params: JsonObject) => {
    if (notification === 'notifications/progress' && params.progressToken === id) {
      const update = progressOf(params);
      if (update) link?.progress(update);
    } else if (notification === 'notifications/message') {
      const { level, data, logger } = params;
      link?.log(
        typeof level === 'string' ? level : 'info',
        (data ?? null) as Json,
        typeof logger === 'string' ? logger : undefined,
      );
    }
  };

  return {
    isStream: () => events !== undefined,
    refusal: () => credentialRefusal(status, challenge),
    head(got: number, headers: AnswerHeaders) {
      status = got;
      if (got >= 300 && got < 400) throw new Redirected();
      challenge = textOf(headers['www-authenticate']);
      if (got >= 400) {
        scope.refusal = { status: got, retryAfterSeconds: retryAfter(textOf(headers['retry-after']) ?? null) };
        return;
      }
      const type = textOf(headers['content-type'])?.split(';')[0]?.trim().toLowerCase();
      const isStream = type === 'text/event-stream';
      if (got === 202 || (!isStream && type !== 'application/json') || headers['content-encoding'] !== undefined) {
        throw new SdkError(SdkErrorCode.ClientHttpUnexpectedContent, `Unexpected content: ${got} ${type}`);
      }
      const declared = Number(headers['content-length'] ?? 0);
      if (!isStream && declared > maxBytes) throw tooLarge(declared);
      if (isStream) events = createEventReader(maxBytes, onEvent, () => tooLarge());
    },
    data(chunk: Buffer) {
      if (events) return events(chunk);
      length += chunk.length;
      if (length > maxBytes) throw tooLarge();
      chunks.push(chunk);
    },
    /** Once all of it has come. Throws for anything but a result. */
    result(): JsonObject {
      const text = events ? '' : Buffer.concat(chunks).toString('utf8');
      if (status >= 400) throw refusalOf(id, status, text);
      if (events && !message) {
        throw new SdkError(SdkErrorCode.ConnectionClosed, 'the stream ended without an answer');
      }
      return resultOf(id, message ?? read(text, maxBytes));
    },
  };
}

function read(text: string, maxLength: number): unknown {
  try {
    return parseJson(text, { maxLength, maxDepth: maxDepth + 1 }); // the message is one level around its result
  } catch (cause) {
    throw invalidAnswer('it cannot be read', cause);
  }
}

/** By status 400 the revision says what is wrong in a JSON-RPC error; all other refusals are HTTP's. */
function refusalOf(id: number, status: number, text: string): Error {
  if (status === 400) {
    try {
      const told = parseJson(text, { maxDepth });
      if (isObject(told) && told.id === id) return errorOf(told.error) ?? new SdkHttpErrorOf(status, text);
    } catch {} // no JSON
  }
  return new SdkHttpErrorOf(status, text);
}

class SdkHttpErrorOf extends SdkHttpError {
  constructor(status: number, text: string) {
    super(SdkErrorCode.ClientHttpNotImplemented, `Error POSTing to endpoint: ${text}`, { status, text });
  }
}

export function progressOf({ progress, total, message }: JsonObject): ProgressUpdate | undefined {
  if (typeof progress !== 'number') return undefined;
  return {
    progress,
    ...(typeof total === 'number' ? { total } : {}),
    ...(typeof message === 'string' ? { message } : {}),
  };
}

export function errorOf(error: unknown): ProtocolError | undefined {
  if (!isObject(error) || !Number.isSafeInteger(error.code) || typeof error.message !== 'string') return undefined;
  return ProtocolError.fromError(error.code as number, error.message, error.data);
}

/** What a JSON-RPC answer holds, in the shape that the revision gives it. */
function resultOf(id: number, message: unknown): JsonObject {
  if (!isObject(message) || message.jsonrpc !== '2.0' || message.id !== id)
    throw invalidAnswer('it is no answer to the request');
  if (message.error !== undefined) throw errorOf(message.error) ?? invalidAnswer('its error is none');
  if (!isObject(message.result)) throw invalidAnswer('its result is not an object');
  const { resultType, ...result } = message.result as JsonObject;
  if (resultType === 'input_required') {
    const { inputRequests, requestState } = result;
    const asks = isObject(inputRequests) && Object.keys(inputRequests).length > 0;
    if (!asks && typeof requestState !== 'string') throw invalidAnswer('it asks for nothing');
    return { resultType, ...result };
  }
  if (resultType !== 'complete') throw invalidAnswer('its result type is not known');
  const { structuredContent: _, ...checked } = result; // may be anything
  if (!isPlainText(result.content) && !isSpecType.CallToolResult(checked))
    throw invalidAnswer('it is no result of a tool');
  return result;
}

/** What most tools answer, told without the SDK's schemas. */
function isPlainText(content: unknown): boolean {
  return (
    Array.isArray(content) &&
    content.every(
      (block) => block?.type === 'text' && typeof block.text === 'string' && Object.keys(block).length === 2,
    )
  );
}

export function invalidAnswer(reason: string, cause?: unknown): SdkError {
  return Object.assign(new SdkError(SdkErrorCode.InvalidResult, `Invalid answer to ${method}: ${reason}`), { cause });
}

function lowerCased(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function textOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(', ') : header;
}
