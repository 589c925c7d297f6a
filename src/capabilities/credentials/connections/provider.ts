import { isObject, parseJson } from '../../../kernel/json.ts';
import type { OrgId } from '../../../kernel/principal.ts';
import type { Egress } from '../../../platform/http/index.ts';
import {
  type AuthorizationServer,
  type ClientAuthentication,
  type ClientKey,
  canonical,
  createOAuthRequests,
  discover,
  OAuthFault,
  type OAuthRequests,
  readAuthorizationServer,
  readChallenge,
  readResource,
} from '../../../platform/oauth/index.ts';

/** An upstream that each person uses with an account of their own. */
export interface Target {
  org: OrgId;
  upstream: string;
  /** Where it is. */
  url: string;
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
  clientAuthentication?: ClientAuthentication | undefined;
  key?: ClientKey | undefined;
  scopes?: readonly string[] | undefined;
  resource?: string | undefined;
  /** Whose connection lists what there is; by default that of whoever connected last. */
  listAs?: string | undefined;
}

/** Where people sign in for an upstream. */
export interface Place {
  server: AuthorizationServer;
  /** What tokens are asked for (RFC 8707). */
  resource: string;
  /** That the upstream asks for by its challenge, and that it offers. */
  challenged: string | undefined;
  offered: readonly string[] | undefined;
}

const metadataMs = 10 * 60_000;
const mostKnown = 500;

/** What goes to the authorization servers of upstreams. */
export function createProvider({ egress, now }: { egress: Pick<Egress, 'fetch'>; now(): number }) {
  const known = new Map<string, { place: Place; until: number }>();

  const requestsFor = (target: Target, signal: AbortSignal): OAuthRequests =>
    createOAuthRequests({ egress, trusted: target.guarded ? [] : [target.url, target.auth.issuer], signal });

  async function find(target: Target, requests: OAuthRequests): Promise<Place> {
    const { url, auth } = target;
    const answer = await requests.send(url, { headers: { accept: 'application/json, text/event-stream' } });
    const { scope, resourceMetadata } = readChallenge(answer.headers.get('www-authenticate') ?? undefined);
    if (auth.issuer !== undefined) {
      const server = await readAuthorizationServer(auth.issuer, requests);
      const found = await readResource(url, requests, resourceMetadata).catch(() => undefined);
      const resource = auth.resource ?? found?.resource ?? canonical(url);
      return { server, resource, challenged: scope, offered: found?.scopes };
    }
    const { server, resource, scopes } = await discover(url, requests, resourceMetadata);
    return { server, resource: auth.resource ?? resource, challenged: scope, offered: scopes };
  }

  return {
    requestsFor,
    /** @throws OAuthFault */
    async place(target: Target, signal: AbortSignal): Promise<Place> {
      const key = JSON.stringify([target.org, target.upstream, target.url, target.auth.issuer, target.auth.resource]);
      const held = known.get(key);
      if (held && held.until > now()) return held.place;
      const place = await find(target, requestsFor(target, signal));
      if (known.size >= mostKnown) known.clear();
      known.set(key, { place, until: now() + metadataMs });
      return place;
    },
  };
}

export type Provider = ReturnType<typeof createProvider>;

/** What is known of a refresh that gave no token: whether its refresh token is used up. */
export type RefreshFault = 'refused' | 'untouched' | 'unknown';

export function refreshFault(error: unknown): RefreshFault {
  if (!(error instanceof OAuthFault)) return isUnsent(error) ? 'untouched' : 'unknown';
  // A plain answer of the token endpoint has no cause; whoever answers that it is busy has done nothing.
  if (error.cause === undefined)
    return error.retryable ? 'untouched' : error.code === undefined ? 'unknown' : 'refused';
  return isUnsent(error) ? 'untouched' : 'unknown';
}

/** Whether a request surely reached nobody. */
function isUnsent(error: unknown): boolean {
  for (let inner = error, depth = 0; depth < 6 && inner instanceof Error; inner = inner.cause, depth++) {
    const { code } = inner as { code?: unknown };
    const names = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|UND_ERR_CONNECT_TIMEOUT|EGRESS_\w+)$/;
    if (typeof code === 'string' && names.test(code)) return true;
  }
  return false;
}

/** What a provider calls an account. It came from the provider itself, and is for people only: nothing is decided by it. */
export function accountIn(idToken: string | undefined): string | undefined {
  if (idToken === undefined) return undefined;
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
