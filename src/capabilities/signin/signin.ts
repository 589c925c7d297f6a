import { setTimeout as pause } from 'node:timers/promises';
import type { SsoProviderSettings } from '../../config/schema.ts';
import { type Clock, systemClock } from '../../kernel/clock.ts';
import { newId, randomToken } from '../../kernel/ids.ts';
import type { OrgId } from '../../kernel/principal.ts';
import type { Bus } from '../../platform/bus/index.ts';
import type { Db } from '../../platform/db/types.ts';
import type { Egress } from '../../platform/http/index.ts';
import type { Keyring } from '../../platform/keyring/index.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import { type Clients, createClients } from './clients/clients.ts';
import { createLimits, type Limits } from './limits/limits.ts';
import { createPeople, type People } from './members/people.ts';
import { createRevocation, type PersonRevoker, type Revocation } from './members/revocation.ts';
import { createRoster, type Roster } from './members/roster.ts';
import { chooseOrg } from './members/store.ts';
import type { AuthServer, SigninPaths, Visitor } from './port.ts';
import { createServices, type Services } from './services/services.ts';
import { createSessions, type Sessions } from './sessions/sessions.ts';
import { createTokenUses } from './sessions/uses.ts';
import { createSso, type Sso } from './sso/sso.ts';
import { bindDevice, bindRefreshToken, boundDevice } from './sso/store.ts';
import { signingSecrets } from './tokens/holding.ts';
import { type BuiltInIssuer, createBuiltInIssuer, createSigningKeys, type SigningKeys } from './tokens/issuer.ts';
import { deleteExpired, deleteRefreshToken, findKeptHash, findRefreshToken } from './tokens/store.ts';

const tidyMs = 3_600_000;
/** How often, and how far apart, a refresh that crossed another one is tried again. */
const crossing = { tries: 20, everyMs: 50, withinMs: 30_000 };

/** The protocol's scope for being signed in longer than a token lives. */
export const stayScope = 'offline_access';

export interface SigninDeps {
  db: Db;
  bus: Bus;
  keyring: Keyring;
  clock?: Clock;
  log: Log;
  egress: Pick<Egress, 'fetch'>;
  /** Without a slash at the end; it is the issuer's name, too. */
  publicUrl: string;
  /** The only audience of tokens. */
  resource: string;
  /** What tokens may be used for. */
  scopes: readonly string[];
  development: boolean;
  /** A service account (`service:<id>`) is no more. */
  gone?(org: OrgId, subject: string): Promise<void>;
  /** What other rooms hold for a person, and end with the rest. */
  revokers?: readonly PersonRevoker[];
  /** Providers of single sign-on by their names. */
  providers: Readonly<Record<string, SsoProviderSettings>>;
}

/** Whose refresh token it is, that came back after it was replaced, or was given up. */
export interface Replayed {
  userId: string;
  clientId: string;
  org: OrgId | undefined;
}

/** What a request for a token says, as far as it is not the library's alone. */
export interface TokenRequest {
  clientId: string;
  refreshToken: string | undefined;
  deviceCode: string | undefined;
}

/** The built-in authorisation server. */
export interface Signin {
  publicUrl: string;
  resource: string;
  scopes: readonly string[];
  paths: SigninPaths & { invitation: string; account: string; signOut: string; style: string; sso: string };
  /** The header in which requests handed to `server` say the client's address. */
  addressHeader: string;
  issuer: BuiltInIssuer;
  keys: SigningKeys;
  people: People;
  services: Services;
  sessions: Sessions;
  revocation: Revocation;
  clients: Clients;
  limits: Limits;
  sso: Sso;
  roster: Pick<Roster, 'member' | 'memberByEmail' | 'memberships' | 'service' | 'wake'>;
  /** Loaded when it is first asked for: it takes more than a second, and most starts never need it. */
  server(): Promise<AuthServer>;
  /**
   * The token endpoint. Two refreshes at once both get the one that follows; nobody gets one for whom their provider has
   * to vouch and has not done so lately.
   */
  token(request: Request, asked: TokenRequest): Promise<{ response: Response; replayed?: Replayed }>;
  /** Says for which organisation, and for what, somebody allows a device, before they do. */
  bindDevice(visitor: Visitor, org: OrgId, userCode: string, scopes: readonly string[]): Promise<void>;
  /**
   * A program is done with what it had (RFC 7009): whose that was. A token that is unknown, or another program's, stays as
   * it is.
   */
  revoke(refreshToken: string, clientId: string): Promise<Replayed | undefined>;
  chooseOrg(org: OrgId, sessionId: string): Promise<void>;
  /** Vouches for what is claimed, towards others who trust this issuer; it opens nothing here. */
  sign(claims: object): Promise<string>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export function createSignin(deps: SigninDeps): Signin {
  const { db, bus, keyring, clock = systemClock, log, egress, publicUrl, resource, scopes, development } = deps;
  const paths = {
    base: '/auth',
    signIn: '/auth/sign-in',
    signOut: '/auth/sign-out',
    consent: '/auth/consent',
    device: '/auth/device',
    error: '/auth/error',
    invitation: '/auth/invitation',
    account: '/auth/account',
    style: '/auth/style.css',
    sso: '/auth/sso',
  };
  const addressHeader = 'x-fairlead-client-address';
  const roster = createRoster({ db, bus, clock, log });
  const keys = createSigningKeys({ db, clock });
  const uses = createTokenUses({ db, log });
  const limits = createLimits({ db, keyring, clock });
  const hashToken = (token: string) => keyring.hash('sign-in', `token:${token}`);
  const hashesOf = (token: string) => keyring.hashes('sign-in', `token:${token}`);
  /** A token that is kept under the hash of an earlier secret is looked up by that. */
  const findHash = async (token: string) => {
    const [current = hashToken(token), ...others] = hashesOf(token);
    return (others.length > 0 && (await findKeptHash(db, others))) || current;
  };
  let loading: Promise<AuthServer> | undefined;
  let timer: NodeJS.Timeout | undefined;

  const server = () => {
    loading ??= import('./authserver/authserver.ts')
      .then(({ openAuthServer }) =>
        openAuthServer({
          db,
          log,
          secrets: signingSecrets(keyring),
          publicUrl,
          paths,
          resource,
          scopes: [...scopes, stayScope],
          addressHeader,
          newId,
          hashToken,
          findHash,
          async hashClientSecret(secret) {
            const services = hashesOf(secret).map((hash) => roster.serviceByOldSecret(hash));
            const service = services.find((one) => one !== undefined);
            const counts = (service?.previous?.until ?? 0) > clock.now();
            return (counts && service?.hash) || findHash(secret);
          },
          claimsOf(userId, org, clientId) {
            const member = sso.holder(userId, org);
            const claims: Record<string, string> = org === undefined ? {} : { org };
            return member ? { ...claims, fairlead_gen: roster.generation(member, clientId) } : claims;
          },
          orgOf: (session) => sso.placeOf(session)?.org,
          passwordCounts: sso.passwordCounts,
        }),
      )
      .catch((error: unknown) => {
        loading = undefined;
        throw error;
      });
    return loading;
  };
  const revocation = createRevocation({ db, clock, log, roster, revokers: deps.revokers ?? [] });
  const sso = createSso({
    ...{ db, clock, log, keyring, egress, roster, server, revocation },
    people: () => people,
    callbackUrl: (name) => new URL(`${paths.sso}/${name}/callback`, publicUrl).href,
    declared: deps.providers,
  });
  const people = createPeople({
    ...{ db, keyring, clock, roster, revocation, server },
    standing: sso,
    isProvider: (name, org) => sso.buttons(org).some((one) => one.name === name),
    invitationUrl: new URL(paths.invitation, publicUrl).href,
  });
  const clients = createClients({ db, clock, log, egress, development, server });

  async function stands(userId: string, org: OrgId | undefined): Promise<boolean> {
    await roster.wake();
    return sso.holder(userId, org) !== undefined;
  }

  /** The library gives it no organisation: it is the one for which somebody allowed it. */
  async function deviceToken(
    auth: AuthServer,
    request: Request,
    { clientId, deviceCode = '' }: TokenRequest,
  ): Promise<Response> {
    const bound = await boundDevice(db, deviceCode);
    const response = await auth.handle(request, { clientId, org: bound?.org });
    if (!bound || !response.ok) return response;
    const { refresh_token } = (await response.clone().json()) as { refresh_token?: string };
    if (refresh_token !== undefined) await bindRefreshToken(db, bound.org, hashToken(refresh_token), bound.sessionId);
    return response;
  }

  const tidy = async () => {
    try {
      await deleteExpired(db, clock.now());
      await limits.tidy();
      await clients.tidy();
    } catch (error) {
      log.warn({ err: error }, 'what sign-in left behind could not be tidied; it is tried again');
    }
  };

  return {
    publicUrl,
    resource,
    scopes,
    paths,
    addressHeader,
    issuer: createBuiltInIssuer({ publicUrl, keys, roster, standing: sso, uses, clock }),
    keys,
    people,
    services: createServices({
      db,
      clock,
      roster,
      uses,
      server,
      hashToken,
      newSecret: () => `fls_${randomToken(32)}`,
      gone: async (org, clientId) => deps.gone?.(org, `service:${clientId}`),
    }),
    sessions: createSessions({ db, clock, roster, uses }),
    revocation,
    clients,
    limits,
    sso,
    roster,
    server,
    async token(request, asked) {
      const { clientId, refreshToken, deviceCode } = asked;
      const auth = await server();
      await roster.wake();
      if (deviceCode !== undefined) return { response: await deviceToken(auth, request, asked) };
      for (let tries = 1; ; tries++) {
        // Before: a token that comes back too late is gone afterwards, with all of its family.
        const known = refreshToken === undefined ? undefined : await findRefreshToken(db, hashesOf(refreshToken));
        if (known && tries === 1 && !(await stands(known.userId, known.org))) {
          await deleteRefreshToken(db, hashesOf(refreshToken ?? ''), known.clientId);
          return { response: signInAgain() };
        }
        const response = await auth.handle(request.clone(), { clientId, org: undefined });
        if (!known || response.status !== 400) return { response };
        const { error } = (await response.clone().json()) as { error?: string };
        if (error !== 'invalid_grant') return { response };
        const { rotatedAt, ...replayed } = (await findRefreshToken(db, hashesOf(refreshToken ?? ''))) ?? known;
        if (rotatedAt === undefined) return { response };
        // Whoever came first is writing down what both get: a refusal now would sign the person out.
        const crossed = rotatedAt > clock.now() - crossing.withinMs;
        if (!crossed || tries >= crossing.tries) return { response, ...(crossed ? {} : { replayed }) };
        await pause(crossing.everyMs);
      }
    },
    async revoke(refreshToken, clientId) {
      const hashes = hashesOf(refreshToken);
      const known = await findRefreshToken(db, hashes);
      if (known?.clientId !== clientId) return undefined;
      await deleteRefreshToken(db, hashes, clientId);
      const { userId, org } = known;
      return { userId, clientId, org };
    },
    bindDevice: (visitor, org, userCode, scopes) =>
      bindDevice(db, org, { userCode, sessionId: visitor.sessionId, scopes }),
    chooseOrg: (org, sessionId) => chooseOrg(db, org, sessionId),
    sign: async (claims) => (await server()).sign({ ...claims }),
    async start() {
      await roster.start();
      uses.start();
      timer = setInterval(() => void tidy(), tidyMs);
      timer.unref();
    },
    async stop() {
      clearInterval(timer);
      await uses.stop();
      await roster.stop();
    },
  };
}

/** What a program does then is to sign the person in again, by their provider. */
function signInAgain(): Response {
  const body = { error: 'invalid_grant', error_description: 'the person has to sign in again' };
  return Response.json(body, { status: 400, headers: { 'cache-control': 'no-store' } });
}
