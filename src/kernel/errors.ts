import type { BudgetStanding } from './cost.ts';
import type { LimitStanding } from './limit.ts';

/** What kind of trouble: an agent decides by this, not by the text. */
export type ErrorCategory =
  | 'authentication'
  | 'permission'
  | 'validation'
  | 'not_found'
  | 'rate_limit'
  | 'external_service'
  | 'timeout'
  | 'internal';

/** One entry of the error catalogue; `docs/reference/errors.md` is generated from these. */
export interface ErrorSpec {
  /** HTTP status over REST. */
  status: number;
  category: ErrorCategory;
  /** Whether the same request can succeed later without a change by the caller. */
  retryable: boolean;
  /** What the caller reads; `{name}` is filled from the parameters. Never an inner message, path or secret. */
  message: string;
  /** What the caller can do next; same placeholders. */
  action: string;
  /**
   * What a call towards elsewhere lacks, for rooms that pass errors on and do not know whose they are: `visit`, its caller has
   * to open the page that `rpc` names; `first-sign-in`, somebody has to sign in before anything can be done; `token`, there
   * is none, and the message says why in words for everybody.
   */
  lacks?: 'visit' | 'first-sign-in' | 'token';
}

/** The error as a caller sees it, on every surface. */
export interface ErrorBody {
  code: string;
  category: ErrorCategory;
  retryable: boolean;
  /** Seconds to wait before trying again. */
  retryAfter?: number;
  /** The limit that refused. */
  limit?: LimitStanding;
  /** The budget that refused. */
  budget?: BudgetStanding;
  message: string;
  suggestedAction: string;
  callId?: string;
}

export interface ErrorDetail {
  /** The inner error: for the log only. */
  cause?: unknown;
  retryAfterSeconds?: number;
  /** The policy, limit or guardrail rule that decided. */
  rule?: string;
  /** How the limit stands that refused. */
  limit?: LimitStanding;
  /** How the budget stands that refused. */
  budget?: BudgetStanding;
  /** A provider's own JSON-RPC error, for callers who speak MCP and can act on its code. */
  rpc?: RpcFault;
}

/** A JSON-RPC error object, already fit for the caller. */
export interface RpcFault {
  code: number;
  message: string;
  data?: unknown;
}

/** An error whose text is fit for the caller. Everything else that is thrown becomes `INTERNAL`. */
export class FairleadError extends Error {
  override name = 'FairleadError';
  readonly code: string;
  readonly spec: ErrorSpec;
  readonly action: string;
  readonly retryAfterSeconds: number | undefined;
  readonly rule: string | undefined;
  readonly limit: LimitStanding | undefined;
  readonly budget: BudgetStanding | undefined;
  readonly rpc: RpcFault | undefined;

  constructor(code: string, spec: ErrorSpec, params: ErrorParams, detail: ErrorDetail = {}) {
    super(fill(spec.message, params), detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.spec = spec;
    this.action = fill(spec.action, params);
    this.retryAfterSeconds = detail.retryAfterSeconds;
    this.rule = detail.rule;
    this.limit = detail.limit;
    this.budget = detail.budget;
    this.rpc = detail.rpc;
  }

  toBody(callId?: string): ErrorBody {
    return {
      code: this.code,
      category: this.spec.category,
      retryable: this.spec.retryable,
      ...(this.retryAfterSeconds === undefined ? {} : { retryAfter: this.retryAfterSeconds }),
      ...(this.limit === undefined ? {} : { limit: this.limit }),
      ...(this.budget === undefined ? {} : { budget: this.budget }),
      message: this.message,
      suggestedAction: this.action,
      ...(callId === undefined ? {} : { callId }),
    };
  }
}

/** The same without its JSON-RPC error, for a caller who could do nothing with that: the text says all of it. */
export function inWords(error: FairleadError): FairleadError {
  const { code, spec, message, action } = error;
  return new FairleadError(code, { ...spec, message, action }, {}, { cause: error });
}

export type ErrorParams = Record<string, string | number | readonly string[]>;

/** A catalogue entry: call it to make the error, ask `is` whether an error is of this kind. */
export interface ErrorKind {
  (params?: ErrorParams, detail?: ErrorDetail): FairleadError;
  readonly code: string;
  readonly spec: ErrorSpec;
  is(error: unknown): error is FairleadError;
}

export function defineError(code: string, spec: ErrorSpec): ErrorKind {
  const make = (params: ErrorParams = {}, detail?: ErrorDetail) => new FairleadError(code, spec, params, detail);
  return Object.assign(make, {
    code,
    spec,
    is: (error: unknown): error is FairleadError => error instanceof FairleadError && error.code === code,
  });
}

/** The error that a caller may see for anything thrown. */
export function asFairleadError(error: unknown): FairleadError {
  return error instanceof FairleadError ? error : Internal({}, { cause: error });
}

export const Internal = defineError('INTERNAL', {
  status: 500,
  category: 'internal',
  retryable: true,
  message: 'Something went wrong inside Fairlead.',
  action: 'Try again; if it stays, give the callId to whoever runs this server: the log has the cause.',
});

export const InvalidRequest = defineError('INVALID_REQUEST', {
  status: 400,
  category: 'validation',
  retryable: false,
  message: 'The request is not valid: {faults}',
  action: 'Correct what the message names and send it again.',
});

export const NotFound = defineError('NOT_FOUND', {
  status: 404,
  category: 'not_found',
  retryable: false,
  message: 'There is no {what} "{id}" that you may see.',
  action: 'List what there is and use an id from the list.',
});

export const Conflict = defineError('CONFLICT', {
  status: 409,
  category: 'validation',
  retryable: false,
  message: '{reason}',
  action: '{remedy}',
});

export const ShuttingDown = defineError('SHUTTING_DOWN', {
  status: 503,
  category: 'external_service',
  retryable: true,
  message: 'This server is shutting down and takes no new calls.',
  action: 'Try again in a few seconds; another replica or the restarted server will answer.',
});

function fill(template: string, params: ErrorParams): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = params[name];
    return value === undefined ? '' : Array.isArray(value) ? value.join('; ') : String(value);
  });
}
