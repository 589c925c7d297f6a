import { unresolvedMark } from '../config/references.ts';
import { type Secrets, SecretUnavailable } from '../platform/secrets/index.ts';
import type { Metrics } from '../platform/telemetry/index.ts';

/** Figures of what stands behind references. */
export function watchSecrets(metrics: Metrics, secrets: Pick<Secrets, 'health'>): void {
  metrics.gauge('fairlead_vault_up', 'Whether the vault answered the last time; 0 also where there is none', () =>
    secrets.health().up ? 1 : 0,
  );
  metrics.gauge('fairlead_secrets_resolving', 'References whose value is there', () => secrets.health().resolving);
  metrics.gauge(
    'fairlead_secrets_stale',
    'References whose last value counts on while the vault does not give it',
    () => secrets.health().stale,
  );
  metrics.gauge('fairlead_secrets_missing', 'References whose value cannot be had', () => secrets.health().missing);
}

/** Gives settings back as they are; throws `SecretUnavailable` where one of their secrets could not be had. */
export function requireSecrets<T>(settings: T): T {
  if (JSON.stringify(settings).includes(unresolvedMark))
    throw SecretUnavailable({ reason: 'the vault did not give it when the settings were read' });
  return settings;
}
