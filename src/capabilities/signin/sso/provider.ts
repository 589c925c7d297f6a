import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey, jwtVerify } from 'jose';
import type { Configuration } from 'openid-client';
import type { SsoProviderSettings } from '../../../config/schema.ts';
import type { Clock } from '../../../kernel/clock.ts';
import { isObject } from '../../../kernel/json.ts';
import { type Egress, readBounded } from '../../../platform/http/index.ts';
import { SsoFailed, SsoUnavailable } from '../errors.ts';

// The only file that knows openid-client.

const timeoutSeconds = 10;
const maxAnswerBytes = 1024 * 1024;
const metadataMs = 10 * 60_000; // then it is read anew
const keysMs = 10 * 60_000;
const failureMs = 3_000;
const unknownKeyMs = 30_000; // invented key ids must not make us ask the provider each time
const logoutTokenAgeSeconds = 300;
/** By key pairs alone: with a shared secret whoever holds it could make tokens. */
const signatures = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout';

/** What the browser that began holds, and nobody else: the answer has to fit it. */
export interface Checks {
  state: string;
  nonce: string;
  verifier: string;
}

/** Whom the provider vouches for. */
export interface Vouched {
  subject: string;
  /** Its name for its session with the browser. */
  sid: string | undefined;
  idToken: string;
  /** Of the ID token and, where that lacks something that is wanted, of the userinfo endpoint. */
  claims: Record<string, unknown>;
}

/** One OpenID provider, as its relying party sees it. All reject with SsoUnavailable when it cannot be reached. */
export interface Provider {
  /** `again` has it ask who it is, although it knows the browser. */
  authorizationUrl(checks: Checks, again: boolean): Promise<URL>;
  /** `search` is what came back in the address. Rejects with SsoFailed where anything about the answer is not right. */
  exchange(search: string, checks: Checks): Promise<Vouched>;
  /** Where a browser signs out there; undefined where the provider has no such place. */
  signOutUrl(idToken: string, backTo: string): Promise<URL | undefined>;
  /** OpenID Connect Back-Channel Logout 1.0, section 2.6. Rejects with SsoFailed. */
  checkLogout(token: string): Promise<{ subject: string | undefined; sid: string | undefined }>;
}

export interface ProviderDeps {
  name: string;
  settings: SsoProviderSettings;
  redirectUri: string;
  clock: Clock;
  egress: Pick<Egress, 'fetch'>;
}

export function openProvider({ name, settings, redirectUri, clock, egress }: ProviderDeps): Provider {
  const { issuer, clientId, clientSecret, clientAuth, clockSkewSeconds } = settings;
  let metadata: { server: ReturnType<Configuration['serverMetadata']>; at: number } | undefined;
  let failed: { error: unknown; at: number } | undefined;
  let known: { find: JWTVerifyGetKey; at: number } | undefined;
  const since = (atMs: number) => Math.abs(clock.now() - atMs);

  /** The issuer stands in the operator's file, and names the addresses of its endpoints. */
  const reach = async (url: string, init: RequestInit) => {
    const response = await egress.fetch(url, { ...init, guarded: false, redirect: 'manual' });
    const body = await readBounded(response, maxAnswerBytes);
    const bare = [101, 204, 205, 304].includes(response.status);
    return new Response(bare ? null : new Uint8Array(body), { status: response.status, headers: response.headers });
  };

  /** With no keys in it: those that sign now are read with each sign-in, so a new one counts at once. */
  async function configuration(): Promise<Configuration> {
    const oidc = await import('openid-client');
    const client = { client_id: clientId, [oidc.clockTolerance]: clockSkewSeconds };
    const auth =
      clientSecret === undefined
        ? oidc.None()
        : clientAuth === 'post'
          ? oidc.ClientSecretPost(clientSecret)
          : oidc.ClientSecretBasic(clientSecret);
    const plain = new URL(issuer).protocol === 'http:' ? [oidc.allowInsecureRequests] : [];
    let config: Configuration;
    if (metadata && since(metadata.at) < metadataMs) {
      config = new oidc.Configuration(metadata.server, clientId, client, auth);
      config[oidc.customFetch] = reach as never;
      config.timeout = timeoutSeconds;
      for (const apply of plain) apply(config);
    } else {
      const at = clock.now();
      config = await oidc.discovery(new URL(issuer), clientId, client, auth, {
        [oidc.customFetch]: reach as never,
        timeout: timeoutSeconds,
        execute: plain,
      });
      if (config.serverMetadata().issuer !== issuer) throw new Error('its metadata names another issuer');
      metadata = { server: config.serverMetadata(), at };
    }
    oidc.enableNonRepudiationChecks(config); // the signature of an ID token is checked although TLS brought it
    return config;
  }

  async function reachable(): Promise<Configuration> {
    try {
      // Anybody can ask for it: one that is down is not asked again for each.
      if (failed && since(failed.at) < failureMs) throw failed.error;
      return await configuration();
    } catch (cause) {
      if (failed?.error !== cause) failed = { error: cause, at: clock.now() };
      throw SsoUnavailable({ provider: settings.title ?? name }, { cause, retryAfterSeconds: 30 });
    }
  }

  async function logoutKeys(): Promise<NonNullable<typeof known>> {
    const { jwks_uri } = (await reachable()).serverMetadata();
    if (jwks_uri === undefined) throw new Error('its metadata names no keys');
    const response = await reach(jwks_uri, { signal: AbortSignal.timeout(timeoutSeconds * 1_000) });
    if (!response.ok) throw new Error(`its keys are answered with status ${response.status}`);
    known = { find: createLocalJWKSet((await response.json()) as JSONWebKeySet), at: clock.now() };
    return known;
  }

  const findKey: JWTVerifyGetKey = async (header, token) => {
    const held = known && since(known.at) < keysMs ? known : await logoutKeys();
    try {
      return await held.find(header, token);
    } catch (error) {
      if (since(held.at) < unknownKeyMs) throw error;
      return (await logoutKeys()).find(header, token);
    }
  };

  return {
    async authorizationUrl({ state, nonce, verifier }, again) {
      const config = await reachable();
      const oidc = await import('openid-client');
      return oidc.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope: [...new Set(['openid', ...settings.scopes])].join(' '),
        state,
        nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        ...(again ? { prompt: 'login' } : {}),
      });
    },
    async exchange(search, { state, nonce, verifier }) {
      const config = await reachable();
      const oidc = await import('openid-client');
      const answer = new URL(redirectUri);
      answer.search = search;
      try {
        const tokens = await oidc.authorizationCodeGrant(config, answer, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: verifier,
          idTokenExpected: true,
        });
        const claims = tokens.claims();
        if (!claims || tokens.id_token === undefined) throw new Error('no ID token came');
        // OpenID Connect Core, section 2.
        if (claims.sub.length > 255 || /\p{Cc}/u.test(claims.sub)) throw new Error('its sub is no name');
        const { email, groups } = settings.claims;
        const lacks = [email, 'email_verified', groups].some((claim) => claimAt(claims, claim) === undefined);
        const asks = lacks && config.serverMetadata().userinfo_endpoint !== undefined;
        const more = asks ? await oidc.fetchUserInfo(config, tokens.access_token, claims.sub) : {};
        return {
          subject: claims.sub,
          sid: typeof claims.sid === 'string' ? claims.sid : undefined,
          idToken: tokens.id_token,
          claims: together(claims, more, email),
        };
      } catch (cause) {
        if (isOutage(cause))
          throw SsoUnavailable({ provider: settings.title ?? name }, { cause, retryAfterSeconds: 30 });
        throw SsoFailed({ provider: settings.title ?? name }, { cause });
      }
    },
    async signOutUrl(idToken, backTo) {
      const config = await reachable();
      if (config.serverMetadata().end_session_endpoint === undefined) return undefined;
      const oidc = await import('openid-client');
      return oidc.buildEndSessionUrl(config, { id_token_hint: idToken, post_logout_redirect_uri: backTo });
    },
    async checkLogout(token) {
      try {
        const { payload } = await jwtVerify(token, findKey, {
          issuer,
          audience: clientId,
          algorithms: signatures,
          clockTolerance: clockSkewSeconds,
          maxTokenAge: logoutTokenAgeSeconds,
          requiredClaims: ['iat', 'jti', 'events'],
          currentDate: new Date(clock.now()),
        });
        const { events, nonce, sub, sid } = payload;
        if (nonce !== undefined) throw new Error('it has a nonce: that is an ID token');
        if (!isObject(events) || !isObject(events[logoutEvent])) throw new Error('it is about something else');
        if (sub !== undefined && typeof sub !== 'string') throw new Error('its sub is no text');
        if (sid !== undefined && typeof sid !== 'string') throw new Error('its sid is no text');
        if (sub === undefined && sid === undefined) throw new Error('it names nobody');
        return { subject: sub, sid };
      } catch (cause) {
        if (SsoUnavailable.is(cause)) throw cause;
        throw SsoFailed({ provider: settings.title ?? name }, { cause });
      }
    },
  };
}

/** What the ID token says wins; that an address is verified counts for that very address alone. */
function together(claims: Record<string, unknown>, more: Record<string, unknown>, email: string) {
  const [said, also] = [claimAt(claims, email), claimAt(more, email)];
  const { email_verified, ...rest } = more;
  const isSame = said === undefined || said === also;
  return { ...rest, ...(isSame && email_verified !== undefined ? { email_verified } : {}), ...claims };
}

/** Whether the provider could not be asked, other than that it answered something wrong. */
function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof TypeError && error.message === 'fetch failed') return true;
  const { code, cause } = error as Error & { code?: string };
  if (code === 'OAUTH_TIMEOUT') return true;
  if (cause instanceof Response) return cause.status >= 500;
  return 'status' in error && Number(error.status) >= 500 ? true : isOutage(cause);
}

/** A claim by its name, which may hold dots itself, or else by a path such as `realm_access.roles`. */
export function claimAt(claims: Record<string, unknown>, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let at: unknown = claims;
  for (const part of name.split('.')) {
    if (!isObject(at) || !Object.hasOwn(at, part)) return undefined;
    at = at[part];
  }
  return at;
}
