import type { Clock } from '../../kernel/clock.ts';
import { asFairleadError } from '../../kernel/errors.ts';
import { DeliveryFault } from '../../kernel/events.ts';
import { EgressBlocked } from '../../platform/http/index.ts';

/** Asked to come back later than this, we come back after it. */
const longestWaitMs = 24 * 3_600_000;

/** An answer that takes the event; throws a `DeliveryFault` for any other. */
export async function settled(response: Response, clock: Clock): Promise<void> {
  await response.body?.cancel();
  const { status } = response;
  if (response.ok) return;
  const retryAfterMs = waitOf(response.headers.get('retry-after'), clock.now());
  const isRedirect = status >= 300 && status < 400;
  throw new DeliveryFault(isRedirect ? `it redirects (${status}), which is not followed` : `it answers ${status}`, {
    retryable: !isRedirect && status !== 410,
    status,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** @throws DeliveryFault where there is no answer */
export async function answered(request: Promise<Response>, signal: AbortSignal): Promise<Response> {
  try {
    return await request;
  } catch (cause) {
    const known = asFairleadError(cause);
    if (known.code !== 'INTERNAL')
      throw new DeliveryFault(known.message, { retryable: !EgressBlocked.is(known), cause });
    if (signal.aborted) throw new DeliveryFault('it does not answer in time', { retryable: true, cause });
    throw new DeliveryFault(`it cannot be reached (${codeIn(cause)})`, { retryable: true, cause });
  }
}

/** Such as ECONNREFUSED or DEPTH_ZERO_SELF_SIGNED_CERT: messages may name what is nobody's business. */
function codeIn(error: unknown): string {
  for (let inner = error; inner instanceof Error; inner = inner.cause)
    if ('code' in inner && typeof inner.code === 'string') return inner.code;
  return 'no connection';
}

/** Seconds, or a date. */
function waitOf(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1_000 : Date.parse(header) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), longestWaitMs);
}
