import { asFairleadError, type ErrorBody, FairleadError } from '../../kernel/errors.ts';
import type { Log } from '../../platform/telemetry/index.ts';

/** The body of every REST error: RFC 9457 fields with the catalogue's own beside them. */
export function problemResponse(
  thrown: unknown,
  log: Log,
  extra: { headers?: Record<string, string>; signal?: AbortSignal } = {},
): Response {
  if (!(thrown instanceof FairleadError)) {
    if (extra.signal?.aborted) return hungUp(thrown, log);
    log.error({ err: thrown }, 'a request failed');
  }
  return problemOf(asFairleadError(thrown), extra);
}

/** For the books only: nobody waits for an answer any more, and what broke is most likely the connection. */
export function hungUp(thrown: unknown, log: Log): Response {
  log.info({ err: thrown }, 'a caller hung up');
  return new Response(null, { status: 499 });
}

/** The same for an error whose cause need not be told to anybody. */
export function problemOf(error: FairleadError, extra: { headers?: Record<string, string> } = {}): Response {
  const headers = new Headers(extra.headers);
  headers.set('content-type', 'application/problem+json');
  if (error.retryAfterSeconds !== undefined) headers.set('retry-after', String(Math.ceil(error.retryAfterSeconds)));
  const { status } = error.spec;
  return new Response(JSON.stringify(problemBody(error.toBody(), status)), { status, headers });
}

export function problemBody(error: ErrorBody, status: number): Record<string, unknown> {
  return { type: `urn:fairlead:error:${error.code.toLowerCase()}`, title: error.message, status, ...error };
}
