import { asFairleadError, type ErrorBody, FairleadError } from '../../kernel/errors.ts';
import type { Log } from '../../platform/telemetry/index.ts';

/** The body of every REST error: RFC 9457 fields with the catalogue's own beside them. */
export function problemResponse(
  thrown: unknown,
  log: Log,
  extra: { callId?: string; headers?: Record<string, string> } = {},
): Response {
  if (!(thrown instanceof FairleadError)) log.error({ err: thrown }, 'a request failed');
  return problemOf(asFairleadError(thrown), extra);
}

/** The same for an error whose cause need not be told to anybody. */
export function problemOf(
  error: FairleadError,
  extra: { callId?: string; headers?: Record<string, string> } = {},
): Response {
  const headers = new Headers(extra.headers);
  headers.set('content-type', 'application/problem+json');
  if (error.retryAfterSeconds !== undefined) headers.set('retry-after', String(Math.ceil(error.retryAfterSeconds)));
  const { status } = error.spec;
  return new Response(JSON.stringify(problemBody(error.toBody(extra.callId), status)), { status, headers });
}

export function problemBody(error: ErrorBody, status: number): Record<string, unknown> {
  return { type: `urn:fairlead:error:${error.code.toLowerCase()}`, title: error.message, status, ...error };
}
