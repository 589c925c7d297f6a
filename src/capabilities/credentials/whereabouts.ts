import {
  type AuthorizationServer,
  canonical,
  OAuthFault,
  type OAuthRequests,
  readAuthorizationServer,
  readResource,
  serverAt,
} from '../../platform/oauth/index.ts';

import type { MachineAuth } from './types.ts';

/** Where tokens for one upstream are asked for, and what for. */
export interface Whereabouts {
  server: AuthorizationServer;
  /** Of enterprise-managed authorization. */
  provider: AuthorizationServer | undefined;
  resource: string;
  /** What the upstream offers, where that matters. */
  scopes: readonly string[] | undefined;
}

export interface WhereaboutsKeeper {
  get(): Promise<Whereabouts>;
  /** They may have changed. @param metadataUrl of the upstream, as a challenge named it */
  forget(metadataUrl?: string): void;
}

interface Deps {
  auth: MachineAuth;
  address: string;
  requests: OAuthRequests;
  now(): number;
}

const keptMs = 60 * 60_000;

/** The settings name the authorization server; what it and the upstream publish is read when it is first needed. */
export function createWhereabouts({ auth, address, requests, now }: Deps): WhereaboutsKeeper {
  let known: { found: Promise<Whereabouts>; at: number } | undefined;
  let metadataUrl: string | undefined;

  const read = async (): Promise<Whereabouts> => {
    const [server, provider, published] = await Promise.all([
      serverOf(auth, requests),
      auth.grant === 'enterprise_managed' ? serverOf(auth.identityProvider, requests) : undefined,
      auth.resource !== undefined && auth.scopes !== undefined
        ? undefined
        : readResource(address, requests, isOfUpstream(metadataUrl, address) ? metadataUrl : undefined),
    ]);
    const resource = auth.resource ?? published?.resource ?? canonical(address);
    return { server, provider, resource, scopes: published?.scopes };
  };

  return {
    get() {
      if (known && now() - known.at < keptMs) return known.found;
      const found = read();
      const mine = { found, at: now() };
      known = mine;
      found.catch(() => {
        if (known === mine) known = undefined;
      });
      return found;
    },
    forget(named) {
      known = undefined;
      metadataUrl = named ?? metadataUrl;
    },
  };
}

/** The metadata of a resource are its own (RFC 9728, 3): what a challenge names elsewhere is not read. */
function isOfUpstream(metadataUrl: string | undefined, address: string): boolean {
  return metadataUrl !== undefined && new URL(metadataUrl).origin === new URL(address).origin;
}

async function serverOf(
  { issuer, tokenEndpoint }: { issuer?: string | undefined; tokenEndpoint?: string | undefined },
  requests: OAuthRequests,
): Promise<AuthorizationServer> {
  if (tokenEndpoint !== undefined) return serverAt(tokenEndpoint, issuer);
  if (issuer === undefined) throw new OAuthFault('its settings name no authorization server');
  return readAuthorizationServer(issuer, requests);
}
