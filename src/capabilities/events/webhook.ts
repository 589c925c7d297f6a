import { listOfSecrets, type WebhookSettings } from '../../config/schema.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { Told, Transport } from '../../kernel/events.ts';
import type { Egress } from '../../platform/http/index.ts';
import { answered, settled } from './posting.ts';
import { signatureOf } from './signing.ts';

interface Deps {
  egress: Pick<Egress, 'fetch'>;
  clock: Clock;
  /** Of this program, for the header. */
  version: string;
}

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
            'webhook-signature': listOfSecrets(settings.secrets)
              .map((secret) => signatureOf(secret, event.id, seconds, body))
              .join(' '),
          },
        }),
        signal,
      );
      await settled(response, clock);
    },
  };
}

/** What receivers get; written the same each time, and signed as it is written. */
function bodyOf({ id, org, type, subject, data, at }: Told): string {
  const about = subject === undefined ? {} : { subject };
  return JSON.stringify({ id, type, timestamp: new Date(at).toISOString(), org, ...about, data });
}
