import { keptApprovals } from '../capabilities/approvals/index.ts';
import type { Audit } from '../capabilities/audit/index.ts';
import { connectionTokens } from '../capabilities/credentials/index.ts';
import { keptDestinations } from '../capabilities/events/index.ts';
import { keptAnswers } from '../capabilities/idempotency/index.ts';
import { collectionKeys } from '../capabilities/knowledge/index.ts';
import { idTokens, signingKeys } from '../capabilities/signin/index.ts';
import { upstreamSettings } from '../capabilities/upstreams/index.ts';
import type { Db } from '../platform/db/index.ts';
import { createRotation, type Holding, type Keyring, type Rotation } from '../platform/keyring/index.ts';
import type { Log, Metrics } from '../platform/telemetry/index.ts';

/** What keeps values that say themselves under which secret they are sealed. */
export const sealedIn = (db: Db): readonly Holding[] => [
  upstreamSettings(db),
  collectionKeys(db),
  keptAnswers(db),
  keptApprovals(db),
  keptDestinations(db),
  connectionTokens(db),
  idTokens(db),
];

/** All that is sealed or signed under the secret, and has to be moved when that changes. */
export function composeRotation({
  audit,
  ...deps
}: {
  db: Db;
  keyring: Keyring;
  log: Log;
  audit: Pick<Audit, 'signAnew'>;
}): Rotation {
  const { db } = deps;
  return createRotation({
    ...deps,
    sealed: sealedIn(db),
    signed: [
      { what: 'signatures of the audit', renew: async () => ({ renewed: await audit.signAnew(), lost: 0 }) },
      signingKeys(db, deps.keyring),
    ],
  });
}

/** Figures and warnings of a secret under which something is sealed here and that was not given. */
export function watchSecret(metrics: Pick<Metrics, 'gauge'>, rotation: Rotation): { warnings(): string[] } {
  const status = () => rotation.status();
  metrics.gauge(
    'fairlead_secrets_unknown',
    'Secrets under which something is, or may be, sealed in the database and that were not given',
    () => status().missing.length,
  );
  metrics.gauge('fairlead_sealed_lost', 'Sealed values that none of the secrets opens', () => status().lost);
  return {
    warnings() {
      const { missing, lost } = status();
      if (missing.length === 0 && lost === 0) return [];
      const what = lost > 0 ? `${lost} sealed values` : 'what is sealed';
      const under = missing.length > 0 ? ` under secrets that were not given (${missing.join(', ')})` : '';
      return [
        `secret: ${what}${under} cannot be read: give the secret of before as FAIRLEAD_OTHER_SECRETS; if it is lost, \`fairlead secrets forget\``,
      ];
    },
  };
}
