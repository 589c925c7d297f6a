import type { Clock } from '../../../../kernel/clock.ts';
import type { Db } from '../../../../platform/db/types.ts';
import type { Keyring } from '../../../../platform/keyring/index.ts';
import {
  type AuthorizationServer,
  type ClientAuthentication,
  clientMetadata,
  introduce,
  type OAuthClient,
} from '../../../../platform/oauth/index.ts';
import type { Provider, Target } from '../provider.ts';
import { clientContext } from '../sealed.ts';
import { type ClientRow, findClient, putClient } from './store.ts';

/** Who Fairlead is to the authorization servers of upstreams. */
export interface Clients {
  /** The client to begin with: of the settings, by its metadata document, or registered now. @throws OAuthFault */
  obtain(target: Target, server: AuthorizationServer, signal: AbortSignal): Promise<OAuthClient>;
  /** The client that something was begun with; undefined when it is not ours any more. */
  find(target: Target, server: AuthorizationServer, clientId: string): Promise<OAuthClient | undefined>;
}

export function createClients(deps: {
  db: Db;
  keyring: Pick<Keyring, 'encrypt' | 'decrypt'>;
  clock: Clock;
  provider: Pick<Provider, 'requestsFor'>;
  redirectUri: string;
  /** Where the client-ID metadata document is; undefined where nobody out there can read it. */
  documentUrl: string | undefined;
}): Clients {
  const { db, keyring, clock, provider, redirectUri, documentUrl } = deps;

  const ofSettings = ({ auth }: Target): OAuthClient | undefined =>
    auth.clientId === undefined
      ? undefined
      : {
          clientId: auth.clientId,
          clientSecret: auth.clientSecret,
          authentication: auth.clientAuthentication,
          key: auth.key,
        };

  const registered = async ({ org, upstream }: Target, { issuer }: AuthorizationServer) => {
    const row = await findClient(db, org, upstream, issuer);
    return row && row.redirectUri === redirectUri && (row.expiresAt ?? Number.POSITIVE_INFINITY) > clock.now()
      ? row
      : undefined;
  };

  const toClient = ({ org, upstream }: Target, row: ClientRow): OAuthClient => ({
    clientId: row.clientId,
    ...(row.clientSecret === undefined
      ? {}
      : { clientSecret: keyring.decrypt(row.clientSecret, clientContext(org, upstream, row.issuer)) }),
    ...(row.authMethod === undefined ? {} : { authentication: row.authMethod as ClientAuthentication }),
  });

  return {
    async obtain(target, server, signal) {
      const own = ofSettings(target);
      if (own) return own;
      const known = await registered(target, server);
      if (known) return toClient(target, known);
      const metadata = clientMetadata('Fairlead', [redirectUri]);
      const client = await introduce(server, { documentUrl, metadata }, provider.requestsFor(target, signal));
      if (client.clientId === documentUrl) return client;
      const { org, upstream } = target;
      const { issuer } = server;
      const { clientId, clientSecret, authentication } = client;
      await putClient(db, org, {
        upstream,
        issuer,
        redirectUri,
        clientId,
        ...(clientSecret === undefined
          ? {}
          : { clientSecret: keyring.encrypt(clientSecret, clientContext(org, upstream, issuer)) }),
        ...(authentication === undefined ? {} : { authMethod: authentication }),
      });
      return client;
    },
    async find(target, server, clientId) {
      const own = ofSettings(target);
      if (own?.clientId === clientId) return own;
      if (clientId === documentUrl) return { clientId, authentication: 'none' };
      const row = await findClient(db, target.org, target.upstream, server.issuer);
      return row?.clientId === clientId ? toClient(target, row) : undefined;
    },
  };
}
