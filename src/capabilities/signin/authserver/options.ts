import { AsyncLocalStorage } from 'node:async_hooks';
import { oauthDeviceAuthorization, oauthProvider } from '@better-auth/oauth-provider';
import { createAuthEndpoint } from 'better-auth/api';
import { setSessionCookie } from 'better-auth/cookies';
import { jwt } from 'better-auth/plugins/jwt';
import { z } from 'zod';
import type { AuthServerDeps, TokenContext } from '../port.ts';

/** The library tells neither the program nor what was chosen for a device where a token is made. */
export const asked = new AsyncLocalStorage<TokenContext>();

const minute = 60;
const day = 24 * 60 * minute;

const accessTokenSeconds = 15 * minute;
const refreshTokenSeconds = 30 * day;
/** So long may a request that crossed another one use the token that was just replaced. */
const reuseSeconds = 30;

/** Of what is kept; for the check that the migrations make what the library wants. */
export function authOptions(deps: AuthServerDeps) {
  const { publicUrl, paths, log } = deps;
  return {
    appName: 'Fairlead',
    baseURL: publicUrl,
    basePath: paths.base,
    secrets: [...deps.secrets],
    database: { db: deps.db as never, type: 'postgres' as const },
    trustedOrigins: [new URL(publicUrl).origin],
    telemetry: { enabled: false },
    rateLimit: { enabled: false }, // ours counts before a password is looked at, and for all replicas together
    logger: {
      level: 'warn' as const,
      // What it says beside a message may hold what a caller sent.
      log: (level: string, message: string) => (level === 'error' ? log.error(message) : log.warn(message)),
    },
    onAPIError: { errorURL: new URL(paths.error, publicUrl).href },
    user: { modelName: 'signin_users' },
    account: { modelName: 'signin_accounts' },
    verification: { modelName: 'signin_verifications' },
    session: {
      modelName: 'signin_sessions',
      expiresIn: 14 * day,
      updateAge: day,
      additionalFields: {
        org: { type: 'string' as const, required: false, input: false },
        provider: { type: 'string' as const, required: false, input: false },
      },
    },
    databaseHooks: {
      session: {
        create: {
          // Whichever way it comes about: a password opens nothing for who has to come by a provider.
          before: async (session: { userId: string; provider?: unknown }) =>
            session.provider || deps.passwordCounts(session.userId) ? undefined : (false as const),
        },
      },
    },
    emailAndPassword: { enabled: true, disableSignUp: true, minPasswordLength: 12, maxPasswordLength: 256 },
    advanced: {
      cookiePrefix: 'fairlead',
      useSecureCookies: publicUrl.startsWith('https:'),
      defaultCookieAttributes: { httpOnly: true, sameSite: 'lax' as const, path: paths.base },
      // Set by us alone: a header of this name that a client sends does not come this far.
      ipAddress: { ipAddressHeaders: [deps.addressHeader] },
      database: { generateId: ({ model }: { model: string }) => deps.newId(idPrefixes[model] ?? 'row') },
    },
    plugins: [
      jwt({
        disableSettingJwtHeader: true,
        jwt: { issuer: publicUrl },
        jwks: { keyPairConfig: { alg: 'ES256' as const }, rotationInterval: 30 * day, gracePeriod: day },
        schema: { jwks: { modelName: 'signin_keys' } },
      }),
      oauthProvider({
        loginPage: paths.signIn,
        consentPage: paths.consent,
        scopes: [...deps.scopes],
        resources: [{ identifier: deps.resource, name: 'Fairlead' }],
        enforcePerClientResources: false, // there is one
        accessTokenExpiresIn: accessTokenSeconds,
        m2mAccessTokenExpiresIn: accessTokenSeconds,
        refreshTokenExpiresIn: refreshTokenSeconds,
        refreshTokenReuseInterval: reuseSeconds,
        codeExpiresIn: 10 * minute,
        grantTypes: ['authorization_code', 'refresh_token', 'client_credentials'],
        storeTokens: { hash: deps.findHash },
        storeClientSecret: { hash: deps.hashClientSecret },
        silenceWarnings: { oauthAuthServerConfig: true, openidConfig: true },
        postLogin: {
          page: paths.consent,
          shouldRedirect: () => false,
          consentReferenceId: ({ user, session }) => deps.orgOf({ userId: user.id, ...placeOf(session) }),
        },
        customAccessTokenClaims({ user, referenceId }) {
          const { clientId = '', org } = asked.getStore() ?? {};
          return user ? deps.claimsOf(user.id, referenceId ?? org, clientId) : {};
        },
        clientPrivileges: () => false,
        resourcePrivileges: () => false,
        schema: {
          oauthClient: { modelName: 'signin_clients' },
          oauthResource: { modelName: 'signin_resources' },
          oauthClientResource: { modelName: 'signin_client_resources' },
          oauthRefreshToken: { modelName: 'signin_refresh_tokens' },
          oauthAccessToken: { modelName: 'signin_access_tokens' },
          oauthConsent: { modelName: 'signin_consents' },
          oauthClientAssertion: { modelName: 'signin_client_assertions' },
        },
      }),
      oauthDeviceAuthorization({
        verificationUri: new URL(paths.device, publicUrl).href,
        expiresIn: '10m',
        interval: '2s',
        schema: { deviceCode: { modelName: 'signin_device_codes' } },
      }),
      vouchedSessions,
    ],
  };
}

export const placeOf = (session: object) => {
  const { org, provider } = session as { org?: string | null; provider?: string | null };
  return { org: org ?? undefined, provider: provider ?? undefined };
};

/** No path: it cannot be reached from outside, whatever is handed to the library. */
const vouchedSessions = {
  id: 'fairlead-vouched-sessions',
  endpoints: {
    openVouchedSession: createAuthEndpoint(
      {
        method: 'POST',
        body: z.object({ userId: z.string(), org: z.string(), provider: z.string(), expiresAt: z.number() }),
      },
      async (ctx) => {
        const { userId, org, provider, expiresAt } = ctx.body;
        const { internalAdapter } = ctx.context;
        const user = await internalAdapter.findUserById(userId);
        if (!user) throw new Error('the person whom the session is for is gone');
        const place = { org, provider, expiresAt: new Date(expiresAt) };
        const session = await internalAdapter.createSession(userId, true, place, true);
        const maxAge = Math.max(1, Math.floor((expiresAt - Date.now()) / 1_000));
        await setSessionCookie(ctx, { session, user }, true, { maxAge });
        return ctx.json({ sessionId: session.id });
      },
    ),
  },
};

const idPrefixes: Record<string, string> = { user: 'usr', session: 'ses', oauthConsent: 'grant' };
