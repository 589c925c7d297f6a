import type { Clock } from '../../../kernel/clock.ts';
import { FairleadError } from '../../../kernel/errors.ts';
import { newId } from '../../../kernel/ids.ts';
import type { OrgId } from '../../../kernel/principal.ts';
import type { Bus } from '../../../platform/bus/index.ts';
import type { Db } from '../../../platform/db/types.ts';
import type { Keyring } from '../../../platform/keyring/index.ts';
import { OAuthFault, refresh } from '../../../platform/oauth/index.ts';
import type { Log } from '../../../platform/telemetry/index.ts';
import type { Clients } from './clients/clients.ts';
import { RefreshFailed } from './errors.ts';
import { type Provider, refreshFault, type Target } from './provider.ts';
import { tokenContext } from './sealed.ts';
import {
  type ConnectionKey,
  type ConnectionRow,
  claimRefresh,
  endConnection,
  findConnection,
  finishRefresh,
  noteUse,
  releaseClaim,
} from './store.ts';

/** Why somebody has to sign in, in words that go on after a comma. */
export interface Missing {
  missing: string;
}

export interface AccessToken {
  token: string;
  generation: number;
}

/** Access tokens of people, renewed before they run out. */
export interface Tokens {
  /** A token that is good now, or why there is none. @throws RefreshFailed where it may be had in a moment */
  get(target: Target, subject: string, signal: AbortSignal): Promise<AccessToken | Missing>;
  /** The upstream refused this token: another one, or why there is none. */
  renew(target: Target, subject: string, refused: string, signal: AbortSignal): Promise<AccessToken | Missing>;
  /** Forgets what is in memory of one, or of all. */
  forget(org?: OrgId, key?: ConnectionKey): void;
}

export interface TokensDeps {
  db: Db;
  bus: Bus;
  clock: Clock;
  log: Log;
  keyring: Pick<Keyring, 'encrypt' | 'decrypt'>;
  provider: Provider;
  clients: Clients;
  /** Told when a connection came to its end by itself, for the record. */
  ended(row: ConnectionRow, reason: string): void;
  refreshed?(outcome: 'ok' | 'failed'): void;
}

/** A token is renewed so long before its end. */
const earlyMs = 30_000;
/** What was read counts so long without a look at the database; a notice of a change makes it end at once. */
const heldMs = 2_000;
/** So long may a refresh take before whoever began it counts as dead. */
const claimMs = 60_000;
const pollMs = 50;
const noteEveryMs = 60_000;
/** So many tokens in so long may be refused; then what the provider gives is not what the upstream takes. */
const refusals = { most: 5, withinMs: 60_000 };

export function createTokens(deps: TokensDeps): Tokens {
  const { db, clock, log, keyring, provider, clients, ended, refreshed } = deps;
  const held = new Map<string, { row: ConnectionRow; token: string | undefined; until: number }>();
  const flights = new Map<string, Promise<void>>();
  const noted = new Map<string, number>();
  const refusedAt = new Map<string, ReadonlyMap<number, number>>();
  const keyOf = (org: OrgId, { upstream, subject }: ConnectionKey) => JSON.stringify([org, upstream, subject]);

  /** Undefined also for one that was sealed for somebody else, or under a secret that is not known any more. */
  const openToken = ({ org, upstream, subject, accessToken }: ConnectionRow): string | undefined => {
    if (accessToken === undefined) return undefined;
    try {
      return keyring.decrypt(accessToken, tokenContext(org, { upstream, subject }, 'access_token'));
    } catch (error) {
      log.error({ err: error, org, upstream, subject }, 'the token of a connection cannot be read');
      return undefined;
    }
  };

  const read = async (org: OrgId, key: ConnectionKey, fresh = false) => {
    const at = keyOf(org, key);
    const known = held.get(at);
    if (!fresh && known && known.until > clock.now()) return known;
    const row = await findConnection(db, org, key);
    if (!row) {
      held.delete(at);
      return undefined;
    }
    const token = openToken(row);
    const entry = { row, token, until: clock.now() + heldMs };
    if (held.size > 10_000) held.clear();
    held.set(at, entry);
    return entry;
  };

  const end = async (row: ConnectionRow, state: 'refused' | 'needs_sign_in', reason: string) => {
    if (await endConnection(db, row.org, row, { generation: row.generation, state, reason })) ended(row, reason);
    held.delete(keyOf(row.org, row));
  };

  /** One refresh, if nobody else makes it. Comes back once there is something newer to see, or throws RefreshFailed. */
  const refreshOnce = async (target: Target, row: ConnectionRow): Promise<void> => {
    const { org, generation } = row;
    const by = newId('claim');
    const claimed = await claimRefresh(db, org, row, { generation, by, until: clock.now() + claimMs });
    if (!claimed) return waitForOther(row);
    // Not the caller's signal: a refresh that was begun is brought to its end whoever hangs up.
    const signal = AbortSignal.timeout(claimMs - 10_000);
    const { refreshToken: sealed } = claimed;
    try {
      if (sealed === undefined)
        return await end(claimed, 'needs_sign_in', 'it ran out, and the provider gave no way to renew it');
      const { server } = await provider.place(target, signal);
      const client =
        server.issuer === claimed.issuer ? await clients.find(target, server, claimed.clientId) : undefined;
      if (!client) return await end(claimed, 'needs_sign_in', 'its authorization server is another one now');
      const refreshToken = keyring.decrypt(sealed, tokenContext(org, claimed, 'refresh_token'));
      const resource = claimed.resource ?? target.url;
      const asking = { server, client, requests: provider.requestsFor(target, signal), now: () => clock.now() };
      const set = await refresh(asking, { refreshToken, resource });
      const rotates = set.refreshToken !== refreshToken;
      const seal = (text: string, field: 'access_token' | 'refresh_token') =>
        keyring.encrypt(text, tokenContext(org, claimed, field));
      const kept = await finishRefresh(db, org, claimed, by, {
        accessToken: seal(set.accessToken, 'access_token'),
        ...(rotates ? { refreshToken: seal(set.refreshToken, 'refresh_token') } : {}),
        ...(set.expiresAt === undefined ? {} : { expiresAt: set.expiresAt }),
        scopes: set.scope === undefined ? claimed.scopes : set.scope.split(' '),
        rotates: rotates || claimed.rotates === true,
        at: clock.now(),
      });
      if (!kept)
        log.warn({ org, upstream: row.upstream }, 'a refreshed token was not kept: its connection was replaced');
      refreshed?.('ok');
    } catch (error) {
      await refreshBroke(claimed, by, error);
    }
  };

  /** What a failed refresh leaves: a refresh token that may be used up is never sent again. */
  const refreshBroke = async (row: ConnectionRow, by: string, error: unknown): Promise<void> => {
    const { org, upstream } = row;
    refreshed?.('failed');
    const kind = error instanceof FairleadError ? 'untouched' : refreshFault(error);
    log.warn({ err: error, org, upstream, subject: row.subject, kind }, 'a token could not be refreshed');
    const reason = error instanceof OAuthFault ? error.reason : 'its provider cannot be reached';
    if (kind === 'refused') return end(row, 'refused', `the provider does not renew it: ${reason}`);
    // Of a provider that does not rotate the refresh token is as good as before, whatever became of the request.
    if (kind === 'unknown' && row.rotates !== false)
      return end(row, 'needs_sign_in', 'a renewal got no answer, and may have used up what renews it');
    await releaseClaim(db, org, row, by);
    held.delete(keyOf(org, row));
    throw RefreshFailed({ name: upstream, reason }, { cause: error, retryAfterSeconds: 5 });
  };

  /** Another replica refreshes: wait until it has, or until it counts as dead. */
  const waitForOther = async (row: ConnectionRow): Promise<void> => {
    const until = clock.now() + claimMs;
    for (;;) {
      const now = await findConnection(db, row.org, row);
      if (!now || now.generation !== row.generation || now.state !== 'connected' || now.claimedBy === undefined) return;
      if (now.claimedUntil !== undefined && now.claimedUntil < clock.now()) {
        // Whoever claimed it died in the middle: the refresh token may be used up.
        if (now.rotates === false) return releaseClaim(db, row.org, row, now.claimedBy);
        return end(now, 'needs_sign_in', 'a renewal was cut off, and may have used up what renews it');
      }
      if (clock.now() > until) throw RefreshFailed({ name: row.upstream, reason: 'it takes too long' });
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  };

  const inOneFlight = (target: Target, row: ConnectionRow): Promise<void> => {
    const at = keyOf(row.org, row);
    const flight =
      flights.get(at) ??
      refreshOnce(target, row).finally(() => {
        flights.delete(at);
        held.delete(at);
      });
    flights.set(at, flight);
    return flight;
  };

  const note = (org: OrgId, key: ConnectionKey) => {
    const at = keyOf(org, key);
    const now = clock.now();
    if ((noted.get(at) ?? 0) > now - noteEveryMs) return;
    if (noted.size > 10_000) noted.clear();
    noted.set(at, now);
    noteUse(db, org, key, now).catch((error: unknown) => log.debug({ err: error }, 'a use could not be noted'));
  };

  const get = async (target: Target, subject: string, isGood: (row: ConnectionRow, token: string) => boolean) => {
    const { org, upstream } = target;
    const key = { upstream, subject };
    for (let tries = 0; tries < 4; tries++) {
      const found = await read(org, key, tries > 0);
      if (!found) return { missing: 'you have not connected yours yet' };
      const { row, token } = found;
      if (row.state !== 'connected' || token === undefined)
        return { missing: `yours has to be connected again: ${row.reason ?? 'its token cannot be read'}` };
      if (row.origin !== new URL(target.url).origin)
        return { missing: 'yours was connected to another address than it has now' };
      if (isGood(row, token)) {
        note(org, key);
        return { token, generation: row.generation };
      }
      await inOneFlight(target, row);
    }
    throw RefreshFailed({ name: upstream, reason: 'its provider gives tokens that are over at once' });
  };

  return {
    get: (target, subject) => get(target, subject, (row) => lasts(row, clock.now())),
    async renew(target, subject, refused) {
      const { org, upstream } = target;
      const found = await read(org, { upstream, subject }, true);
      if (found?.token === refused && found.row.state === 'connected') {
        const { row } = found;
        const at = keyOf(org, row);
        // Many calls are refused with one token; it is tokens that count.
        const since = clock.now() - refusals.withinMs;
        const lately = new Map([...(refusedAt.get(at) ?? [])].filter(([, ms]) => ms > since));
        lately.set(row.generation, clock.now());
        if (refusedAt.size > 10_000) refusedAt.clear();
        refusedAt.set(at, lately);
        if (row.refreshToken === undefined) await end(row, 'refused', 'the upstream does not accept it any more');
        else if (lately.size > refusals.most)
          await end(row, 'refused', 'the upstream does not accept what the provider gives');
      }
      return get(target, subject, (_, token) => token !== refused);
    },
    forget(org, key) {
      if (org === undefined || key === undefined) held.clear();
      else held.delete(keyOf(org, key));
    },
  };
}

/** Whether a token is good for a request now, and need not be renewed before. */
function lasts({ expiresAt, refreshToken, lastRefreshedAt, connectedAt }: ConnectionRow, now: number): boolean {
  if (expiresAt === undefined) return true;
  const left = expiresAt - now;
  if (left <= 0 || refreshToken === undefined) return left > 0;
  // Some are made so short-lived that they never have that long to go.
  const isShort = expiresAt - (lastRefreshedAt ?? connectedAt) <= 2 * earlyMs;
  return isShort || left > earlyMs;
}
