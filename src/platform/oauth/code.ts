import { startAuthorization } from '@modelcontextprotocol/client';
import { scopesTogether } from './challenge.ts';
import type { AuthorizationServer } from './discovery.ts';
import { OAuthFault } from './fault.ts';
import type { Asking } from './grants.ts';
import type { OAuthRequests } from './requests.ts';
import { requestToken, type TokenSet } from './token.ts';

/** What has to be remembered, for whoever began it, until the browser comes back. */
export interface PendingAuthorization {
  /** To whom the browser was sent: only this server's answer counts. */
  issuer: string;
  /** As the token endpoint was when it began. */
  tokenEndpoint: string;
  clientId: string;
  redirectUri: string;
  resource: string;
  scope: string | undefined;
  /** Nobody can guess it. */
  state: string;
  /** PKCE (RFC 7636). Secret. */
  codeVerifier: string;
}

/**
 * What to ask for: what a challenge names wins, then what the settings name, then what the resource offers. A scope for
 * refresh tokens is added where the server has one.
 *
 * @param held what is granted already, and must not be lost when more is asked for
 */
export function scopeToAsk(
  {
    challenged,
    configured,
    offered,
    held,
  }: {
    challenged?: string | undefined;
    configured?: readonly string[] | undefined;
    offered?: readonly string[] | undefined;
    held?: string | undefined;
  },
  server?: AuthorizationServer,
): string | undefined {
  const scope = scopesTogether(held, challenged ?? configured?.join(' ') ?? offered?.join(' '));
  const refreshes = scope !== undefined && server?.scopes_supported?.includes('offline_access') === true;
  return refreshes ? scopesTogether(scope, 'offline_access') : scope;
}

interface Beginning {
  redirectUri: string;
  resource: string;
  scope: string | undefined;
  state: string;
}

/** Where to send the browser, and what to remember meanwhile. Throws `OAuthFault` for a server without PKCE by S256. */
export async function beginAuthorization(
  { server, client, requests }: Pick<Asking, 'server' | 'client'> & { requests: OAuthRequests },
  { redirectUri, resource, scope, state }: Beginning,
): Promise<{ url: string; pending: PendingAuthorization }> {
  requests.assertConfidential(server.authorization_endpoint);
  if (!server.code_challenge_methods_supported?.includes('S256')) {
    throw new OAuthFault('its authorization server does not say that it protects codes (PKCE by S256)');
  }
  if (!server.response_types_supported.includes('code')) {
    throw new OAuthFault('its authorization server gives no codes');
  }
  const { authorizationUrl, codeVerifier } = await startAuthorization(server.issuer, {
    metadata: server,
    clientInformation: { client_id: client.clientId },
    redirectUrl: redirectUri,
    state,
    resource,
    ...(scope === undefined ? {} : { scope }),
  });
  const { issuer, token_endpoint: tokenEndpoint } = server;
  const { clientId } = client;
  const pending = { issuer, tokenEndpoint, clientId, redirectUri, resource, scope, state, codeVerifier };
  return { url: authorizationUrl.href, pending };
}

/**
 * What the browser brought back becomes tokens. Throws `OAuthFault`: where the answer is not from the server that was
 * asked (RFC 9207), or that server is another one by now, before anything is sent to anybody.
 *
 * @param answer the query of the redirect
 * @param asking the server as it is now, and the client that began
 */
export async function finishAuthorization(
  asking: Asking,
  pending: PendingAuthorization,
  answer: URLSearchParams,
): Promise<TokenSet> {
  const { server, client } = asking;
  if (answer.get('state') !== pending.state) throw new OAuthFault('the answer belongs to another sign-in');
  const isOther =
    server.issuer !== pending.issuer ||
    server.token_endpoint !== pending.tokenEndpoint ||
    client.clientId !== pending.clientId;
  if (isOther) throw new OAuthFault('its authorization server is another one than when the sign-in began');
  checkIssuer(answer.get('iss') ?? undefined, server);
  // Only now: before, the text might be anybody's.
  const error = answer.get('error');
  if (error !== null) {
    const code = /^[\w.-]{1,60}$/.test(error) ? error : 'error';
    const detail = answer.get('error_description')?.slice(0, 300);
    throw new OAuthFault(`the sign-in was refused (${code})`, { code, detail });
  }
  const code = answer.get('code');
  if (!code) throw new OAuthFault('the answer holds neither a code nor an error');
  const parameters = {
    grant_type: 'authorization_code',
    code,
    code_verifier: pending.codeVerifier,
    redirect_uri: pending.redirectUri,
    resource: pending.resource,
  };
  const set = await requestToken({ ...asking, parameters });
  return { ...set, scope: set.scope ?? pending.scope };
}

/** RFC 9207, 2.4: letter by letter, and where the server promises it, it must be there. */
function checkIssuer(iss: string | undefined, server: AuthorizationServer): void {
  if (iss === undefined && server.authorization_response_iss_parameter_supported !== true) return;
  if (iss !== server.issuer) {
    throw new OAuthFault('the answer is from another authorization server than the one that was asked');
  }
}
