import { OAuthFault } from './fault.ts';
import { requestToken, type TokenRequest, type TokenSet } from './token.ts';

/** Where a token is asked for, and by whom. */
export type Asking = Omit<TokenRequest, 'parameters'>;

/** What the token is to be for. */
export interface Aim {
  /** RFC 8707. */
  resource: string;
  scope?: string | undefined;
  /** As some servers, and RFC 8693, want it beside the resource. */
  audience?: string | undefined;
}

export const tokenTypes = {
  accessToken: 'urn:ietf:params:oauth:token-type:access_token',
  idToken: 'urn:ietf:params:oauth:token-type:id_token',
  jwt: 'urn:ietf:params:oauth:token-type:jwt',
  idJag: 'urn:ietf:params:oauth:token-type:id-jag',
} as const;

/** RFC 6749, 4.4. Throws `OAuthFault`, as all of these do. */
export function clientCredentials(asking: Asking, { resource, scope, audience }: Aim): Promise<TokenSet> {
  return requestToken({ ...asking, parameters: { grant_type: 'client_credentials', scope, resource, audience } });
}

/** RFC 6749, 6. A server that rotates gives another refresh token; else the old one stays good. */
export async function refresh(
  asking: Asking,
  { refreshToken, resource, scope }: Aim & { refreshToken: string },
): Promise<TokenSet & { refreshToken: string }> {
  const parameters = { grant_type: 'refresh_token', refresh_token: refreshToken, scope, resource };
  const set = await requestToken({ ...asking, parameters });
  return { ...set, refreshToken: set.refreshToken ?? refreshToken };
}

/** Who somebody is, by the word of an issuer that the authorization server trusts. */
export interface SubjectToken {
  token: string;
  /** One of the token types of RFC 8693, 3. */
  type: string;
}

/** RFC 8693. */
export function tokenExchange(
  asking: Asking,
  { subject, requested, ...aim }: Aim & { subject: SubjectToken; requested?: string | undefined },
): Promise<TokenSet> {
  const parameters = {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: subject.token,
    subject_token_type: subject.type,
    requested_token_type: requested,
    scope: aim.scope,
    resource: aim.resource,
    audience: aim.audience,
  };
  return requestToken({ ...asking, parameters });
}

/** RFC 7523, 2.1. */
export function jwtBearer(asking: Asking, { assertion, resource, scope, audience }: Aim & { assertion: string }) {
  const parameters = {
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    assertion,
    scope,
    resource,
    audience,
  };
  return requestToken({ ...asking, parameters });
}

/**
 * Enterprise-managed authorization (cross-app access): the identity provider decides whether somebody may use the resource
 * through this client and says so in an assertion (ID-JAG), for which the resource's authorization server gives a token.
 *
 * @param provider the identity provider
 * @param asking the resource's authorization server
 */
export async function crossAppAccess(
  provider: Asking,
  asking: Asking,
  { subject, ...aim }: Aim & { subject: SubjectToken },
): Promise<TokenSet> {
  const audience = aim.audience ?? asking.server.issuer;
  const grant = await tokenExchange(provider, { ...aim, audience, subject, requested: tokenTypes.idJag });
  if (grant.issuedTokenType !== tokenTypes.idJag) {
    throw new OAuthFault('its identity provider gave no authorization for another app', {
      detail: `issued_token_type: ${String(grant.issuedTokenType).slice(0, 100)}`,
    });
  }
  return jwtBearer(asking, { resource: aim.resource, scope: aim.scope, assertion: grant.accessToken });
}
