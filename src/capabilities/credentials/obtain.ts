import type { UpstreamAuthClient } from '../../config/auth-schema.ts';
import type { OrgId, Principal } from '../../kernel/principal.ts';
import {
  type Asking,
  clientCredentials,
  crossAppAccess,
  jwtBearer,
  type OAuthClient,
  OAuthFault,
  type OAuthRequests,
  type TokenSet,
  tokenExchange,
} from '../../platform/oauth/index.ts';
import { listingToken, subjectToken } from './subject.ts';
import type { Callers, MachineAuth } from './types.ts';
import type { Whereabouts } from './whereabouts.ts';

interface Obtaining {
  org: OrgId;
  name: string;
  auth: MachineAuth;
  /** Undefined for Fairlead itself. */
  who: Principal | undefined;
  whereabouts: Whereabouts;
  scope: string | undefined;
  requests: OAuthRequests;
  callers: Callers;
  now(): number;
}

/** One token by the grant of the settings. Throws `OAuthFault` and `CallerNotVouchedFor`. */
export async function obtainToken(obtaining: Obtaining): Promise<TokenSet> {
  const { org, name, auth, who, whereabouts, scope, requests, callers, now } = obtaining;
  const { server, provider, resource } = whereabouts;
  const asking: Asking = { server, client: clientOf(auth), requests, now };
  const { audience } = auth;
  const aim = { resource, scope, audience };
  if (auth.grant === 'jwt_bearer') return jwtBearer(asking, { ...aim, assertion: auth.assertion.trim() });
  if (auth.grant === 'client_credentials') return clientCredentials(asking, aim);
  const { listAs } = auth;
  // Nobody is behind a listing: unless the settings name somebody, Fairlead is a client like any other, without a subject.
  if (who === undefined && listAs === undefined) return clientCredentials(asking, aim);
  const by = { callers, nowMs: now() };
  const vouchFor = (issuer: string) =>
    who
      ? subjectToken(name, auth, who, issuer, by)
      : listingToken({ name, org, listAs: listAs ?? '' }, auth, issuer, by);
  if (auth.grant === 'token_exchange') return tokenExchange(asking, { ...aim, subject: await vouchFor(server.issuer) });
  if (!provider) throw new OAuthFault('its settings name no identity provider');
  const askingProvider = { server: provider, client: clientOf(auth.identityProvider), requests, now };
  return crossAppAccess(askingProvider, asking, { ...aim, subject: await vouchFor(provider.issuer) });
}

type ClientSettings = Omit<UpstreamAuthClient, 'clientId'> & { clientId?: string | undefined };

function clientOf({
  clientId,
  clientSecret,
  privateKey,
  keyId,
  algorithm,
  tokenEndpointAuthMethod,
}: ClientSettings): OAuthClient {
  return {
    clientId: clientId ?? '',
    clientSecret,
    key: privateKey === undefined ? undefined : { privateKey, algorithm, keyId },
    authentication: tokenEndpointAuthMethod,
  };
}
