import type { WebhookSettings } from '../../config/schema.ts';
import type { Clock } from '../../kernel/clock.ts';
import { asFairleadError } from '../../kernel/errors.ts';
import { DeliveryFault, type Told, type Transport } from '../../kernel/events.ts';
import { type Egress, EgressBlocked } from '../../platform/http/index.ts';
import { signatureOf } from './signing.ts';

interface Deps {
  egress: Pick<Egress, 'fetch'>;
  clock: Clock;
  /** Of this program, for the header. */
  version: string;
}

/** Asked to come back later than this, we come back after it. */
const longestWaitMs = 24 * 3_600_000;

/**
 * Posts an event as Standard Webhooks have it. Whatever but 2xx is a fault; one that another try cannot mend is a redirect,
 * since it would take the signed event to somewhere that nobody named, `410 Gone`, and an address that may not be reached.
 */
export function createWebhook({ egress, clock, version }: Deps): Transport<WebhookSettings> {
  return {
    async deliver({ settings, isFromFile }, event, signal) {
      const body = bodyOf(event);
      const seconds = String(Math.floor(clock.now() / 1_000));
      const response = await answered(
        egress.fetch(settings.url, {
          method: 'POST',
          redirect: 'manual',
          guarded: !isFromFile,
          signal,
          body,
          headers: {
            'content-type': 'application/json',
            'user-agent': `Fairlead/${version}`,
            'webhook-id': event.id,
            'webhook-timestamp': seconds,
            'webhook-signature': settings.secrets
              .map((secret) => signatureOf(secret, event.id, seconds, body))
              .join(' '),
          },
        }),
        signal,
      );
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
    },
  };
}

/** What receivers get; written the same each time, and signed as it is written. */
function bodyOf({ id, org, type, subject, data, at }: Told): string {
  const about = subject === undefined ? {} : { subject };
  return JSON.stringify({ id, type, timestamp: new Date(at).toISOString(), org, ...about, data });
}

async function answered(request: Promise<Response>, signal: AbortSignal): Promise<Response> {
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
