import type { z } from 'zod';
import type { IssuerSettings } from '../../config/schema.ts';
import type { Clock } from '../../kernel/clock.ts';
import { Conflict, NotFound } from '../../kernel/errors.ts';
import type { OrgId, Principal } from '../../kernel/principal.ts';
import type { Bus, FollowerTiming } from '../../platform/bus/index.ts';
import type { Db } from '../../platform/db/types.ts';
import type { Keyring } from '../../platform/keyring/index.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import {
  type Activated,
  activate,
  type activationInput,
  end as endBreakGlass,
  isSealed,
  list as listBreakGlass,
  type Sealed,
  type SealInput,
  seal,
  sealedPrefix,
} from './breakglass/breakglass.ts';
import { type BreakGlassCredential, pastOfSealed } from './breakglass/store.ts';
import type { BuiltInIssuer } from './builtin.ts';
import { AccessUnavailable, ExpiredCredential, InvalidCredential, MissingCredential } from './errors.ts';
import type { Fetch } from './issuer-keys.ts';
import { type CreatedKey, createKey, hashesOfKey, type KeyRequest, revokeKey, setBootstrapKey } from './keys.ts';
import { createOrg, findOrg, type OrgInput, type Purger, purgeOrg } from './orgs.ts';
import { type Owners, ownedPrincipal } from './owners.ts';
import { createRoster, type Found } from './roster.ts';
import { changeKey, type KeyChange, rotateKey } from './rotation/rotation.ts';
import { requireScope, type Scope } from './scopes.ts';
import { type ApiKey, getKey, listKeys, listOrgs, type Org } from './store.ts';
import { createTokens, looksLikeToken } from './tokens.ts';
import { createUses } from './uses.ts';

/** How long before its end a key is warned of. */
export const expiryWarningMs = 14 * 86_400_000;
const dayMs = 86_400_000;
const forgottenMs = 30 * dayMs; // a key that nobody uses may end unnoticed
const maxCredentialLength = 16_384; // Node's own limit for all headers together

export interface AccessDeps {
  db: Db;
  keyring: Keyring;
  clock: Clock;
  bus: Bus;
  log: Log;
  issuers: readonly IssuerSettings[];
  /** The URL of this server as a protected resource: what a token's `aud` must name by default. */
  resource: string;
  /** Allows issuers with a shared secret. */
  development: boolean;
  fetch: Fetch;
  /** Of this server itself; there is none where sign-in is off. */
  builtIn?: BuiltInIssuer;
  /** Who is a member now, for keys of theirs; nobody where sign-in is off. */
  owners?: Owners;
  /** Told of each use of break-glass access, and of each try with a credential that does not count. */
  breakGlass?(what: 'used' | 'refused'): void;
  /** What the other capabilities hold for an organisation, removed with it in this order. */
  purgers?: readonly Purger[];
  /** Told of an organisation that is gone, so that what runs for it stops. */
  purged?(org: OrgId): Promise<void>;
  timing?: Partial<FollowerTiming>;
  /** A credential of an organisation ended for good: what was kept for its subject goes with it. */
  gone?(org: OrgId, subject: string): Promise<void>;
}

export interface Access {
  /**
   * Who a credential stands for: an API key or a token of a configured issuer, without `Bearer` before it. `from` is the
   * address that it came from, as far as it is known.
   *
   * @throws MissingCredential, InvalidCredential, ExpiredCredential (all 401), AccessUnavailable,
   *   IssuerUnavailable (both 503 and worth trying again)
   */
  authenticate(bearer: string | undefined, from?: string): Promise<Principal>;
  /**
   * The token of an outside issuer that a caller came with, to have it exchanged for one of theirs elsewhere; undefined for
   * every other credential. In memory for as long as the principal is; never to be sent to an upstream.
   */
  callerToken(principal: Principal): string | undefined;
  /** Throws Forbidden, naming the scope. */
  require(principal: Principal, scope: Scope): void;
  /** None of these but `create` asks who wants it: the caller has required `keys:write`, and `mayActIn` the organisation. */
  keys: {
    create(request: KeyRequest): Promise<CreatedKey>;
    /** Revoked and expired ones too, oldest first. */
    list(org: OrgId): Promise<ApiKey[]>;
    /** Throws NotFound. */
    get(org: OrgId, id: string): Promise<ApiKey>;
    /** Counts here when it resolves, and everywhere within a second. Throws NotFound. */
    revoke(org: OrgId, id: string): Promise<ApiKey>;
    /** A new secret at once; the old one counts for `overlapMs` more. Throws NotFound, RightsExceeded, Conflict. */
    rotate(org: OrgId, id: string, how: { by: Principal; overlapMs: number }): Promise<CreatedKey>;
    /** Throws NotFound, InvalidRequest, RightsExceeded, Conflict. */
    change(org: OrgId, id: string, change: KeyChange & { by: Principal }): Promise<ApiKey>;
    /** Those that end within `withinMs` and were used in the last 30 days or never; from memory. */
    expiring(withinMs: number, org?: OrgId): readonly ApiKey[];
  };
  /** The way in when no other one is left. The caller has required `orgs:write` for all but `activate`. */
  breakGlass: {
    /** Sealed ones and accesses, the ended ones too; newest first. */
    list(): Promise<BreakGlassCredential[]>;
    /** Throws RightsExceeded, InvalidRequest. */
    create(input: SealInput & { createdBy: Principal }): Promise<Sealed>;
    /** By who came with a sealed credential, which counts no more then. Throws InvalidCredential. */
    activate(by: Principal, how: z.infer<typeof activationInput>): Promise<Activated>;
    /** Ends an access, or destroys a sealed credential; counts here when it resolves. Throws NotFound. */
    end(id: string): Promise<void>;
    /** How many accesses are open now, and how many credentials wait; from memory. */
    count(): { active: number; sealed: number };
  };
  /** What was changed in a transaction of somebody else's counts here when it resolves, and is told everywhere. */
  changed(): Promise<void>;
  /** The caller has required `orgs:write`. */
  orgs: {
    create(input: OrgInput): Promise<Org>;
    list(): Promise<Org[]>;
    /** Throws NotFound. */
    get(id: OrgId): Promise<Org>;
    /** From memory. Throws AccessUnavailable. */
    has(id: OrgId): boolean;
    /** All there are, from memory. Throws AccessUnavailable. */
    known(): readonly OrgId[];
    purge(id: OrgId): Promise<void>;
  };
  setBootstrapKey(wanted?: { secret?: string }): Promise<CreatedKey | undefined>;
  /** After a reload of the file. Throws IssuerRefused and then keeps those from before. */
  setIssuers(issuers: readonly IssuerSettings[], development: boolean): void;
  /** Rejects when the keys cannot be read. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Throws IssuerRefused for issuers that cannot be used safely. */
export function createAccess(deps: AccessDeps): Access {
  const { db, keyring, clock, bus, log, purgers = [] } = deps;
  const roster = createRoster({ db, bus, clock, log, timing: deps.timing });
  const callerTokens = new WeakMap<Principal, string>();
  const uses = createUses({ db, log });
  const openTokens = (issuers: readonly IssuerSettings[], development: boolean) =>
    createTokens({
      ...deps,
      issuers,
      development,
      hasOrg: roster.hasOrg,
      fromOutside: (principal, token) => void callerTokens.set(principal, token),
    });
  let tokens = openTokens(deps.issuers, deps.development);
  let warning: NodeJS.Timeout | undefined;
  let adminKeyIsGiven = false;
  let starting: Promise<void> | undefined;
  let stopping: Promise<void> | undefined;

  async function authenticate(bearer: string | undefined, from?: string): Promise<Principal> {
    const text = bearer?.trim();
    if (!text) throw MissingCredential();
    if (text.length > maxCredentialLength) throw InvalidCredential({ reason: 'it is too long' });
    await roster.wake();
    const found = roster.find(hashesOfKey(keyring, text));
    if (found) {
      const { principal, previous, userId } = found;
      const now = clock.now();
      if (principal.expiresAt !== undefined && principal.expiresAt <= now) throw ExpiredCredential();
      if (found.purpose !== 'key') heed(found);
      const caller = userId === undefined ? principal : await ownedPrincipal(principal, userId, deps.owners);
      uses.note(principal.credential.id, { at: now, from, previous });
      return caller;
    }
    if (looksLikeToken(text)) return tokens.verify(text);
    // A 401 makes clients throw a good credential away: while it may be good, the answer is to try again.
    if (roster.behind()) throw AccessUnavailable({}, { retryAfterSeconds: 2 });
    if (text.startsWith(sealedPrefix)) {
      deps.breakGlass?.('refused');
      log.error({ address: from }, 'somebody came with a break-glass credential that does not count');
      const past = await pastOfSealed(db, hashesOfKey(keyring, text)).catch(() => undefined);
      if (past === 'used')
        throw InvalidCredential({ reason: 'this break-glass credential was used before, and counts once' });
      if (past === 'ended') throw InvalidCredential({ reason: 'this break-glass credential was ended' });
    }
    throw InvalidCredential({ reason: 'no such key' });
  }

  /** Whoever runs this server is to hear of each request. */
  function heed({ principal, reason }: Found): void {
    const { id } = principal.credential;
    if (isSealed(principal)) log.warn({ breakGlass: id }, 'a sealed break-glass credential was presented');
    else log.warn({ breakGlass: id, reason }, 'a request by break-glass access');
  }

  /** Tells the other replicas, and looks again here. What is done stays done when either fails: all of them poll. */
  async function changed(): Promise<void> {
    roster.tell();
    await roster.refresh();
  }

  async function thenTell<T>(change: Promise<T>): Promise<T> {
    const value = await change;
    await changed();
    return value;
  }

  /** Its text stands in the environment, where the next start would find the old one. */
  function refuseOperatorsOwn(key: ApiKey | undefined): void {
    if (!key?.bootstrap || !adminKeyIsGiven) return;
    throw Conflict({
      reason: 'This key is the text of FAIRLEAD_ADMIN_KEY.',
      remedy: 'Change it there and start the server again: the old text ends with that.',
    });
  }

  const keyDeps = { db, keyring, clock, owners: deps.owners };

  /** With what was noted here and not yet written, and without a secret that counts no more. */
  function asNow(key: ApiKey): ApiKey {
    const { previous, ...rest } = key;
    const use = uses.pending(key.id);
    const later = use && use.at >= (key.lastUsedAt ?? 0);
    const from = later ? (use.from ?? key.lastUsedFrom) : key.lastUsedFrom;
    const previousAt = Math.max(previous?.lastUsedAt ?? 0, use?.previousAt ?? 0);
    return {
      ...rest,
      ...(later ? { lastUsedAt: use.at } : {}),
      ...(from === undefined ? {} : { lastUsedFrom: from }),
      ...(previous && previous.until > clock.now()
        ? { previous: { until: previous.until, ...(previousAt > 0 ? { lastUsedAt: previousAt } : {}) } }
        : {}),
    };
  }

  function expiring(withinMs: number, org?: OrgId): ApiKey[] {
    const now = clock.now();
    return roster
      .keys()
      .filter((key) => org === undefined || key.org === org)
      .filter(({ expiresAt }) => expiresAt !== undefined && expiresAt > now && expiresAt <= now + withinMs)
      .map(asNow)
      .filter(({ lastUsedAt }) => lastUsedAt === undefined || lastUsedAt > now - forgottenMs);
  }

  function warnOfEnds(): void {
    for (const { id, org, name, expiresAt } of expiring(expiryWarningMs))
      log.warn({ key: id, orgId: org, name, expiresAt }, 'an API key in use ends within two weeks');
  }

  return {
    authenticate,
    callerToken: (principal) => callerTokens.get(principal),
    require: requireScope,
    keys: {
      create: (request) => thenTell(createKey(keyDeps, request)),
      list: async (org) => (await listKeys(db, org)).map(asNow),
      async get(org, id) {
        const key = await getKey(db, org, id);
        if (!key) throw NotFound({ what: 'key', id });
        return asNow(key);
      },
      async revoke(org, id) {
        const revoked = await revokeKey({ db, clock }, org, id);
        roster.forget(id);
        await changed();
        await deps.gone?.(org, `key:${id}`);
        return asNow(revoked);
      },
      async rotate(org, id, how) {
        refuseOperatorsOwn(await getKey(db, org, id));
        const { key, secret } = await thenTell(rotateKey(keyDeps, org, id, how));
        return { key: asNow(key), secret };
      },
      change: async (org, id, change) => asNow(await thenTell(changeKey(keyDeps, org, id, change))),
      expiring,
    },
    breakGlass: {
      list: () => listBreakGlass({ db }),
      async create(input) {
        const sealed = await thenTell(seal(keyDeps, input));
        log.warn({ breakGlass: sealed.credential.id, by: input.createdBy.id }, 'a break-glass credential was made');
        return sealed;
      },
      async activate(by, how) {
        const activated = await activate(keyDeps, by, how);
        deps.breakGlass?.('used');
        roster.forget(by.credential.id);
        await changed();
        const { id, expiresAt } = activated.credential;
        log.fatal(
          { breakGlass: id, reason: how.reason, expiresAt },
          'BREAK-GLASS ACCESS: administration is open to its holder',
        );
        return activated;
      },
      async end(id) {
        await endBreakGlass({ db, clock }, id);
        roster.forget(id);
        await changed();
        log.warn({ breakGlass: id }, 'a break-glass credential was ended');
      },
      count: () => roster.breakGlass(clock.now()),
    },
    changed,
    orgs: {
      create: (input) => thenTell(createOrg({ db, clock }, input)),
      list: () => listOrgs(db),
      get: (id) => findOrg(db, id),
      has: roster.hasOrg,
      known: roster.orgs,
      async purge(id) {
        await thenTell(purgeOrg(db, id, purgers));
        await deps.purged?.(id).catch((error: unknown) => {
          log.warn({ err: error, org: id }, 'what runs for a purged organisation stops a little later');
        });
      },
    },
    setBootstrapKey(wanted) {
      adminKeyIsGiven = wanted?.secret !== undefined;
      return thenTell(setBootstrapKey({ db, keyring, clock }, wanted));
    },
    setIssuers(issuers, development) {
      tokens = openTokens(issuers, development);
    },
    start() {
      if (starting) return starting;
      const attempt = (async () => {
        await stopping;
        await roster.start();
        uses.start();
        warnOfEnds();
        warning = setInterval(warnOfEnds, dayMs);
        warning.unref();
      })();
      starting = attempt;
      attempt.catch(() => {
        if (starting === attempt) starting = undefined;
      });
      return attempt;
    },
    stop() {
      stopping ??= (async () => {
        const begun = starting;
        starting = undefined; // a start from now on waits for this stop and then begins anew
        await begun?.catch(() => undefined);
        clearInterval(warning);
        await roster.stop();
        await uses.stop();
        stopping = undefined;
      })();
      return stopping;
    },
  };
}
