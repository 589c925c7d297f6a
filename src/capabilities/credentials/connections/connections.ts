import type { Clock } from '../../../kernel/clock.ts';
import { type FairleadError, NotFound } from '../../../kernel/errors.ts';
import { isObject } from '../../../kernel/json.ts';
import { type OrgId, type Principal, subjectBehind } from '../../../kernel/principal.ts';
import type { Bus } from '../../../platform/bus/index.ts';
import type { Db } from '../../../platform/db/types.ts';
import type { Egress } from '../../../platform/http/index.ts';
import type { Keyring } from '../../../platform/keyring/index.ts';
import { readChallenge } from '../../../platform/oauth/index.ts';
import type { Log } from '../../../platform/telemetry/index.ts';
import { createClients } from './clients/clients.ts';
import { deleteClients } from './clients/store.ts';
import { ConnectionForPeople, ConnectionNeeded, NobodyConnected, NotPersonal } from './errors.ts';
import { createFlow, type Flow, type Invitation } from './flow.ts';
import { deleteExpiredPending, deletePending } from './pending/store.ts';
import { createProvider, type Target } from './provider.ts';
import { type ConnectionStatus, createReport } from './report.ts';
import { revokeTokens } from './revoke.ts';
import {
  type ConnectionKey,
  type ConnectionRow,
  deleteConnection,
  findConnection,
  latestConnected,
  listAllConnections,
  listConnections,
} from './store.ts';
import { type AccessToken, createTokens, type Missing } from './tokens.ts';

/** As `Authorizer` of the upstreams has it. */
export interface PersonalAuthorizer {
  headers(signal: AbortSignal): Promise<Record<string, string>>;
  refused(
    refusal: { status: number; challenge: string | undefined; sent: Record<string, string> },
    signal: AbortSignal,
  ): Promise<boolean>;
}

/** A connection was made, renewed or ended. */
export interface ConnectionChange extends ConnectionKey {
  org: OrgId;
  /** Of the link by which it was made. */
  elicitation?: string;
}

/** What people connect: their own accounts at upstreams. */
export interface Connections {
  pages: { start: string; callback: string; document: string };
  flow: Flow;
  /** Makes the connection that a browser came back for, and tells all who wait for it. */
  finish: Flow['finish'];
  authorizerFor(target: Target, who: Principal | undefined): PersonalAuthorizer;
  /** Resolves once this person can be served there, or when `ms` have passed. */
  wait(target: Target, who: Principal, signal: AbortSignal, ms: number): Promise<void>;
  /** The link by which somebody connects, or connects another account. @throws NotPersonal, ConnectionForPeople */
  invite(org: OrgId, upstream: string, who: Principal): Promise<Invitation>;
  /** The refusal with the link, for somebody without a connection to an upstream that wants one of each. */
  needs(org: OrgId, upstream: string, who: Principal): Promise<FairleadError | undefined>;
  list(org: OrgId, of?: Partial<ConnectionKey>): Promise<ConnectionStatus[]>;
  /** Every one of all organisations, with what there is to warn of. */
  all(): Promise<ConnectionStatus[]>;
  /** Ends it here, and at the provider where that can be told. @throws NotFound */
  remove(org: OrgId, key: ConnectionKey): Promise<{ revoked: boolean }>;
  /** Somebody is gone. */
  removeOf(org: OrgId, subject: string): Promise<void>;
  /** An upstream is gone. */
  removeTo(org: OrgId, upstream: string): Promise<void>;
  onChange(listener: (change: ConnectionChange) => void): () => void;
  /** Reads all of them anew when they are needed next. */
  forget(): void;
  start(): void;
  stop(): Promise<void>;
}

export interface ConnectionsDeps {
  db: Db;
  bus: Bus;
  clock: Clock;
  log: Log;
  keyring: Keyring;
  egress: Pick<Egress, 'fetch'>;
  /** Without a slash at the end. */
  publicUrl: string;
  targetOf(org: OrgId, upstream: string): Target | undefined;
  /** What a person of an organisation is called; undefined for who is none of its members. */
  personOf?(org: OrgId, userId: string): string | undefined;
  /** A connection came to its end by itself. */
  ended(row: ConnectionRow, reason: string): void;
  refreshed?(outcome: 'ok' | 'failed'): void;
}

const topic = 'connections.changed';
const tidyMs = 10 * 60_000;
const waitPollMs = 2_000;

export const connectionPaths = {
  start: '/auth/connections/start',
  callback: '/auth/connections/callback',
  document: '/auth/connections/client.json',
} as const;

export function createConnections(deps: ConnectionsDeps): Connections {
  const { db, bus, clock, log, keyring, egress, publicUrl, targetOf, personOf } = deps;
  const now = () => clock.now();
  const pages = {
    start: `${publicUrl}${connectionPaths.start}`,
    callback: `${publicUrl}${connectionPaths.callback}`,
    document: `${publicUrl}${connectionPaths.document}`,
  };
  const provider = createProvider({ egress, now });
  // Only what the world can read can be somebody's name.
  const documentUrl = publicUrl.startsWith('https:') ? pages.document : undefined;
  const clients = createClients({ db, keyring, clock, provider, redirectUri: pages.callback, documentUrl });
  const tokens = createTokens({ ...deps, provider, clients });
  const flow = createFlow({ db, clock, keyring, provider, clients, pages, targetOf, personOf });
  const report = createReport({ db, clock, log });
  const listeners = new Set<(change: ConnectionChange) => void>();
  let unsubscribe: () => void = () => undefined;
  let timer: NodeJS.Timeout | undefined;

  const tell = async (change: ConnectionChange) => {
    tokens.forget(change.org, change);
    await bus
      .publish(topic, { ...change })
      .catch((error: unknown) => log.warn({ err: error }, 'other replicas were not told of a connection'));
  };

  const needed = async (target: Target, who: Principal, reason: string, scopes: readonly string[] = []) => {
    const { link, id, expiresAt } = await flow.invite(target, who, scopes);
    const minutes = Math.max(1, Math.round((expiresAt - now()) / 60_000));
    const name = target.upstream;
    const message = `Connect your account at "${name}": sign in there, and the call can go on.`;
    const elicitations = [{ mode: 'url', elicitationId: id, url: link, message }];
    // A person's link asks who is signed in at the browser; any other is good for whoever has it.
    const care = subjectBehind(who).startsWith('user:')
      ? ''
      : ' Show the link to nobody: whoever opens it connects the account that they sign in with.';
    return ConnectionNeeded(
      { name, reason, link, minutes, care },
      { rpc: { code: -32042, message, data: { elicitations } } },
    );
  };

  const person = (target: Target, who: Principal) => {
    if (who.kind === 'anonymous' || who.kind === 'system') throw ConnectionForPeople({ name: target.upstream });
    return subjectBehind(who);
  };

  /** Of Fairlead itself, which lists: by the connection that is designated, or was made last. */
  const listingSubject = async ({ org, upstream, auth }: Target): Promise<string> => {
    const subject = auth.listAs ?? (await latestConnected(db, org, upstream))?.subject;
    if (subject === undefined) throw NobodyConnected({ name: upstream });
    return subject;
  };

  const authorizerFor: Connections['authorizerFor'] = (target, who) => {
    const result = async (found: AccessToken | Missing, scopes: readonly string[] = []) => {
      if ('token' in found) return { authorization: `Bearer ${found.token}` };
      if (who) throw await needed(target, who, found.missing, scopes);
      throw NobodyConnected({ name: target.upstream });
    };
    const subjectOf = async () => (who ? person(target, who) : listingSubject(target));
    return {
      headers: async (signal) => result(await tokens.get(target, await subjectOf(), signal)),
      async refused({ status, challenge, sent }, signal) {
        const subject = await subjectOf();
        if (status === 403) {
          if (!who) return false;
          const held = (await findConnection(db, target.org, { upstream: target.upstream, subject }))?.scopes ?? [];
          const wanted = readChallenge(challenge).scope?.split(' ').filter(Boolean) ?? [];
          throw await needed(target, who, 'yours may not do this: it was connected with less scope', [
            ...held,
            ...wanted,
          ]);
        }
        const refused = sent.authorization?.replace(/^Bearer /, '') ?? '';
        await result(await tokens.renew(target, subject, refused, signal));
        return true;
      },
    };
  };

  const removeRows = async (rows: readonly ConnectionRow[]) => {
    for (const row of rows) await remove(row.org, row).catch(() => undefined);
  };

  const remove: Connections['remove'] = async (org, key) => {
    const row = await deleteConnection(db, org, key);
    if (!row) throw NotFound({ what: 'connection', id: key.upstream });
    await tell({ org, upstream: key.upstream, subject: key.subject });
    const target = targetOf(org, key.upstream);
    if (!target) return { revoked: false };
    return { revoked: await revokeTokens({ keyring, provider, clients, log }, target, row) };
  };

  const tidy = async () => {
    try {
      await deleteExpiredPending(db, now());
      await report.warn();
    } catch (error) {
      log.warn({ err: error }, 'connections could not be looked after; it is tried again');
    }
  };

  return {
    pages,
    flow,
    async finish(query, nonce) {
      const made = await flow.finish(query, nonce);
      const { org, upstream, subject, id } = made.pending;
      await tell({ org, upstream, subject, elicitation: id });
      return made;
    },
    authorizerFor,
    async wait(target, who, signal, ms) {
      const { org, upstream } = target;
      const subject = person(target, who);
      const until = now() + ms;
      const isThere = async () =>
        (await findConnection(db, org, { upstream, subject }))?.state === 'connected' ||
        signal.aborted ||
        now() >= until;
      while (!(await isThere())) {
        await new Promise<void>((resolve) => {
          const done = () => {
            clearTimeout(pause);
            listeners.delete(hear);
            signal.removeEventListener('abort', done);
            resolve();
          };
          const hear = (change: ConnectionChange) => {
            if (change.org === org && change.upstream === upstream && change.subject === subject) done();
          };
          const pause = setTimeout(done, Math.min(waitPollMs, Math.max(1, until - now())));
          listeners.add(hear);
          signal.addEventListener('abort', done, { once: true });
        });
      }
    },
    async invite(org, upstream, who) {
      const target = targetOf(org, upstream);
      if (!target) throw NotPersonal({ name: upstream });
      person(target, who);
      return flow.invite(target, who);
    },
    async needs(org, upstream, who) {
      const target = targetOf(org, upstream);
      if (!target || who.kind === 'anonymous' || who.kind === 'system') return undefined;
      const held = await findConnection(db, org, { upstream, subject: subjectBehind(who) });
      if (held?.state === 'connected') return undefined;
      return needed(target, who, 'you have not connected yours');
    },
    list: (org, of) => listConnections(db, org, of).then((rows) => rows.map(report.statusOf)),
    all: () => listAllConnections(db).then((rows) => rows.map(report.statusOf)),
    remove,
    async removeOf(org, subject) {
      await deletePending(db, org, { subject });
      await removeRows(await listConnections(db, org, { subject }));
    },
    async removeTo(org, upstream) {
      await deletePending(db, org, { upstream });
      await removeRows(await listConnections(db, org, { upstream }));
      await deleteClients(db, org, upstream);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    forget: () => tokens.forget(),
    start() {
      unsubscribe = bus.subscribe(topic, (message) => {
        if (!isObject(message)) return;
        const change = message as unknown as ConnectionChange;
        tokens.forget(change.org, change);
        for (const listener of [...listeners]) listener(change);
      });
      timer = setInterval(() => void tidy(), tidyMs);
      timer.unref();
      void tidy();
    },
    async stop() {
      unsubscribe();
      clearInterval(timer);
    },
  };
}
