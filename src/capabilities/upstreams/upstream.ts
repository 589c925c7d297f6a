import type { Call, ProviderReply } from '../../kernel/call.ts';
import { subjectBehind } from '../../kernel/principal.ts';
import type { Tool } from '../../kernel/tool.ts';
import { type EraMemory, openConnection } from './connect.ts';
import type { Connection } from './connection.ts';
import { createDispatcher } from './dispatch.ts';
import { UpstreamUnavailable } from './errors.ts';
import { reasonOf } from './failures.ts';
import { createScopes } from './flight.ts';
import { createKeeper } from './keeper.ts';
import { createPool, type Lease } from './pool.ts';
import { answerRedactor, redactingLog, redactor, targetOf } from './secrets.ts';
import { createSentCredentials } from './sent.ts';
import type { Declaration, Surroundings, TransportKind, UpstreamStatus } from './types.ts';

/** One upstream with all that belongs to it: nothing of it is shared with another. */
export interface Upstream {
  readonly declaration: Declaration;
  start(): void;
  /** Resolves once it was listed, or has spent its start time-out. */
  readonly settled: Promise<void>;
  status(): UpstreamStatus;
  dispatch(call: Call & { tool: Tool }, signal: AbortSignal): Promise<ProviderReply>;
  /** A credential for it came: lists it at once, if it is not live. */
  tryNow(): void;
  /** Closes the connection of somebody whose credential has changed. */
  release(subject: string): void;
  /** Which of its resources somebody wants to be told about. */
  watch(uris: readonly string[]): void;
  /** Lets running calls end, takes no new ones, then stops. */
  retire(): Promise<void>;
  stop(): Promise<void>;
}

export function createUpstream(
  declaration: Declaration,
  surroundings: Surroundings,
  resourceUpdated: (uri: string) => void,
): Upstream {
  const { org, name, source, settings, fault } = declaration;
  const { timing, now, credentials } = surroundings;
  const sent = createSentCredentials({ now, graceMs: settings.callTimeoutMs });
  const redact = redactor(settings, sent.known);
  const around = {
    ...surroundings,
    log: redactingLog(surroundings.log, redact),
    ...(credentials ? { credentials: sent.watching(credentials) } : {}),
  };
  const withoutSecrets = answerRedactor(declaration, sent.known);
  const scopes = createScopes();
  const target = targetOf(settings);
  // All connections use the credentials of the declaration, so they are one authorization context; unless each has its own.
  const isPersonal = 'url' in settings && credentials?.isPersonal(declaration) === true;
  const memory: EraMemory = {};
  const keeper = createKeeper({ declaration, around, scopes, memory, redact, withoutSecrets, resourceUpdated });
  const pool = createPool({
    name,
    timing,
    now,
    open: (signal, who) =>
      openConnection({
        declaration,
        who,
        memory: isPersonal ? {} : memory,
        around,
        scopes,
        signal,
        redact,
        events: { listChanged: () => undefined, resourceUpdated: () => undefined },
      }),
  });

  const acquire = async (call: Call, signal: AbortSignal): Promise<Lease> => {
    const off = fault ?? (settings.disabled ? 'it is disabled' : undefined);
    if (off) throw UpstreamUnavailable({ name, reason: off });
    if (isPersonal) {
      // Whether it can be listed says nothing about this caller, and what the caller lacks is said at once.
      await around.credentials?.authorizerFor(declaration, call.principal)?.headers(signal);
      return pool.acquire(isolationKey(call), signal, call.principal);
    }
    // While the upstream as a whole is down, opening a connection for each call would only add to its troubles.
    const connection = await keeper.live(signal);
    if (settings.isolation === 'shared') return { connection, release: () => undefined };
    return pool.acquire(isolationKey(call), signal, call.principal);
  };

  const isolationKey = ({ principal, link }: Call): string => {
    // An agent of a person uses that person's credential, so it may share the person's connection.
    const whose = isPersonal && settings.isolation === 'shared' ? subjectBehind(principal) : principal.id;
    // Callers of 2026-07-28 and of REST have no session; the nearest thing that is theirs alone is who they are.
    const session = settings.isolation === 'session' ? link.sessionId : undefined;
    if (session === undefined) return `principal ${whose}`;
    return isPersonal ? `session ${session} of ${whose}` : `session ${session}`;
  };

  const replace = (connection: Connection, reason: string) => {
    keeper.replace(connection, reason);
    pool.drop(connection, reason);
  };

  const suspect = (connection: Connection) => {
    if (connection === keeper.connection()) keeper.suspect();
    else {
      connection
        .check(AbortSignal.timeout(timing.healthMs))
        .catch((error: unknown) => pool.drop(connection, reasonOf(error)));
    }
  };

  const listAgain = () => keeper.listAgain();
  const dispatcher = createDispatcher({ declaration, around, withoutSecrets, acquire, replace, suspect, listAgain });
  let stopped: Promise<void> | undefined;

  const stop = (): Promise<void> => {
    stopped ??= Promise.all([keeper.stop(), pool.stop()]).then(() => undefined);
    return stopped;
  };

  return {
    declaration,
    start() {
      if (settings.disabled) return;
      if (fault === undefined) keeper.start();
      else void around.catalog.markStale(org, name, fault).catch(() => undefined);
    },
    settled: settings.disabled || fault !== undefined ? Promise.resolve() : keeper.settled,
    status() {
      const facts = keeper.facts();
      return {
        org,
        name,
        source,
        transport: memory.kind ?? declaredTransport(settings),
        target,
        isolation: settings.isolation,
        tellsCosts: settings.costs === 'trust',
        ...facts,
        ...(fault === undefined ? {} : { state: 'failing', reason: fault }),
        ...(settings.disabled ? { state: 'disabled' } : {}),
        inFlight: dispatcher.inFlight(),
        breaker: dispatcher.breaker.state(),
      };
    },
    dispatch: dispatcher.dispatch,
    tryNow: () => keeper.tryNow(),
    release(subject) {
      pool.release((key) => key === `principal ${subject}` || key.endsWith(` of ${subject}`));
      sent.forget(subject);
    },
    watch: (uris) => keeper.watch(uris),
    async retire() {
      keeper.retire();
      const until = now() + settings.callTimeoutMs;
      while (dispatcher.inFlight() > 0 && now() < until && !stopped) {
        await new Promise((resolve) => setTimeout(resolve, 100).unref());
      }
      await stop();
    },
    stop,
  };
}

export function declaredTransport(settings: Declaration['settings']): TransportKind {
  if ('command' in settings) return 'stdio';
  if ('openapi' in settings) return 'openapi';
  return settings.transport === 'sse' ? 'sse' : 'http';
}
