import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../../kernel/clock.ts';
import type { FairleadError } from '../../../kernel/errors.ts';
import { newId } from '../../../kernel/ids.ts';
import { parseJson } from '../../../kernel/json.ts';
import { type OrgId, type Principal, subjectBehind } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';
import { EgressBlocked } from '../../../platform/http/index.ts';
import type { Keyring } from '../../../platform/keyring/index.ts';
import {
  beginAuthorization,
  finishAuthorization,
  OAuthFault,
  type PendingAuthorization,
  revoke,
  scopeToAsk,
} from '../../../platform/oauth/index.ts';
import type { Clients } from './clients/clients.ts';
import { ConnectionBlocked, ConnectionElsewhere, ConnectionFailed, ConnectionLinkVoid } from './errors.ts';
import {
  beginPending,
  findBegun,
  findOpen,
  findPending,
  holdPending,
  insertPending,
  type Pending,
  reopenPending,
  usePending,
} from './pending/store.ts';
import { accountIn, type Provider, type Target } from './provider.ts';
import { tokenContext, verifierContext } from './sealed.ts';
import { putConnection } from './store.ts';

/** What somebody is asked for: to open a link, within a time. */
export interface Invitation {
  /** Also the id of the elicitation. */
  id: string;
  link: string;
  expiresAt: number;
}

export interface FlowDeps {
  db: Db;
  clock: Clock;
  keyring: Keyring;
  provider: Provider;
  clients: Clients;
  /** Where the pages are, with the origin. */
  pages: { start: string; callback: string };
  targetOf(org: OrgId, upstream: string): Target | undefined;
  personOf: ((org: OrgId, userId: string) => string | undefined) | undefined;
}

/** From "you have to connect" to a connection. */
export interface Flow {
  /** The link for whoever is behind this call: the same one while it is open. */
  invite(target: Target, who: Principal, scopes?: readonly string[]): Promise<Invitation>;
  /** What a link is about. @throws ConnectionLinkVoid */
  look(id: string, ticket: string): Promise<{ pending: Pending; target: Target }>;
  /** Where the browser goes, and what it has to bring back beside the answer. @throws ConnectionFailed */
  begin(pending: Pending, target: Target): Promise<{ url: URL; nonce: string }>;
  /** Whom an answer belongs to; nothing is used up. @throws ConnectionLinkVoid, ConnectionElsewhere */
  answered(query: URLSearchParams, nonce: string | undefined): Promise<Pending>;
  /** Makes the connection. Once for each answer. @throws ConnectionLinkVoid, ConnectionElsewhere, ConnectionFailed */
  finish(query: URLSearchParams, nonce: string | undefined): Promise<{ pending: Pending; account?: string }>;
}

const linkMs = 15 * 60_000;
/** A link is given out again while it has so long to go. */
const enoughMs = 5 * 60_000;

export function createFlow(deps: FlowDeps): Flow {
  const { db, clock, keyring, provider, clients, pages, targetOf, personOf } = deps;

  const ticketText = (id: string) => JSON.stringify(['connection link', id]);
  const ticketFits = (id: string, ticket: string) =>
    keyring.hashes('connections', ticketText(id)).some((hash) => same(hash, ticket));

  const linkTo = ({ id, expiresAt }: Pick<Pending, 'id' | 'expiresAt'>): Invitation => {
    const link = new URL(pages.start);
    link.searchParams.set('id', id);
    link.searchParams.set('ticket', keyring.hash('connections', ticketText(id)));
    return { id, link: link.href, expiresAt };
  };

  /** What a browser brings back, before anything is used up. */
  const begunBy = async (query: URLSearchParams, nonce: string | undefined) => {
    const state = query.get('state');
    const begun = state ? await findBegun(db, hashOf(state), clock.now()) : undefined;
    if (!begun) throw ConnectionLinkVoid();
    if (nonce === undefined || !same(hashOf(nonce), begun.browserHash)) throw ConnectionElsewhere();
    const target = targetOf(begun.org, begun.upstream);
    if (!target) throw ConnectionLinkVoid();
    return { begun, target, state: state ?? '' };
  };

  /** Whose it will be, as people say it; for a key that acts for a person that is the person. */
  const nameOf = ({ org, name, actsFor }: Principal): string => {
    const person = actsFor?.startsWith('user:') ? personOf?.(org, actsFor.slice('user:'.length)) : undefined;
    return person === undefined ? name : `${person} (by the key ${name})`;
  };

  return {
    async invite(target, who, more = []) {
      const { org, upstream } = target;
      const subject = subjectBehind(who);
      const scopes = [...new Set(more)].sort();
      const now = clock.now();
      const open = await findOpen(db, org, { upstream, subject, scopes, until: now + enoughMs });
      if (open) return linkTo(open);
      const id = newId('con', now);
      const pending = { id, upstream, subject, who: nameOf(who), scopes, createdAt: now, expiresAt: now + linkMs };
      await insertPending(db, org, pending);
      return linkTo(pending);
    },

    async look(id, ticket) {
      if (!ticketFits(id, ticket)) throw ConnectionLinkVoid();
      const pending = await findPending(db, id, clock.now());
      const target = pending && targetOf(pending.org, pending.upstream);
      if (!target) throw ConnectionLinkVoid();
      return { pending, target };
    },

    async begin(pending, target) {
      const { org, id, upstream } = pending;
      const signal = AbortSignal.timeout(30_000);
      try {
        const { server, resource, challenged, offered } = await provider.place(target, signal);
        const client = await clients.obtain(target, server, signal);
        const held = pending.scopes.length > 0 ? pending.scopes.join(' ') : undefined;
        const configured = target.auth.scopes;
        const scope = scopeToAsk(
          { held, configured, offered, ...(configured === undefined ? { challenged } : {}) },
          server,
        );
        const state = randomBytes(32).toString('base64url');
        const nonce = randomBytes(32).toString('base64url');
        const requests = provider.requestsFor(target, signal);
        const begun = await beginAuthorization(
          { server, client, requests },
          { redirectUri: pages.callback, resource, scope, state },
        );
        const kept = JSON.stringify({ ...begun.pending, state: undefined });
        const isOpen = await beginPending(db, org, id, {
          stateHash: hashOf(state),
          browserHash: hashOf(nonce),
          verifier: keyring.encrypt(kept, verifierContext(org, id)),
          issuer: server.issuer,
          clientId: client.clientId,
          resource,
        });
        if (!isOpen) throw ConnectionLinkVoid();
        return { url: new URL(begun.url), nonce };
      } catch (error) {
        if (!(error instanceof OAuthFault)) throw error;
        throw failed(upstream, error);
      }
    },

    answered: async (query, nonce) => (await begunBy(query, nonce)).begun,

    async finish(query, nonce) {
      const { begun, target, state } = await begunBy(query, nonce);
      const { org, id, upstream, subject, who } = begun;
      const remembered = parseJson(
        keyring.decrypt(begun.verifier, verifierContext(org, id)),
      ) as unknown as PendingAuthorization;
      // Before the code is sent anywhere: whoever comes second with the same answer gets nothing.
      if (!(await usePending(db, org, id, hashOf(state), clock.now()))) throw ConnectionLinkVoid();
      const signal = AbortSignal.timeout(30_000);
      try {
        const { server } = await provider.place(target, signal);
        const client = await clients.find(target, server, begun.clientId);
        if (!client) throw new OAuthFault('its authorization server is another one than when the sign-in began');
        const asking = { server, client, requests: provider.requestsFor(target, signal), now: () => clock.now() };
        const set = await finishAuthorization(asking, { ...remembered, state }, query);
        const seal = (text: string, field: 'access_token' | 'refresh_token') =>
          keyring.encrypt(text, tokenContext(org, begun, field));
        const account = accountIn(set.idToken);
        const connection = {
          upstream,
          subject,
          who,
          ...(account === undefined ? {} : { account }),
          origin: new URL(target.url).origin,
          issuer: server.issuer,
          clientId: client.clientId,
          ...(begun.resource === undefined ? {} : { resource: begun.resource }),
          scopes: set.scope?.split(' ').filter(Boolean) ?? [],
          accessToken: seal(set.accessToken, 'access_token'),
          ...(set.refreshToken === undefined ? {} : { refreshToken: seal(set.refreshToken, 'refresh_token') }),
          ...(set.expiresAt === undefined ? {} : { expiresAt: set.expiresAt }),
          state: 'connected' as const,
          connectedAt: clock.now(),
        };
        // Whoever was revoked or removed during the exchange has no pending one any more, and gets no connection.
        const isKept = await db.transaction().execute(async (tx) => {
          const handle = tx as unknown as Db;
          if (!(await holdPending(handle, org, id))) return false;
          await putConnection(handle, org, connection);
          return true;
        });
        if (!isKept) {
          // Nobody here holds them: at the provider they end, too, where it has a way.
          for (const [token, hint] of [
            [set.refreshToken, 'refresh_token'],
            [set.accessToken, 'access_token'],
          ] as const)
            if (token !== undefined) await revoke(asking, token, hint).catch(() => false);
          throw ConnectionLinkVoid();
        }
        return { pending: begun, ...(account === undefined ? {} : { account }) };
      } catch (error) {
        await reopenPending(db, org, id);
        if (!(error instanceof OAuthFault)) throw error;
        throw failed(upstream, error);
      }
    },
  };
}

function failed(name: string, cause: OAuthFault): FairleadError {
  if (EgressBlocked.is(cause.cause)) return ConnectionBlocked({ name }, { cause });
  return ConnectionFailed({ name, reason: cause.reason }, { cause });
}

/** Of what is random and long: it needs no key. */
function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

function same(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
