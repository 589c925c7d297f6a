import { backoffMs } from './backoff.ts';
import { type EraMemory, forget, openConnection } from './connect.ts';
import type { Connection, Listing } from './connection.ts';
import { UpstreamUnavailable } from './errors.ts';
import { type Trouble, troubleOf } from './failures.ts';
import type { Scopes } from './flight.ts';
import { patience } from './patience.ts';
import { orAborted } from './relay.ts';
import { tend } from './tend.ts';
import type { Declaration, Surroundings, UpstreamState, UpstreamStatus } from './types.ts';

type Facts = Pick<
  UpstreamStatus,
  | 'state'
  | 'reason'
  | 'detail'
  | 'era'
  | 'tools'
  | 'prompts'
  | 'resources'
  | 'leftOut'
  | 'refused'
  | 'since'
  | 'lastListedAt'
  | 'restarts'
>;

const shownRefusals = 20;

/** Keeps one connection to an upstream alive in the background and its listing in the catalog up to date. */
export interface Keeper {
  start(): void;
  /** Resolves once it was listed, or has spent its start time-out. */
  settled: Promise<void>;
  facts(): Facts;
  connection(): Connection | undefined;
  /** The connection, waiting a little for one that is being replaced. Rejects with `UpstreamUnavailable`. */
  live(signal: AbortSignal): Promise<Connection>;
  /** Something went wrong on it: look whether it still answers. */
  suspect(): void;
  /** What was listed is out of date. */
  listAgain(): void;
  /** What kept it from being listed may be over: the pause before the next attempt ends. */
  tryNow(): void;
  /** It is of no use any more: replace it at once. */
  replace(connection: Connection, reason: string): void;
  watch(uris: readonly string[]): void;
  /** Stops telling the catalog about it and does not reconnect any more. */
  retire(): void;
  stop(): Promise<void>;
}

interface Deps {
  declaration: Declaration;
  around: Surroundings;
  scopes: Scopes;
  memory: EraMemory;
  redact(text: string): string;
  withoutSecrets<T>(answer: T): T;
  resourceUpdated(uri: string): void;
}

export function createKeeper({
  declaration,
  around,
  scopes,
  memory,
  redact,
  withoutSecrets,
  resourceUpdated,
}: Deps): Keeper {
  const { org, name, source, settings } = declaration;
  const { catalog, timing, now, observe } = around;
  const log = around.log.child({ upstream: name, org });
  const stopping = new AbortController();
  const facts: Facts = { state: 'stopped', tools: 0, prompts: 0, resources: 0, since: now(), restarts: 0 };
  let running: Promise<void> | undefined;
  let current: Connection | undefined;
  let retired = false;
  let watched: readonly string[] = [];
  let wake: () => void = () => undefined; // ends the pause before the next attempt
  let nextAttemptAt = 0;
  let stored: Listing | undefined;
  let listChanged: () => void = () => undefined;
  let suspect: () => void = () => undefined;
  let renewing = false;
  const waiting = new Set<{ resolve(connection: Connection): void; reject(error: unknown): void }>();
  const { promise: settled, resolve: settle } = Promise.withResolvers<void>();

  const enter = (state: UpstreamState, trouble?: Trouble) => {
    if (facts.state !== state) facts.since = now();
    facts.state = state;
    facts.reason = trouble?.reason;
    facts.detail = trouble?.detail;
    observe?.state(org, name, state);
  };

  const markStale = async (reason: string): Promise<void> => {
    if (retired || stopping.signal.aborted) return;
    await catalog
      .markStale(org, name, reason)
      .catch((error: unknown) => log.error({ err: error }, 'could not mark the items of an upstream stale'));
  };

  const relist = async (connection: Connection, signal: AbortSignal): Promise<void> => {
    const listing = withoutSecrets(await connection.list(signal));
    if (retired || stopping.signal.aborted) return;
    facts.lastListedAt = now();
    if (listing === stored) return; // an API says by this that nothing has changed
    const { unusable = [], ...items } = listing;
    facts.tools = items.tools.length;
    facts.prompts = items.prompts.length;
    facts.resources = items.resources.length + items.templates.length;
    // Those of an API are Fairlead's own words, by the method that it sends itself.
    const isOwnWord = source === 'file' || connection.kind === 'openapi';
    const trustAnnotations = (settings.annotations ?? (isOwnWord ? 'trust' : 'ignore')) === 'trust';
    const trust = settings.trust ?? (source === 'file' ? 'first-use' : 'review');
    try {
      const { tools, callTimeoutMs } = settings;
      const { refused, leftOut, ...counts } = await catalog.replaceItems(org, name, items, {
        trustAnnotations,
        trust,
        tools,
        callTimeoutMs,
      });
      const shown = [...refused, ...unusable].slice(0, shownRefusals);
      if (leftOut !== undefined && leftOut !== facts.leftOut)
        log.warn({ leftOut, refused: shown }, 'left out of the catalog');
      Object.assign(facts, counts, { leftOut, refused: shown.length > 0 ? shown : undefined });
      stored = listing;
    } catch (error) {
      // Our database is not the upstream's fault: it stays live, and the next listing tries again.
      log.error({ err: error }, 'could not store the items of an upstream');
      setTimeout(() => listChanged(), timing.backoffMaxMs / 4).unref();
    }
  };

  /** Connects, lists and tends one connection; resolves with the reason of its end. */
  const serve = async (): Promise<Trouble> => {
    const bound = patience(Math.max(timing.connectMs, settings.startTimeoutMs));
    const signal = AbortSignal.any([stopping.signal, bound.signal]);
    const events = { listChanged: () => listChanged(), resourceUpdated };
    const opening = openConnection({ declaration, memory, around, scopes, events, signal, redact });
    const connection = await opening.catch((error: unknown) => {
      bound.end();
      throw error;
    });
    try {
      const listed = orAborted(relist(connection, signal), signal).finally(bound.end);
      await listed.catch((error: unknown) => {
        forget(memory); // it may speak something else by now
        throw error;
      });
      if (!connection.isOpen()) return { reason: await connection.closed };
      current = connection;
      facts.era = connection.protocolVersion;
      enter('live');
      settle();
      log.info({ era: connection.protocolVersion, tools: facts.tools }, 'upstream is live');
      connection.watch(watched);
      for (const { resolve } of waiting) resolve(connection);
      const care = tend({ connection, timing, now, log, relist: (until) => relist(connection, until) });
      listChanged = care.listChanged;
      suspect = care.suspect;
      return await orAborted(care.over, stopping.signal);
    } finally {
      if (current === connection) current = undefined;
      listChanged = suspect = () => undefined;
      await connection.close('the connection was given up');
    }
  };

  const run = async (): Promise<void> => {
    let failures = 0;
    let waited = false;
    while (!stopping.signal.aborted && !retired) {
      const startedAt = now();
      let trouble: Trouble;
      try {
        trouble = await serve();
      } catch (error) {
        trouble = troubleOf(error);
        if (!stopping.signal.aborted) log.debug({ err: error }, 'upstream failed');
      }
      if (stopping.signal.aborted || retired) break;
      facts.restarts++;
      const livedMs = now() - startedAt;
      if (renewing && livedMs >= timing.backoffMinMs) {
        renewing = false;
        continue;
      }
      renewing = false;
      failures = livedMs >= timing.stableMs ? 1 : failures + 1;
      const pauseMs = backoffMs(failures, timing);
      nextAttemptAt = now() + pauseMs;
      const { reason } = trouble;
      enter('failing', trouble);
      for (const { reject } of waiting) reject(unavailable());
      const { waits, ...said } = trouble;
      if (!waits)
        log.warn({ ...said, attempt: failures, nextAttemptMs: Math.round(pauseMs) }, 'upstream is not available');
      else if (!waited) log.info(said, 'upstream waits');
      waited = waits === true;
      await markStale(reason);
      if (waits) settle(); // for a person: a start does not wait for that
      await pause(pauseMs);
    }
  };

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
      if (stopping.signal.aborted) wake();
    });

  const unavailable = () =>
    UpstreamUnavailable(
      { name, reason: facts.reason ?? (facts.state === 'starting' ? 'it is being connected' : `it is ${facts.state}`) },
      { retryAfterSeconds: Math.max(1, Math.ceil((nextAttemptAt - now()) / 1_000)) },
    );

  return {
    start() {
      if (running) return;
      enter('starting');
      const timer = setTimeout(() => {
        if (facts.state === 'starting') {
          facts.reason = `it has not answered within ${settings.startTimeoutMs} ms`;
          void markStale(facts.reason);
        }
        settle();
      }, settings.startTimeoutMs);
      timer.unref();
      running = run().finally(() => clearTimeout(timer));
    },
    settled,
    facts: () => ({ ...facts }),
    connection: () => current,

    async live(signal) {
      if (current?.isOpen()) return current;
      // Between two connections, and while the first is made, a short wait spares the caller an error.
      const soon = facts.state === 'live' || (facts.state === 'starting' && facts.reason === undefined);
      if (!soon) throw unavailable();
      const { promise, resolve, reject } = Promise.withResolvers<Connection>();
      const waiter = { resolve, reject };
      waiting.add(waiter);
      const bound = patience(timing.reconnectMs);
      try {
        return await orAborted(promise, AbortSignal.any([signal, bound.signal]));
      } catch {
        signal.throwIfAborted();
        throw unavailable();
      } finally {
        bound.end();
        waiting.delete(waiter);
      }
    },

    suspect: () => suspect(),
    listAgain: () => listChanged(),
    tryNow: () => wake(),

    replace(connection, reason) {
      if (connection !== current) return;
      current = undefined;
      renewing = true;
      void connection.close(reason);
    },

    watch(uris) {
      watched = uris;
      current?.watch(uris);
    },

    retire() {
      retired = true;
    },

    async stop() {
      stopping.abort(new Error('stopped'));
      wake();
      settle();
      await running;
      enter('stopped');
    },
  };
}
