import type { IssuerSettings } from '../../config/schema.ts';
import type { Clock } from '../../kernel/clock.ts';
import { NotFound } from '../../kernel/errors.ts';
import type { OrgId, Principal } from '../../kernel/principal.ts';
import type { Bus, FollowerTiming } from '../../platform/bus/index.ts';
import type { Db } from '../../platform/db/types.ts';
import type { Keyring } from '../../platform/keyring/index.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import type { BuiltInIssuer } from './builtin.ts';
import { AccessUnavailable, ExpiredCredential, InvalidCredential, MissingCredential } from './errors.ts';
import type { Fetch } from './issuer-keys.ts';
import { type CreatedKey, createKey, hashesOfKey, type KeyRequest, revokeKey, setBootstrapKey } from './keys.ts';
import { createOrg, findOrg, type OrgInput, type Purger, purgeOrg } from './orgs.ts';
import { createRoster } from './roster.ts';
import { requireScope, type Scope } from './scopes.ts';
import { type ApiKey, getKey, listKeys, listOrgs, type Org } from './store.ts';
import { createTokens, looksLikeToken } from './tokens.ts';
import { createUses } from './uses.ts';

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
   * Who a credential stands for: an API key or a token of a configured issuer, without `Bearer` before it.
   *
   * @throws MissingCredential, InvalidCredential, ExpiredCredential (all 401), AccessUnavailable,
   *   IssuerUnavailable (both 503 and worth trying again)
   */
  authenticate(bearer: string | undefined): Promise<Principal>;
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
  };
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
  let starting: Promise<void> | undefined;
  let stopping: Promise<void> | undefined;

  async function authenticate(bearer: string | undefined): Promise<Principal> {
    const text = bearer?.trim();
    if (!text) throw MissingCredential();
    if (text.length > maxCredentialLength) throw InvalidCredential({ reason: 'it is too long' });
    await roster.wake();
    const principal = roster.find(hashesOfKey(keyring, text));
    if (principal) {
      const now = clock.now();
      if (principal.expiresAt !== undefined && principal.expiresAt <= now) throw ExpiredCredential();
      uses.note(principal.credential.id, now);
      return principal;
    }
    if (looksLikeToken(text)) return tokens.verify(text);
    // A 401 makes clients throw a good credential away: while it may be good, the answer is to try again.
    if (roster.behind()) throw AccessUnavailable({}, { retryAfterSeconds: 2 });
    throw InvalidCredential({ reason: 'no such key' });
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

  const withUse = (key: ApiKey): ApiKey => {
    const lastUsedAt = Math.max(key.lastUsedAt ?? 0, uses.pending(key.id) ?? 0);
    return lastUsedAt === 0 ? key : { ...key, lastUsedAt };
  };

  return {
    authenticate,
    callerToken: (principal) => callerTokens.get(principal),
    require: requireScope,
    keys: {
      create: (request) => thenTell(createKey({ db, keyring, clock }, request)),
      list: async (org) => (await listKeys(db, org)).map(withUse),
      async get(org, id) {
        const key = await getKey(db, org, id);
        if (!key) throw NotFound({ what: 'key', id });
        return withUse(key);
      },
      async revoke(org, id) {
        const revoked = await revokeKey({ db, clock }, org, id);
        roster.forget(id);
        await changed();
        await deps.gone?.(org, `key:${id}`);
        return withUse(revoked);
      },
    },
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
    setBootstrapKey: (wanted) => thenTell(setBootstrapKey({ db, keyring, clock }, wanted)),
    setIssuers(issuers, development) {
      tokens = openTokens(issuers, development);
    },
    start() {
      if (starting) return starting;
      const attempt = (async () => {
        await stopping;
        await roster.start();
        uses.start();
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
        await roster.stop();
        await uses.stop();
        stopping = undefined;
      })();
      return stopping;
    },
  };
}
