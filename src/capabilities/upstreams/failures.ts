import {
  InsufficientScopeError,
  ProtocolError,
  SdkError,
  SdkErrorCode,
  SdkHttpError,
} from '@modelcontextprotocol/client';
import { FairleadError, NotFound, ShuttingDown } from '../../kernel/errors.ts';
import type { JsonObject } from '../../kernel/json.ts';
import { EgressBlocked, EgressUnresolved } from '../../platform/http/index.ts';
import {
  CommandNotFound,
  CommandNotStarted,
  WardenUnavailable,
  WorkingDirectoryMissing,
} from '../../platform/process/index.ts';
import {
  UpstreamAnswerTooLarge,
  UpstreamBusy,
  UpstreamInvalidParams,
  UpstreamProtocol,
  UpstreamRejected,
  UpstreamUnauthorized,
  UpstreamUnavailable,
} from './errors.ts';
import type { Scope } from './flight.ts';
import { ApiRefusal, ImportFault } from './openapi/faults.ts';
import { type AnswerTooLarge, oversizeIn } from './oversize.ts';
import { ProcessEnded, unreadableCode } from './stdio.ts';

/** What a failed exchange means for the call, the circuit breaker and a further try. */
export interface Failure {
  error: FairleadError;
  /** The upstream's fault: counted by the circuit breaker. */
  counts: boolean;
  /** `safe`: only if the tool may be called twice. `unsent`: the request surely reached nobody. */
  retry: 'never' | 'safe' | 'unsent';
  /** It tells nothing of whether the upstream works: a try that ended so leaves the breaker as it was. */
  saysNothing?: boolean;
  /** The upstream no longer knows our session: a new connection is needed. */
  sessionLost?: boolean;
  /** The connection itself may be broken. */
  suspect?: boolean;
  /** The upstream's tools are not what they were when they were listed. */
  staleListing?: boolean;
  retryAfterSeconds?: number;
  /** What the caller gets instead of the error, when no further try is made: the upstream's own answer. */
  result?: JsonObject;
}

const maxReason = 500;
const maxData = 16_384;
const headerMismatch = -32_020; // 2026-07-28: headers and body disagree, as when a mirrored parameter was added

const systemReasons: Record<string, string> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name cannot be looked up now',
  ETIMEDOUT: 'connecting took too long',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  UND_ERR_CONNECT_TIMEOUT: 'connecting took too long',
  UND_ERR_HEADERS_TIMEOUT: 'no answer came in time',
  UND_ERR_BODY_TIMEOUT: 'the answer stopped coming',
  UND_ERR_SOCKET: 'the connection was closed',
  ENOENT: 'the program or its working directory was not found',
  EACCES: 'the program may not be executed',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is self-signed',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate cannot be verified',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host',
};

/** Those of our own errors whose texts name commands and addresses. */
const ownReasons: Record<string, string> = {
  [CommandNotFound.code]: 'its program was not found',
  [CommandNotStarted.code]: 'its program could not be started',
  [WorkingDirectoryMissing.code]: 'its working directory does not exist',
  [WardenUnavailable.code]: 'no program can be started at the moment',
  [EgressBlocked.code]: 'its address may not be reached from here',
  [EgressUnresolved.code]: 'its host name has no address',
  [ShuttingDown.code]: 'the server is shutting down',
};

/** Text from elsewhere, bounded, in one line and without control characters. */
export function bounded(text: string, max: number = maxReason): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
  return line.length > max ? `${line.slice(0, max - 1)}…` : line;
}

/**
 * Why something failed, in words that any caller may read: no address, command, path or secret, and nothing that the
 * upstream itself said.
 */
export function reasonOf(error: unknown): string {
  const tooLarge = oversizeIn(error);
  if (tooLarge) return tooLarge.message;
  for (let inner = error, depth = 0; depth < 6 && inner instanceof Error; inner = inner.cause, depth++) {
    if (inner instanceof FairleadError)
      return ownReasons[inner.code] ?? whatLacks(inner) ?? 'it cannot be used from here';
    if (inner instanceof ProcessEnded || inner instanceof ImportFault) return inner.message;
    const status = httpStatus(inner);
    if (status === 401) return 'it requires other credentials (HTTP 401)';
    if (status === 403) return 'it denies access (HTTP 403)';
    if (status !== undefined) return `it answered with HTTP ${status}`;
    const code = (inner as { code?: unknown }).code;
    if (typeof code === 'string' && systemReasons[code]) return systemReasons[code];
    if (inner instanceof ProtocolError) return 'it answered with an error';
  }
  if (error instanceof Error && error.name === 'TimeoutError') return 'it did not answer in time';
  if (!(error instanceof SdkError)) return 'it does not work as an MCP server';
  if (error.code === SdkErrorCode.RequestTimeout) return 'it did not answer in time';
  if (error.code === SdkErrorCode.ConnectionClosed || error.code === SdkErrorCode.NotConnected) {
    return 'the connection was closed';
  }
  if (error.code === SdkErrorCode.EraNegotiationFailed) return 'it cannot be reached, or does not speak MCP';
  return 'it does not speak MCP as it should';
}

function whatLacks({ spec: { lacks }, message }: FairleadError): string | undefined {
  if (lacks === 'first-sign-in') return 'it waits for somebody to sign in';
  return lacks === 'token' ? message.replace(/\.$/, '') : undefined;
}

/** Nothing is wrong with it: somebody has to do something first. */
const isWaiting = (error: FairleadError | undefined) => error?.spec.lacks === 'first-sign-in';

/** What more there is to say to those who operate; secrets are taken out before. */
export function detailOf(error: unknown): string | undefined {
  for (let inner = error, depth = 0; depth < 6 && inner instanceof Error; inner = inner.cause, depth++) {
    if (inner instanceof FairleadError) return isWaiting(inner) ? inner.action : `${inner.message} ${inner.action}`;
    if (inner instanceof ProcessEnded && inner.lastWords !== undefined) {
      return `${inner.message}; it had said: ${bounded(inner.lastWords, 200)}`;
    }
    if (inner instanceof ImportFault) return inner.detail;
    if (inner instanceof ProtocolError && !oversizeIn(inner)) {
      return `it answered with the error ${inner.code}: ${bounded(inner.message, 200)}`;
    }
  }
  return undefined;
}

/** Why an upstream is not live. */
export interface Trouble {
  /** Fit for callers. */
  reason: string;
  /** For those who operate. */
  detail?: string | undefined;
  /** Nothing is wrong: somebody has to do something first. */
  waits?: true;
}

export function troubleOf(error: unknown): Trouble {
  const waits = isWaiting(refusalIn(error));
  return { reason: reasonOf(error), detail: detailOf(error), ...(waits ? { waits } : {}) };
}

export function isUnknownMethod(error: unknown): boolean {
  return error instanceof ProtocolError && error.code === -32_601;
}

export function httpStatus(error: unknown): number | undefined {
  if (error instanceof InsufficientScopeError) return 403; // the SDK's name for one kind of it
  return error instanceof SdkHttpError ? error.status : undefined;
}

/** What stood in the way was the credential of whoever is behind the request, or that there is none. */
export function isAboutCredentials(error: unknown): boolean {
  return refusalIn(error) !== undefined || httpStatus(error) === 401 || httpStatus(error) === 403;
}

/** Our own refusal to send a request, however the SDK has wrapped it; what hinders everybody alike is none. */
function refusalIn(error: unknown): FairleadError | undefined {
  for (let inner = error, depth = 0; depth < 6 && inner instanceof Error; inner = inner.cause, depth++) {
    if (inner instanceof FairleadError) return inner.code in ownReasons ? undefined : inner;
  }
  return undefined;
}

/** Judges what an exchange with an upstream threw. */
export function judge(name: string, target: string, error: unknown, scope: Scope | undefined): Failure {
  const own = error instanceof FairleadError ? error : refusalIn(error);
  if (own) return judgeOwn(name, own);
  const tooLarge = oversizeIn(error);
  if (tooLarge) return oversized(name, tooLarge);
  if (error instanceof ProtocolError) return judgeAnswer(name, target, error);
  if (error instanceof ApiRefusal) return judgeRefusal(name, error);
  const status = httpStatus(error);
  if (status !== undefined) return judgeStatus(name, status, error, scope?.refusal?.retryAfterSeconds);
  if (error instanceof SdkError) {
    switch (error.code) {
      case SdkErrorCode.InvalidResult:
      case SdkErrorCode.UnsupportedResultType:
      case SdkErrorCode.ClientHttpUnexpectedContent:
        return nonsense(name, error);
      case SdkErrorCode.MethodNotSupportedByProtocolVersion:
        return {
          error: UpstreamRejected({ name, reason: 'its protocol has no such request' }),
          counts: false,
          retry: 'never',
        };
      case SdkErrorCode.NotConnected:
        return broken(name, error, 'unsent');
      default:
        return broken(name, error, 'safe');
    }
  }
  if (
    error instanceof Error &&
    (error.name === 'SyntaxError' || error.name === 'ZodError' || error.name === '$ZodError')
  ) {
    return nonsense(name, error);
  }
  // The SDK's plain error for a request that was never sent.
  const unsent = error instanceof Error && error.message === 'Not connected';
  return broken(name, error, unsent || unreached(error) ? 'unsent' : 'safe');
}

/** What keeps us from asking it at all. Where it names commands and addresses, callers get to know only the reason. */
function judgeOwn(name: string, error: FairleadError): Failure {
  const told = error.code in ownReasons && !ShuttingDown.is(error);
  const reason = reasonOf(error);
  return {
    error: told ? UpstreamUnavailable({ name, reason }, { cause: error }) : error,
    counts: false,
    retry: 'never',
  };
}

// It has answered, so it works; the same request would be answered with as much again.
function oversized(name: string, cause: AnswerTooLarge): Failure {
  const { size, maxBytes } = cause;
  return { error: UpstreamAnswerTooLarge({ name, size, maxBytes }, { cause }), counts: false, retry: 'never' };
}

// A JSON-RPC error is an answer: whoever gives it works, so the breaker never counts it.
function judgeAnswer(name: string, target: string, error: ProtocolError): Failure {
  const reason = bounded(error.message.replace(/^MCP error -?\d+: /, ''));
  if (error.code === unreadableCode) {
    return { error: UpstreamProtocol({ name, reason }, { cause: error }), counts: false, retry: 'never' };
  }
  if (error.code === -32_002) {
    return {
      error: NotFound({ what: 'resource', id: bounded(target, 200) }, { cause: error }),
      counts: false,
      retry: 'never',
    };
  }
  const rpc = { code: error.code, message: reason, ...small(error.data) };
  if (error.code === headerMismatch) {
    const changed = 'its tools have changed since they were listed';
    return {
      error: UpstreamUnavailable({ name, reason: changed }, { cause: error, rpc, retryAfterSeconds: 1 }),
      counts: false,
      retry: 'never',
      staleListing: true,
    };
  }
  const kind = error.code === -32_602 ? UpstreamInvalidParams : UpstreamRejected;
  return { error: kind({ name, reason }, { cause: error, rpc }), counts: false, retry: 'never' };
}

/** An error's data, such as the address of a required URL elicitation, unless it is out of proportion. */
function small(data: unknown): { data?: unknown } {
  return data !== undefined && JSON.stringify(data).length <= maxData ? { data } : {};
}

function judgeStatus(name: string, status: number, cause: unknown, retryAfterSeconds: number | undefined): Failure {
  const wait = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
  if (status === 401 || status === 403) {
    return { error: UpstreamUnauthorized({ name }, { cause }), counts: false, retry: 'never', suspect: true };
  }
  if (status === 429) {
    const error = UpstreamBusy({ name, reason: 'it limits the rate of requests' }, { cause, ...wait });
    return { error, counts: false, retry: 'safe', ...wait };
  }
  const error = UpstreamUnavailable({ name, reason: `it answered with HTTP ${status}` }, { cause, ...wait });
  if (status === 404) return { error, counts: false, retry: 'safe', sessionLost: true };
  if (status >= 500 || status === 408) return { error, counts: true, retry: 'safe', suspect: true, ...wait };
  const reason = `HTTP ${status}`;
  return { error: UpstreamRejected({ name, reason }, { cause }), counts: false, retry: 'never' };
}

/** Whoever wants fewer requests works; the answer itself goes to the caller. */
function judgeRefusal(name: string, refusal: ApiRefusal): Failure {
  const { status, limits, retryAfterSeconds, result } = refusal;
  const wait = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
  const error = limits
    ? UpstreamBusy({ name, reason: 'it limits the rate of requests' }, { cause: refusal, ...wait })
    : UpstreamUnavailable({ name, reason: `it answered with HTTP ${status}` }, { cause: refusal, ...wait });
  return { error, counts: !limits, retry: 'safe', result, ...wait };
}

function broken(name: string, cause: unknown, retry: Failure['retry']): Failure {
  return {
    error: UpstreamUnavailable({ name, reason: reasonOf(cause) }, { cause }),
    counts: true,
    retry,
    suspect: true,
  };
}

function nonsense(name: string, cause: unknown): Failure {
  const reason = 'it breaks the protocol';
  return { error: UpstreamProtocol({ name, reason }, { cause }), counts: true, retry: 'never' };
}

/** Whether the connection was never made, so that nothing can have happened. */
function unreached(error: unknown): boolean {
  for (let inner = error, depth = 0; depth < 6 && inner instanceof Error; inner = inner.cause, depth++) {
    const code = (inner as { code?: unknown }).code;
    if (typeof code === 'string' && /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|UND_ERR_CONNECT_TIMEOUT)$/.test(code))
      return true;
  }
  return false;
}
