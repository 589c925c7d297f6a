import { keptApprovals } from '../capabilities/approvals/index.ts';
import type { Audit } from '../capabilities/audit/index.ts';
import { connectionTokens } from '../capabilities/credentials/index.ts';
import { keptDestinations } from '../capabilities/events/index.ts';
import { keptAnswers } from '../capabilities/idempotency/index.ts';
import { collectionKeys } from '../capabilities/knowledge/index.ts';
import { idTokens, signingKeys } from '../capabilities/signin/index.ts';
import { upstreamSettings } from '../capabilities/upstreams/index.ts';
import type { Db } from '../platform/db/index.ts';
import { createRotation, type Keyring, type Rotation } from '../platform/keyring/index.ts';
import type { Log } from '../platform/telemetry/index.ts';

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
    holdings: [
      { what: 'signatures of the audit', renew: async () => ({ renewed: await audit.signAnew(), lost: 0 }) },
      upstreamSettings(db),
      collectionKeys(db),
      keptAnswers(db),
      keptApprovals(db),
      keptDestinations(db),
      connectionTokens(db),
      idTokens(db),
      signingKeys(db, deps.keyring),
    ],
  });
}
