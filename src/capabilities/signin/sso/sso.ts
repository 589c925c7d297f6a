import { randomBytes, timingSafeEqual } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { SsoProviderSettings } from '../../../config/schema.ts';
import type { Clock } from '../../../kernel/clock.ts';
import { isObject, parseJson } from '../../../kernel/json.ts';
import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';
import type { Egress } from '../../../platform/http/index.ts';
import type { Keyring } from '../../../platform/keyring/index.ts';
import type { Log } from '../../../platform/telemetry/index.ts';
import { SsoFailed, SsoRefused } from '../errors.ts';
import { invitationNotes } from '../invitations/notes.ts';
import type { Invitation } from '../invitations/store.ts';
import type { People } from '../members/people.ts';
import type { Revocation } from '../members/revocation.ts';
import type { Roster } from '../members/roster.ts';
import { bumpRevision, type Member } from '../members/store.ts';
import type { AuthServer, Visitor } from '../port.ts';
import { idTokenContext } from './holding.ts';
import { createJoining, type Joined, type NotJoined } from './joining.ts';
import { type Checks, openProvider, type Provider } from './provider.ts';
import { createStanding, type Standing } from './standing.ts';
import {
  dropSession,
  endSessions,
  findIdentity,
  findSsoSession,
  forgetVouching,
  keepSsoSession,
  sessionsOf,
  waysIn,
} from './store.ts';

const flowMs = 10 * 60_000;
/** A cookie holds 4096 bytes with its name and all that is said of it. */
const maxSealedLength = 3_700;

/** A provider as the sign-in page shows it. */
export interface SsoButton {
  name: string;
  title: string;
  org: OrgId;
}

/** What the browser is to come back with. */
export interface Begun {
  /** Where it goes now. */
  url: URL;
  /** Names this attempt among several of the same browser. */
  id: string;
  /** For a cookie: nobody else can end what this browser began. */
  sealed: string;
}

export interface Purpose {
  /** A path of ours, with its query, where the person goes once they are in. */
  next: string;
  /** The secret of an invitation that led here. */
  invitation?: string;
}

export type Arrival = ((Joined & { cookies: string[]; unused?: Invitation }) | NotJoined) & {
  next: string;
  org: OrgId;
  subject: string;
};

/** Single sign-on: people come by an OpenID provider of their organisation. */
export interface Sso extends Standing {
  /** Of one organisation, or all. */
  buttons(org?: OrgId): readonly SsoButton[];
  /**
   * Undefined where there is no such provider. `again` has it ask who it is, although it knows the browser. Rejects with
   * SsoUnavailable, or SsoRefused for a purpose that is too long.
   */
  begin(name: string, purpose: Purpose, again?: boolean): Promise<Begun | undefined>;
  /** Which attempt an answer belongs to; undefined where it says none. */
  idOf(search: URLSearchParams): string | undefined;
  /**
   * `sealed` is what this browser holds of the attempt. Rejects with SsoFailed, SsoUnavailable or InvitationVoid; who is
   * known but not let in is in the answer.
   */
  finish(
    name: string,
    sealed: string | undefined,
    search: string,
    from: { address: string | undefined; userAgent: string | undefined; cookie: string | undefined },
  ): Promise<Arrival>;
  /** Where the visitor signs out at the provider, too; call it before the session ends. */
  signOutUrl(visitor: Visitor, backTo: string): Promise<URL | undefined>;
  /** Ends what a logout token of the provider names; resolves to whose it was. Rejects as `finish`. */
  logout(name: string, token: string): Promise<{ members: Member[]; org: OrgId } | undefined>;
  /** What whoever invites somebody should know, in whole sentences. */
  notesOn(org: OrgId, email: string): string[];
  /** How the members of an organisation sign in. */
  waysIn(org: OrgId): ReturnType<typeof waysIn>;
  /** Ends a session that counts no more. */
  drop(visitor: Visitor): Promise<void>;
  /** After a change of the settings. */
  declare(next: Readonly<Record<string, SsoProviderSettings>>): void;
}

export interface SsoDeps {
  db: Db;
  clock: Clock;
  log: Log;
  keyring: Keyring;
  egress: Pick<Egress, 'fetch'>;
  roster: Roster;
  people(): Pick<People, 'invitation'>;
  revocation: Pick<Revocation, 'within' | 'afterwards'>;
  server(): Promise<AuthServer>;
  /** Where the browser comes back to from a provider. */
  callbackUrl(name: string): string;
  declared: Readonly<Record<string, SsoProviderSettings>>;
}

export function createSso(deps: SsoDeps): Sso {
  const { db, clock, log, keyring, egress, roster, people, server, callbackUrl } = deps;
  let declared = deps.declared;
  let opened = new Map<string, Provider>();
  const standing = createStanding({ roster, clock, providers: () => declared });
  const settingsOf = (name: string) => (Object.hasOwn(declared, name) ? declared[name] : undefined);
  const isProvider = (name: string, org: OrgId) => settingsOf(name)?.org === org;
  const join = createJoining({ db, clock, roster, isProvider, revocation: deps.revocation });

  function providerOf(name: string): { settings: SsoProviderSettings; provider: Provider } | undefined {
    const settings = settingsOf(name);
    if (!settings) return undefined;
    const known = opened.get(name);
    const provider = known ?? openProvider({ name, settings, redirectUri: callbackUrl(name), clock, egress });
    opened.set(name, provider);
    return { settings, provider };
  }

  const context = (name: string) => `signin_sso/${name}`;

  function seal(name: string, flow: Checks & Purpose): string {
    const text = deflateRawSync(JSON.stringify({ ...flow, at: clock.now() })).toString('base64url');
    return keyring.encrypt(text, context(name));
  }

  /** Undefined for what is not from here, belongs to another provider, or is too old. */
  function unseal(name: string, sealed: string | undefined): (Checks & Purpose) | undefined {
    if (sealed === undefined) return undefined;
    try {
      const packed = Buffer.from(keyring.decrypt(sealed, context(name)), 'base64url');
      const flow = parseJson(inflateRawSync(packed, { maxOutputLength: 64 * 1024 }).toString());
      if (!isObject(flow) || Math.abs(clock.now() - Number(flow.at)) > flowMs) return undefined;
      return flow as unknown as Checks & Purpose;
    } catch {
      return undefined;
    }
  }

  const idOfState = (state: string) => state.slice(0, 8);

  return {
    ...standing,
    buttons: (org) =>
      Object.entries(declared)
        .filter(([, one]) => org === undefined || one.org === org)
        .map(([name, one]) => ({ name, title: one.title ?? name, org: one.org })),
    async begin(name, purpose, again = false) {
      const found = providerOf(name);
      if (!found) return undefined;
      const [state, nonce, verifier] = [random(), random(), random()];
      const sealed = seal(name, { state, nonce, verifier, ...purpose });
      if (sealed.length > maxSealedLength) throw SsoRefused({ reason: 'what the program asks for is too long' });
      const url = await found.provider.authorizationUrl({ state, nonce, verifier }, again);
      return { url, id: idOfState(state), sealed };
    },
    idOf(search) {
      const state = search.get('state');
      return state !== null && /^[\w-]{43}$/.test(state) ? idOfState(state) : undefined;
    },
    async finish(name, sealed, search, { address, userAgent, cookie }) {
      const found = providerOf(name);
      const flow = unseal(name, sealed);
      const state = new URLSearchParams(search).get('state') ?? '';
      const title = found?.settings.title ?? name;
      if (!found || !flow || !same(state, flow.state))
        throw SsoFailed(
          { provider: title },
          { cause: new Error('the answer belongs to nothing that this browser began') },
        );
      const { settings, provider } = found;
      const vouched = await provider.exchange(search, flow);
      const link = flow.invitation === undefined ? undefined : await people().invitation(flow.invitation);
      const invitation = link?.invitation.kind === 'join' ? link.invitation : undefined;
      const { org, issuer, sessionHours } = settings;
      const common = { next: flow.next, org, subject: vouched.subject };
      const visitor = await (await server()).visitor({ cookie });
      const byPassword = visitor?.provider === undefined && visitor !== undefined && standing.counts(visitor);
      const proven = byPassword ? visitor.userId : undefined;
      const outcome = await join({ name, settings, vouched, invitation, proven });
      if ('refused' in outcome) return { ...outcome, ...common };
      const { userId } = outcome.member;
      const expiresAt = clock.now() + sessionHours * 3_600_000;
      const session = { userId, org, provider: name, expiresAt, address, userAgent };
      const { cookies, sessionId } = await (await server()).openSession(session);
      const idToken = keyring.encrypt(vouched.idToken, idTokenContext(sessionId));
      const { subject, sid } = vouched;
      await keepSsoSession(db, org, { sessionId, provider: name, issuer, subject, sid, idToken });
      const unused = outcome.by === 'invitation' ? undefined : invitation;
      return { ...outcome, ...common, cookies, ...(unused ? { unused } : {}) };
    },
    async signOutUrl({ sessionId, provider: name, userId }, backTo) {
      const found = name === undefined ? undefined : providerOf(name);
      if (!found) return undefined;
      const session = await findSsoSession(db, found.settings.org, sessionId);
      if (!session) return undefined;
      try {
        const idToken = keyring.decrypt(session.idToken, idTokenContext(sessionId));
        return await found.provider.signOutUrl(idToken, backTo);
      } catch (error) {
        // Whoever wants out gets out here in any case.
        log.warn({ err: error, provider: name, userId }, 'somebody could not be signed out at their provider');
        return undefined;
      }
    },
    async logout(name, token) {
      const found = providerOf(name);
      if (!found) return undefined;
      const { org, issuer } = found.settings;
      const { subject, sid } = await found.provider.checkLogout(token);
      const sessions = await sessionsOf(db, org, { issuer, subject, sid });
      await roster.refresh();
      const holders = new Map(sessions.map(({ userId }) => [userId, roster.member(userId, org)]));
      // Without a session: programs may be left that were allowed in one that has ended by itself.
      if (sid === undefined && subject !== undefined) {
        const identity = await findIdentity(db, org, { issuer, subject });
        if (identity) holders.set(identity.userId, roster.member(identity.userId, org));
      }
      // A token tells its time in whole seconds: those of this second end, too.
      const now = (Math.floor(clock.now() / 1_000) + 1) * 1_000;
      await db.transaction().execute(async (tx) => {
        for (const userId of holders.keys()) {
          const sessionIds = sessions.filter((one) => one.userId === userId).map((one) => one.sessionId);
          await endSessions(tx, org, { userId, sessionIds, atMs: now });
          if (sid === undefined) await forgetVouching(tx, org, userId);
        }
        await bumpRevision(tx);
      });
      roster.tell();
      await roster.refresh();
      return { members: [...holders.values()].filter((member) => member !== undefined), org };
    },
    notesOn(org, email) {
      const known = roster.memberByEmail(email);
      const member = known && roster.member(known.userId, org);
      return invitationNotes({ org, email, member, providers: declared });
    },
    waysIn: (org) => waysIn(db, org),
    drop: ({ sessionId }) => dropSession(db, sessionId),
    declare(next) {
      declared = next;
      opened = new Map();
    },
  };
}

const random = () => randomBytes(32).toString('base64url');

function same(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
