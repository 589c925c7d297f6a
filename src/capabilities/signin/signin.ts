import { setTimeout as pause } from 'node:timers/promises';
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
import type { AuthServer, SigninPaths } from './port.ts';
import { createServices, type Services } from './services/services.ts';
import { createSessions, type Sessions } from './sessions/sessions.ts';
import { chooseForDevice, deleteOldChoices, deviceChoice } from './sessions/store.ts';
import { createTokenUses } from './sessions/uses.ts';
import { type BuiltInIssuer, createBuiltInIssuer, createSigningKeys, type SigningKeys } from './tokens/issuer.ts';
import { deleteExpired, deleteRefreshToken, findRefreshToken, setOrgOfToken } from './tokens/store.ts';

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
  /** What other rooms hold for a person, and end with the rest. */
  revokers?: readonly PersonRevoker[];
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
  paths: SigninPaths & { invitation: string; account: string; signOut: string; style: string };
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
  roster: Pick<Roster, 'member' | 'memberByEmail' | 'memberships' | 'service' | 'wake'>;
  /** Loaded when it is first asked for: it takes more than a second, and most starts never need it. */
  server(): Promise<AuthServer>;
  /** The token endpoint. Two refreshes at once both get the one that follows. */
  token(request: Request, asked: TokenRequest): Promise<{ response: Response; replayed?: Replayed }>;
  /**
   * A program is done with what it had (RFC 7009): whose that was. A token that is unknown, or another program's, stays as
   * it is.
   */
  revoke(refreshToken: string, clientId: string): Promise<Replayed | undefined>;
  chooseOrg(org: OrgId, sessionId: string): Promise<void>;
  /** In which organisation the device is let in whose code this is. */
  chooseForDevice(org: OrgId, userCode: string): Promise<void>;
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
  };
  const addressHeader = 'x-fairlead-client-address';
  const roster = createRoster({ db, bus, clock, log });
  const keys = createSigningKeys({ db, clock });
  const uses = createTokenUses({ db, log });
  const limits = createLimits({ db, keyring, clock });
  const hashToken = (token: string) => keyring.hash('sign-in', `token:${token}`);
  let loading: Promise<AuthServer> | undefined;
  let timer: NodeJS.Timeout | undefined;

  const server = () => {
    loading ??= import('./authserver.ts')
      .then(({ openAuthServer }) =>
        openAuthServer({
          db,
          log,
          secret: keyring.key('sign-in').toString('base64'),
          publicUrl,
          paths,
          resource,
          scopes: [...scopes, stayScope],
          addressHeader,
          newId,
          hashToken,
          hashClientSecret(secret) {
            const hash = hashToken(secret);
            const service = roster.serviceByOldSecret(hash);
            return (service?.previous?.until ?? 0) > clock.now() ? (service?.hash ?? hash) : hash;
          },
          claimsOf(userId, org, clientId) {
            const member = roster.member(userId, org);
            const claims: Record<string, string> = org === undefined ? {} : { org };
            return member ? { ...claims, fairlead_gen: roster.generation(member, clientId) } : claims;
          },
          orgOf: (userId, wanted) => (roster.member(userId, wanted) ?? roster.member(userId))?.org,
        }),
      )
      .catch((error: unknown) => {
        loading = undefined;
        throw error;
      });
    return loading;
  };
  const revocation = createRevocation({ db, clock, log, roster, revokers: deps.revokers ?? [] });
  const clients = createClients({ db, clock, log, egress, development, server });

  /** What follows upon this token is for the same organisation. */
  async function keepOrg(org: OrgId, response: Response): Promise<void> {
    const { refresh_token: token } = (await response.json()) as { refresh_token?: string };
    if (token !== undefined) await setOrgOfToken(db, org, hashToken(token));
  }

  const tidy = async () => {
    try {
      await deleteExpired(db, clock.now());
      await limits.tidy();
      await clients.tidy();
      await deleteOldChoices(db, clock.now() - tidyMs);
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
    issuer: createBuiltInIssuer({ publicUrl, keys, roster, uses, clock }),
    keys,
    people: createPeople({
      db,
      keyring,
      clock,
      roster,
      revocation,
      invitationUrl: new URL(paths.invitation, publicUrl).href,
      server,
    }),
    services: createServices({
      db,
      clock,
      roster,
      uses,
      server,
      hashToken,
      newSecret: () => `fls_${randomToken(32)}`,
    }),
    sessions: createSessions({ db, clock, roster, uses }),
    revocation,
    clients,
    limits,
    roster,
    server,
    async token(request, { clientId, refreshToken, deviceCode }) {
      const auth = await server();
      await roster.wake();
      // Before: with its token a device's code is gone.
      const org = deviceCode === undefined ? undefined : await deviceChoice(db, deviceCode);
      for (let tries = 1; ; tries++) {
        // Before: a token that comes back too late is gone afterwards, with all of its family.
        const known = refreshToken === undefined ? undefined : await findRefreshToken(db, hashToken(refreshToken));
        const response = await auth.handle(request.clone(), { clientId, org });
        if (response.ok && org !== undefined) await keepOrg(org, response.clone());
        if (!known || response.status !== 400) return { response };
        const { error } = (await response.clone().json()) as { error?: string };
        if (error !== 'invalid_grant') return { response };
        const { rotatedAt, ...replayed } = (await findRefreshToken(db, hashToken(refreshToken ?? ''))) ?? known;
        if (rotatedAt === undefined) return { response };
        // Whoever came first is writing down what both get: a refusal now would sign the person out.
        const crossed = rotatedAt > clock.now() - crossing.withinMs;
        if (!crossed || tries >= crossing.tries) return { response, ...(crossed ? {} : { replayed }) };
        await pause(crossing.everyMs);
      }
    },
    async revoke(refreshToken, clientId) {
      const hash = hashToken(refreshToken);
      const known = await findRefreshToken(db, hash);
      if (known?.clientId !== clientId) return undefined;
      await deleteRefreshToken(db, hash, clientId);
      const { userId, org } = known;
      return { userId, clientId, org };
    },
    chooseOrg: (org, sessionId) => chooseOrg(db, org, sessionId),
    chooseForDevice: (org, userCode) => chooseForDevice(db, org, userCode, clock.now()),
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
