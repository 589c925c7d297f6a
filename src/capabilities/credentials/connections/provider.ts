import {
  type AuthorizationServerMetadata,
  discoverAuthorizationServerMetadata,
  discoverOAuthProtectedResourceMetadata,
  exchangeAuthorization,
  extractWWWAuthenticateParams,
  OAuthError,
  type OAuthProtectedResourceMetadata,
  type OAuthTokens,
  refreshAuthorization,
  registerClient,
  selectClientAuthMethod,
  startAuthorization,
  validateAuthorizationResponseIssuer,
} from '@modelcontextprotocol/client';
import { isObject, parseJson } from '../../../kernel/json.ts';
import type { OrgId } from '../../../kernel/principal.ts';
import type { Egress } from '../../../platform/http/index.ts';
import { ConnectionFailed } from './errors.ts';

/** An upstream that each person uses with an account of their own. */
export interface Target {
  org: OrgId;
  upstream: string;
  /** Where it is. */
  url: string;
  /** MCP servers are named to their authorization server (RFC 8707); an API only where the settings say so. */
  isMcp: boolean;
  /** Set by a user at run time: every address is held against the SSRF guard. */
  guarded: boolean;
  auth: PersonalAuth;
}

/** What the settings say of how people sign in. */
export interface PersonalAuth {
  /** Its authorization server; by default the one that the upstream names. */
  issuer?: string | undefined;
  clientId?: string | undefined;
  clientSecret?: string | undefined;
  scopes?: readonly string[] | undefined;
  resource?: string | undefined;
}

/** The authorization server of an upstream. */
export interface Server {
  issuer: string;
  metadata: AuthorizationServerMetadata;
  resource: string | undefined;
  /** What to ask for where the settings do not say. */
  scopes: readonly string[];
}

/** Who Fairlead is to an authorization server. */
export interface OAuthClient {
  client_id: string;
  client_secret?: string;
  token_endpoint_auth_method?: string;
}

export interface Tokens {
  accessToken: string;
  refreshToken?: string;
  expiresInSeconds?: number;
  scopes?: string[];
  /** What the provider calls the account, where an ID token says so. */
  account?: string;
}

/** Why a provider gave no token: with `refused` it never will for what was sent; else it may, or may have. */
export class TokenRefused extends Error {
  override name = 'TokenRefused';
  readonly kind: 'refused' | 'unsent' | 'answered' | 'unknown';

  constructor(kind: TokenRefused['kind'], reason: string, cause: unknown) {
    super(reason, { cause });
    this.kind = kind;
  }
}

const answerMs = 15_000;
const metadataMs = 10 * 60_000;

/** What goes to an upstream's authorization server, and comes from there. */
export function createProvider(deps: { egress: Pick<Egress, 'fetch'>; now(): number }) {
  const { egress, now } = deps;
  const known = new Map<string, { server: Server; until: number }>();

  /** Addresses that the operator wrote down may be anywhere; those that somebody else named are held against the guard. */
  const fetcherFor = ({ url, guarded, auth }: Target) => {
    const written = new Set([url, auth.issuer].flatMap((one) => (one === undefined ? [] : [new URL(one).origin])));
    return (address: string | URL, init: RequestInit = {}): Promise<Response> =>
      egress.fetch(address, {
        ...init,
        signal: AbortSignal.any([AbortSignal.timeout(answerMs), ...(init.signal ? [init.signal] : [])]),
        guarded: guarded || !written.has(new URL(address).origin),
      });
  };

  const failed = ({ upstream }: Target, reason: string, cause?: unknown) =>
    ConnectionFailed({ name: upstream, reason }, { cause });

  /** What the upstream says to somebody without a credential: where its metadata is, and which scopes it wants. */
  const challengeOf = async (target: Target) => {
    const response = await fetcherFor(target)(target.url, { headers: { accept: 'application/json, text/event-stream' } });
    await response.body?.cancel().catch(() => undefined);
    return response.status === 401 ? extractWWWAuthenticateParams(response) : {};
  };

  async function discover(target: Target): Promise<Server> {
    const fetchFn = fetcherFor(target);
    const { auth, url } = target;
    let resource: OAuthProtectedResourceMetadata | undefined;
    let asked: string | undefined;
    if (auth.issuer === undefined || target.isMcp) {
      try {
        const challenge = await challengeOf(target);
        asked = challenge.scope;
        resource = await discoverOAuthProtectedResourceMetadata(
          url,
          challenge.resourceMetadataUrl ? { resourceMetadataUrl: challenge.resourceMetadataUrl } : {},
          fetchFn,
        );
      } catch (error) {
        if (auth.issuer === undefined && !target.isMcp) throw failed(target, 'it does not say where to sign in', error);
      }
    }
    if (resource && !covers(resource.resource, url))
      throw failed(target, 'what it says about itself is of another server');
    const issuer = auth.issuer ?? resource?.authorization_servers?.[0] ?? new URL(url).origin;
    const metadata = await discoverAuthorizationServerMetadata(issuer, { fetchFn }).catch((error: unknown) => {
      throw failed(target, 'its authorization server gives no metadata that can be used', error);
    });
    if (!metadata) throw failed(target, 'its authorization server gives no metadata');
    if (!metadata.code_challenge_methods_supported?.includes('S256'))
      throw failed(target, 'its authorization server does not say that it supports PKCE with S256');
    return {
      issuer: metadata.issuer,
      metadata,
      resource: auth.resource ?? (target.isMcp ? (resource?.resource ?? url) : undefined),
      scopes: auth.scopes ?? asked?.split(' ').filter(Boolean) ?? resource?.scopes_supported ?? [],
    };
  }

  async function token(target: Target, work: () => Promise<OAuthTokens>): Promise<Tokens> {
    try {
      return tokensIn(await work());
    } catch (error) {
      if (error instanceof OAuthError) {
        const transient = /^(temporarily_unavailable|server_error|slow_down|too_many_requests)$/.test(error.code);
        throw new TokenRefused(transient ? 'answered' : 'refused', `its provider says ${error.code}`, error);
      }
      const unsent = isUnsent(error);
      const reason = unsent ? 'its provider cannot be reached' : 'its provider gave no answer that can be used';
      throw new TokenRefused(unsent ? 'unsent' : 'unknown', reason, error);
    }
  }

  return {
    /** @throws ConnectionFailed */
    async server(target: Target): Promise<Server> {
      const key = JSON.stringify([target.org, target.upstream, target.url, target.auth.issuer, target.auth.scopes]);
      const held = known.get(key);
      if (held && held.until > now()) return held.server;
      const server = await discover(target);
      if (known.size > 500) known.clear();
      known.set(key, { server, until: now() + metadataMs });
      return server;
    },

    /** @throws ConnectionFailed */
    async register(target: Target, server: Server, redirectUri: string) {
      const fetchFn = fetcherFor(target);
      const clientMetadata = clientMetadataFor(redirectUri, server.metadata.token_endpoint_auth_methods_supported);
      return registerClient(server.issuer, { metadata: server.metadata, clientMetadata, fetchFn }).catch(
        (error: unknown) => {
          throw failed(target, 'its authorization server does not register Fairlead', error);
        },
      );
    },

    async authorizationUrl(
      server: Server,
      { client, redirectUri, state, scopes }: { client: OAuthClient; redirectUri: string; state: string; scopes: string[] },
    ): Promise<{ url: URL; verifier: string }> {
      const scope = scopes.join(' ');
      const { authorizationUrl, codeVerifier } = await startAuthorization(server.issuer, {
        metadata: server.metadata,
        clientInformation: client,
        redirectUrl: redirectUri,
        state,
        ...(scope === '' ? {} : { scope }),
        ...(server.resource === undefined ? {} : { resource: server.resource }),
      });
      return { url: authorizationUrl, verifier: codeVerifier };
    },

    /** Whether an answer is of the server that was asked (RFC 9207). Throws when it is not. */
    checkIssuer({ metadata, issuer }: Server, iss: string | undefined): void {
      const issParameterSupported = metadata.authorization_response_iss_parameter_supported === true;
      validateAuthorizationResponseIssuer({ iss, expectedIssuer: issuer, issParameterSupported });
    },

    /** @throws TokenRefused */
    exchange(
      target: Target,
      server: Server,
      given: { client: OAuthClient; code: string; iss: string | undefined; verifier: string; redirectUri: string; resource: string | undefined },
    ): Promise<Tokens> {
      const { client, code, iss, verifier, redirectUri, resource } = given;
      return token(target, () =>
        exchangeAuthorization(server.issuer, {
          metadata: server.metadata,
          clientInformation: client,
          authorizationCode: code,
          ...(iss === undefined ? {} : { iss }),
          codeVerifier: verifier,
          redirectUri,
          ...(resource === undefined ? {} : { resource }),
          fetchFn: fetcherFor(target),
        }),
      );
    },

    /** @throws TokenRefused */
    refresh(
      target: Target,
      server: Server,
      given: { client: OAuthClient; refreshToken: string; resource: string | undefined },
    ): Promise<Tokens> {
      const { client, refreshToken, resource } = given;
      return token(target, () =>
        refreshAuthorization(server.issuer, {
          metadata: server.metadata,
          clientInformation: client,
          refreshToken,
          ...(resource === undefined ? {} : { resource }),
          fetchFn: fetcherFor(target),
        }),
      );
    },

    /** RFC 7009; false where the provider has no such endpoint, or did not take it. */
    async revoke(target: Target, { metadata }: Server, client: OAuthClient, tokenText: string): Promise<boolean> {
      const endpoint = (metadata as { revocation_endpoint?: string }).revocation_endpoint;
      if (endpoint === undefined) return false;
      const body = new URLSearchParams({ token: tokenText });
      const headers: Record<string, string> = { 'content-type': 'application/x-www-form-urlencoded' };
      const method = selectClientAuthMethod(client, metadata.token_endpoint_auth_methods_supported ?? []);
      if (method === 'client_secret_basic' && client.client_secret !== undefined) {
        const pair = `${encodeURIComponent(client.client_id)}:${encodeURIComponent(client.client_secret)}`;
        headers.authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
      } else {
        body.set('client_id', client.client_id);
        if (client.client_secret !== undefined) body.set('client_secret', client.client_secret);
      }
      const response = await fetcherFor(target)(endpoint, { method: 'POST', headers, body });
      await response.body?.cancel().catch(() => undefined);
      return response.ok;
    },
  };
}

export type Provider = ReturnType<typeof createProvider>;

/** How Fairlead introduces itself: in its client-ID metadata document, and where it is registered. */
export function clientMetadataFor(redirectUri: string, methods: readonly string[] | undefined = ['none']) {
  return {
    client_name: 'Fairlead',
    redirect_uris: [redirectUri],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: methods.includes('none') ? 'none' : (methods[0] ?? 'client_secret_basic'),
  };
}

/** Whether a resource's own name covers an address (RFC 8707): the same origin, and a path above it. */
function covers(resource: string, url: string): boolean {
  if (!URL.canParse(resource)) return false;
  const [outer, inner] = [new URL(resource), new URL(url)];
  const path = outer.pathname.endsWith('/') ? outer.pathname : `${outer.pathname}/`;
  return outer.origin === inner.origin && `${inner.pathname}/`.startsWith(path);
}

function tokensIn(tokens: OAuthTokens): Tokens {
  const { access_token, refresh_token, expires_in, scope, id_token } = tokens;
  const account = id_token === undefined ? undefined : accountIn(id_token);
  return {
    accessToken: access_token,
    ...(refresh_token === undefined ? {} : { refreshToken: refresh_token }),
    ...(typeof expires_in === 'number' ? { expiresInSeconds: expires_in } : {}),
    ...(scope === undefined ? {} : { scopes: scope.split(' ').filter(Boolean) }),
    ...(account === undefined ? {} : { account }),
  };
}

/** It came from the provider itself, and names the account for people only: nothing is decided by it. */
function accountIn(idToken: string): string | undefined {
  try {
    const claims = parseJson(Buffer.from(idToken.split('.')[1] ?? '', 'base64url').toString('utf8'));
    if (!isObject(claims)) return undefined;
    const name = [claims.email, claims.preferred_username, claims.name, claims.sub].find(
      (one) => typeof one === 'string' && one !== '',
    );
    return typeof name === 'string' ? name.replace(/\p{Cc}/gu, '').slice(0, 200) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a request surely reached nobody. */
function isUnsent(error: unknown): boolean {
  for (let inner = error, depth = 0; depth < 6 && inner instanceof Error; inner = inner.cause, depth++) {
    const { code } = inner as { code?: unknown };
    if (typeof code === 'string' && /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|UND_ERR_CONNECT_TIMEOUT|EGRESS_\w+)$/.test(code))
      return true;
  }
  return false;
}
