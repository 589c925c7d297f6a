import type { Db } from '../../../platform/db/types.ts';
import type { Holding } from '../../../platform/keyring/index.ts';
import { listIdTokens, resealIdToken } from './store.ts';

/** The ID tokens by which somebody is signed out at a provider as well. */
export function idTokens(db: Db): Holding {
  return {
    what: 'ID tokens of single sign-on',
    async renew(renewal) {
      let [renewed, lost] = [0, 0];
      for (const { org, sessionId, idToken } of await listIdTokens(db)) {
        if (renewal.isCurrent(idToken)) continue;
        let next: string | undefined;
        try {
          next = renewal.again(idToken, idTokenContext(sessionId));
        } catch {
          lost++;
        }
        if (next === undefined) continue;
        await resealIdToken(db, org, sessionId, next);
        renewed++;
      }
      return { renewed, lost };
    },
  };
}

export function idTokenContext(sessionId: string): string {
  return `signin_sso_sessions/${sessionId}`;
}
