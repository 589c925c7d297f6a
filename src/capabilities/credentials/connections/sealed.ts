import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';
import type { Holding, Renewal } from '../../../platform/keyring/index.ts';
import { listClients, putClient } from './clients/store.ts';
import { type ConnectionKey, listAllConnections, resealConnection } from './store.ts';

type TokenField = 'access_token' | 'refresh_token';

/** What a sealed token is bound to: it opens for nobody else, at no other upstream, and as nothing else. */
export function tokenContext(org: OrgId, { upstream, subject }: ConnectionKey, field: TokenField): string {
  return JSON.stringify(['connection', org, upstream, subject, field]);
}

export function verifierContext(org: OrgId, id: string): string {
  return JSON.stringify(['connection verifier', org, id]);
}

export function clientContext(org: OrgId, upstream: string, issuer: string): string {
  return JSON.stringify(['connection client', org, upstream, issuer]);
}

/** Tokens of connections, and secrets of registered clients. */
export function connectionTokens(db: Db): Holding {
  return {
    what: 'tokens of connections',
    async renew(renewal) {
      const count = { renewed: 0, lost: 0 };
      for (const row of await listAllConnections(db)) {
        const accessToken = again(renewal, count, row.accessToken, tokenContext(row.org, row, 'access_token'));
        const refreshToken = again(renewal, count, row.refreshToken, tokenContext(row.org, row, 'refresh_token'));
        if (accessToken === row.accessToken && refreshToken === row.refreshToken) continue;
        await resealConnection(db, row.org, row, {
          ...(accessToken === undefined ? {} : { accessToken }),
          ...(refreshToken === undefined ? {} : { refreshToken }),
        });
      }
      for (const client of await listClients(db)) {
        const { org, upstream, issuer, clientSecret } = client;
        const renewed = again(renewal, count, clientSecret, clientContext(org, upstream, issuer));
        if (renewed !== undefined && renewed !== clientSecret)
          await putClient(db, org, { ...client, clientSecret: renewed });
      }
      return count;
    },
  };
}

function again(
  renewal: Renewal,
  count: { renewed: number; lost: number },
  sealed: string | undefined,
  context: string,
): string | undefined {
  if (sealed === undefined || renewal.isCurrent(sealed)) return sealed;
  try {
    const renewed = renewal.again(sealed, context);
    count.renewed++;
    return renewed;
  } catch {
    count.lost++;
    return sealed;
  }
}
