import { betterAuth } from 'better-auth';
import { isObject, parseJson } from '../../../kernel/json.ts';
import { SsoRequired } from '../errors.ts';
import type { AuthServer, AuthServerDeps, FromBrowser, Visitor } from '../port.ts';
import { resigned } from '../resigned.ts';
import { sealedSigningKeys } from '../tokens/store.ts';
import { sealKeysAnew } from './keys.ts';
import { asked, authOptions, placeOf } from './options.ts';

// This folder alone knows better-auth: everything else speaks to the port. Another library, or a version with other names,
// is a change of this folder and of the migrations.

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
