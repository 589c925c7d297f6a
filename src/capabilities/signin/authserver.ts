import { AsyncLocalStorage } from 'node:async_hooks';
import { oauthDeviceAuthorization, oauthProvider } from '@better-auth/oauth-provider';
import { betterAuth } from 'better-auth';
import { createAuthEndpoint } from 'better-auth/api';
import { setSessionCookie } from 'better-auth/cookies';
import { parseEnvelope, symmetricDecrypt, symmetricEncrypt } from 'better-auth/crypto';
import { jwt } from 'better-auth/plugins/jwt';
import { z } from 'zod';
import { isObject, parseJson } from '../../kernel/json.ts';
import { SsoRequired } from './errors.ts';
import type { AuthServer, AuthServerDeps, FromBrowser, TokenContext, Visitor } from './port.ts';
import { resigned } from './resigned.ts';
import { sealedSigningKeys } from './tokens/store.ts';

// The only file that knows better-auth: everything else speaks to the port. Another library, or a version with other
// names, is a change of this file and of the migrations.

/** The library tells neither the program nor what was chosen for a device where a token is made. */
const asked = new AsyncLocalStorage<TokenContext>();

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

const placeOf = (session: object) => {
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

/** Rejects when it cannot be had now, and leaves nothing behind: a later try begins anew. */
export async function openAuthServer(deps: AuthServerDeps): Promise<AuthServer> {
  const auth = betterAuth(authOptions(deps));
  const { adapter } = await auth.$context;
  const [current = '', ...others] = deps.secrets.map(({ value }) => value);
  const own = (cookie: string | undefined) => resigned(cookie, current, others);
  await sealKeysAnew(sealedSigningKeys(deps.db), deps.secrets);
  try {
    await auth.api.signJWT({ body: { payload: {} } });
  } catch (error) {
    if (!(error instanceof Error) || !error.message.includes('decrypt private key')) throw error;
    // FAIRLEAD_SECRET is another one than it was: nobody can sign with those keys any more.
    deps.log.warn('the keys that sign tokens were sealed with another secret; new ones take their place');
    await adapter.deleteMany({ model: 'jwks', where: [] });
  }
  const origin = new URL(deps.publicUrl).origin;

  /** One of its own endpoints, called as a page of ours would by script. */
  async function ask(path: string, from: FromBrowser, json?: unknown, more: Record<string, string> = {}) {
    const headers = new Headers({ accept: 'application/json', origin, ...more });
    const cookie = own(from.cookie);
    if (cookie !== undefined) headers.set('cookie', cookie);
    if (json !== undefined) headers.set('content-type', 'application/json');
    const response = await auth.handler(
      new Request(new URL(`${deps.paths.base}${path}`, deps.publicUrl), {
        headers,
        ...(json === undefined ? {} : { method: 'POST', body: JSON.stringify(json) }),
      }),
    );
    const text = await response.text();
    const body = text === '' ? undefined : parseJson(text);
    return { ok: response.ok, body: isObject(body) ? body : {}, cookies: response.headers.getSetCookie() };
  }

  return {
    handle(request, context) {
      const cookie = request.headers.get('cookie') ?? undefined;
      const renewed = own(cookie);
      const headers = new Headers(request.headers);
      if (renewed !== undefined) headers.set('cookie', renewed);
      const sent = renewed === cookie ? request : new Request(request, { headers });
      return context ? asked.run(context, () => auth.handler(sent)) : auth.handler(sent);
    },
    async signIn({ email, password, address, userAgent }) {
      const { ok, body, cookies } = await ask(
        '/sign-in/email',
        { cookie: undefined },
        { email, password },
        {
          ...(address === undefined ? {} : { [deps.addressHeader]: address }),
          ...(userAgent === undefined ? {} : { 'user-agent': userAgent.slice(0, 200) }),
        },
      );
      const { user, code } = body;
      if (code === 'FAILED_TO_CREATE_SESSION') throw SsoRequired();
      return ok && isObject(user) ? { cookies, userId: String(user.id) } : undefined;
    },
    async openSession({ userId, org, provider, expiresAt, address, userAgent }) {
      const { headers, response } = await auth.api.openVouchedSession({
        body: { userId, org, provider, expiresAt },
        headers: new Headers({
          ...(address === undefined ? {} : { [deps.addressHeader]: address }),
          ...(userAgent === undefined ? {} : { 'user-agent': userAgent.slice(0, 200) }),
        }),
        returnHeaders: true,
      });
      return { cookies: headers.getSetCookie(), sessionId: response.sessionId };
    },
    async signOut(from) {
      return { cookies: (await ask('/sign-out', from, {})).cookies };
    },
    async visitor(from): Promise<Visitor | undefined> {
      const cookie = own(from.cookie);
      if (cookie === undefined) return undefined;
      const found = await auth.api.getSession({ headers: new Headers({ cookie }) });
      if (!found) return undefined;
      const { user, session } = found;
      return {
        sessionId: session.id,
        userId: user.id,
        email: user.email,
        name: user.name,
        ...placeOf(session),
        signedInAt: session.createdAt.getTime(),
      };
    },
    async consent(from, { query, allow, scopes }) {
      const { ok, body } = await ask('/oauth2/consent', from, {
        accept: allow,
        oauth_query: query,
        ...(allow ? { scope: scopes.join(' ') } : {}),
      });
      return ok && typeof body.url === 'string' ? body.url : undefined;
    },
    async claimDevice(from, userCode) {
      const { ok, body } = await ask(`/device?${new URLSearchParams({ user_code: userCode })}`, from);
      if (!ok || body.status !== 'pending') return undefined;
      const scopes = typeof body.scope === 'string' ? body.scope.split(' ').filter(Boolean) : [];
      return { clientId: String(body.client_id ?? body.clientId ?? ''), scopes };
    },
    async answerDevice(from, { userCode, allow }) {
      return (await ask(allow ? '/device/approve' : '/device/deny', from, { userCode })).ok;
    },
    async createUser({ email, name, password }) {
      const { internalAdapter, password: passwords } = await auth.$context;
      const hash = await passwords.hash(password);
      const user = await internalAdapter.createUser(
        { email: email.toLowerCase(), name, emailVerified: true },
        { method: 'admin' },
      );
      await internalAdapter.linkAccount({
        userId: user.id,
        providerId: 'credential',
        accountId: user.id,
        password: hash,
      });
      return { userId: user.id };
    },
    hashPassword: async (password) => (await auth.$context).password.hash(password),
    async isPassword(userId, password) {
      const { internalAdapter, password: passwords } = await auth.$context;
      const accounts = await internalAdapter.findAccounts(userId);
      const account = accounts.find(({ providerId }) => providerId === 'credential');
      const hash = account?.password ?? (await passwords.hash('nobody has this one'));
      const fits = await passwords.verify({ hash, password });
      return fits && account?.password != null;
    },
    async keepClient({ clientId, name, uri, redirectUris, grantTypes }) {
      await keep(clientId, {
        ...(name === undefined ? {} : { name }),
        ...(uri === undefined ? {} : { uri }),
        redirectUris: [...redirectUris],
        grantTypes: [...grantTypes],
        responseTypes: ['code'],
        tokenEndpointAuthMethod: 'none',
        applicationType: 'native',
        requirePKCE: true,
        scopes: [...deps.scopes],
      });
    },
    async sign(claims) {
      return (await auth.api.signJWT({ body: { payload: { ...claims } } })).token;
    },
    async keepServiceClient({ clientId, name, secret, jwks, scopes }) {
      await keep(clientId, {
        name,
        ...(secret === undefined ? {} : { clientSecret: deps.hashToken(secret) }),
        ...(jwks === undefined ? {} : { jwks: JSON.stringify(jwks) }),
        redirectUris: [],
        grantTypes: ['client_credentials'],
        tokenEndpointAuthMethod: jwks ? 'private_key_jwt' : 'client_secret_basic',
        scopes: [...scopes],
        clientCredentialsScopes: [...scopes],
      });
    },
  };

  async function keep(clientId: string, data: Record<string, unknown>): Promise<void> {
    const where = [{ field: 'clientId', value: clientId }];
    const now = new Date();
    const known = await adapter.findOne({ model: 'oauthClient', where });
    if (known) await adapter.update({ model: 'oauthClient', where, update: { ...data, updatedAt: now } });
    else await adapter.create({ model: 'oauthClient', data: { ...data, clientId, createdAt: now, updatedAt: now } });
  }
}

interface SealedKeys {
  list(): Promise<{ id: string; privateKey: string }[]>;
  put(id: string, privateKey: string): Promise<void>;
}

/** Seals the private keys of tokens under the current secret where another one of these sealed them; says how many. */
export async function sealKeysAnew(
  rows: SealedKeys,
  secrets: AuthServerDeps['secrets'],
): Promise<{ renewed: number; lost: number }> {
  let [renewed, lost] = [0, 0];
  const [current] = secrets;
  if (!current) return { renewed, lost };
  const keys = {
    keys: new Map(secrets.map(({ version, value }) => [version, value])),
    currentVersion: current.version,
  };
  for (const { id, privateKey } of await rows.list()) {
    const sealed = parseJson(privateKey);
    if (typeof sealed !== 'string') continue;
    const version = parseEnvelope(sealed)?.version;
    if (version === current.version) continue;
    // Those of before do not say which secret sealed them.
    const candidates = version === undefined ? secrets : secrets.filter((secret) => secret.version === version);
    const bare = version === undefined ? sealed : sealed.slice(sealed.lastIndexOf('$') + 1);
    let opened: string | undefined;
    for (const { value } of candidates)
      opened ??= await symmetricDecrypt({ key: value, data: bare }).catch(() => undefined);
    if (opened === undefined) {
      lost++;
      continue;
    }
    await rows.put(id, JSON.stringify(await symmetricEncrypt({ key: keys, data: opened })));
    renewed++;
  }
  return { renewed, lost };
}
