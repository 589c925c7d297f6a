import {
  discoverAuthorizationServerMetadata,
  discoverOAuthProtectedResourceMetadata,
  IssuerMismatchError,
} from '@modelcontextprotocol/client';
import { OAuthFault } from './fault.ts';
import type { OAuthRequests } from './requests.ts';

/** An authorization server, as its metadata describe it (RFC 8414, OpenID Connect Discovery). */
export type AuthorizationServer = NonNullable<Awaited<ReturnType<typeof discoverAuthorizationServerMetadata>>> & {
  /** It says nothing of itself: a server of revision 2025-03-26, whose endpoints have fixed places. */
  isAssumed?: true;
};

/** A resource, as its metadata describe it (RFC 9728). */
export interface ProtectedResource {
  /** Its identifier exactly as it is published; what RFC 8707 asks for. */
  resource: string;
  /** Authorization servers that it takes tokens of. */
  issuers: readonly string[];
  scopes: readonly string[] | undefined;
}

/**
 * The metadata of a resource; undefined where it publishes none. Throws `OAuthFault`, also for metadata of another
 * resource: a token for that one must not come here.
 *
 * @param metadataUrl as a challenge named it
 */
export async function readResource(
  url: string,
  requests: OAuthRequests,
  metadataUrl?: string,
): Promise<ProtectedResource | undefined> {
  let status = 0;
  const send = async (to: string | URL, init?: RequestInit) => {
    const response = await requests.send(to, init);
    status = response.status;
    return response;
  };
  let found: Awaited<ReturnType<typeof discoverOAuthProtectedResourceMetadata>>;
  try {
    found = await discoverOAuthProtectedResourceMetadata(
      url,
      metadataUrl === undefined ? undefined : { resourceMetadataUrl: metadataUrl },
      send,
    );
  } catch (cause) {
    if (cause instanceof OAuthFault) throw cause;
    if (status >= 400 && status < 500) return undefined;
    const reason = 'its metadata, which name its authorization server, cannot be read';
    throw new OAuthFault(reason, {
      detail: status < 300 ? undefined : `HTTP ${status}`,
      retryable: status >= 500,
      cause,
    });
  }
  if (!covers(found.resource, url)) {
    throw new OAuthFault('its metadata are those of another resource', { detail: found.resource });
  }
  return { resource: found.resource, issuers: found.authorization_servers ?? [], scopes: found.scopes_supported };
}

/** Whether an identifier names a resource, or what it is part of. */
function covers(identifier: string, url: string): boolean {
  if (!URL.canParse(identifier)) return false;
  const [outer, inner] = [new URL(identifier), new URL(url)];
  const folder = outer.pathname.endsWith('/') ? outer.pathname : `${outer.pathname}/`;
  return outer.origin === inner.origin && `${inner.pathname}/`.startsWith(folder);
}

/** Throws `OAuthFault`, also where the metadata name another issuer than the one that was asked for. */
export async function readAuthorizationServer(issuer: string, requests: OAuthRequests): Promise<AuthorizationServer> {
  const server = await metadataOf(issuer, requests);
  if (!server) throw new OAuthFault('its authorization server publishes no metadata', { detail: issuer });
  return server;
}

async function metadataOf(issuer: string, requests: OAuthRequests): Promise<AuthorizationServer | undefined> {
  try {
    return await discoverAuthorizationServerMetadata(issuer, { fetchFn: requests.send });
  } catch (cause) {
    if (cause instanceof OAuthFault) throw cause;
    if (cause instanceof IssuerMismatchError) {
      const detail = `asked for ${issuer}, got ${String(cause.received).slice(0, 200)}`;
      throw new OAuthFault('the metadata of its authorization server name another one', { detail, cause });
    }
    throw new OAuthFault('the metadata of its authorization server cannot be read', { detail: issuer, cause });
  }
}

export interface Discovery {
  /** What tokens are asked for (RFC 8707). */
  resource: string;
  /** That the resource offers. */
  scopes: readonly string[] | undefined;
  server: AuthorizationServer;
}

/**
 * From a resource to the authorization server that gives tokens for it. Throws `OAuthFault`.
 *
 * @param url of the resource
 */
export async function discover(url: string, requests: OAuthRequests, metadataUrl?: string): Promise<Discovery> {
  const found = await readResource(url, requests, metadataUrl);
  const [issuer] = found?.issuers ?? [];
  if (found && issuer !== undefined) {
    const server = await readAuthorizationServer(issuer, requests);
    return { resource: found.resource, scopes: found.scopes, server };
  }
  // Revision 2025-03-26: the resource is its own authorization server, with or without metadata.
  const { origin } = new URL(url);
  const server = (await metadataOf(origin, requests)) ?? assumedServer(origin);
  return { resource: found?.resource ?? canonical(url), scopes: found?.scopes, server };
}

/** The identifier of a resource that publishes none: its address, as it is written. */
export function canonical(url: string): string {
  return url.replace(/#.*$/s, '');
}

function assumedServer(origin: string): AuthorizationServer {
  return {
    issuer: origin,
    authorization_endpoint: `${origin}/authorize`,
    token_endpoint: `${origin}/token`,
    registration_endpoint: `${origin}/register`,
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
    isAssumed: true,
  };
}

/** A server of which only the token endpoint is known. */
export function serverAt(tokenEndpoint: string, issuer?: string): AuthorizationServer {
  return {
    issuer: issuer ?? tokenEndpoint,
    authorization_endpoint: tokenEndpoint,
    token_endpoint: tokenEndpoint,
    response_types_supported: [],
  };
}
