import { startCallClock, type TimeLimit } from '../../kernel/budget.ts';
import type { Call, CallerLink, Continuation, ProviderReply } from '../../kernel/call.ts';
import { addedTo, expenseIn } from '../../kernel/cost.ts';
import { FairleadError } from '../../kernel/errors.ts';
import { follow } from '../../kernel/follow.ts';
import { isObject, type JsonObject } from '../../kernel/json.ts';
import { mirroredHeaders } from '../../kernel/paramheaders.ts';
import { createPlaces, NoPlace } from '../../kernel/places.ts';
import type { Tool } from '../../kernel/tool.ts';
import { type Breaker, BreakerOpen, createBreaker } from './breaker.ts';
import type { Connection } from './connection.ts';
import { CallCancelled, UpstreamBusy, UpstreamProtocol, UpstreamTimeout, UpstreamUnavailable } from './errors.ts';
import { type Failure, judge } from './failures.ts';
import type { Flight, Scope } from './flight.ts';
import type { Lease } from './pool.ts';
import { asInputRequest, askCaller, orAborted } from './relay.ts';
import type { Declaration, Surroundings } from './types.ts';
import { askToVisit, visitIn } from './visits.ts';

type UpstreamCall = Call & { tool: Tool };

const maxRounds = 10;

/** Runs calls on an upstream within its bounds: time, number, further tries, circuit breaker. */
export interface Dispatcher {
  dispatch(call: UpstreamCall, signal: AbortSignal): Promise<ProviderReply>;
  inFlight(): number;
  breaker: Breaker;
}

interface Deps {
  declaration: Declaration;
  around: Surroundings;
  /** What it answers without the credentials that it was given. */
  withoutSecrets<T>(answer: T): T;
  acquire(call: UpstreamCall, signal: AbortSignal): Promise<Lease>;
  /** The connection may be broken. */
  suspect(connection: Connection): void;
  /** The connection is of no use any more. */
  replace(connection: Connection, reason: string): void;
  /** What was listed is out of date. */
  listAgain(): void;
}

/** An exchange that failed, with what it means. */
class Failed extends Error {
  override name = 'Failed';
  readonly failure: Failure;
  readonly connection: Connection | undefined;

  constructor(failure: Failure, connection: Connection | undefined) {
    super(failure.error.message, { cause: failure.error });
    this.failure = failure;
    this.connection = connection;
  }
}

export function createDispatcher(deps: Deps): Dispatcher {
  const { declaration, around, withoutSecrets, acquire, suspect, replace, listAgain } = deps;
  const { org, name, settings } = declaration;
  const { timing, now, observe } = around;
  /** Whatever it says while it works goes to the caller, and questions into the records. */
  const linkWithout = (link: CallerLink): CallerLink => ({
    ...link,
    ask: (request, signal) => link.ask(withoutSecrets(request), signal),
    progress: (update) => link.progress(withoutSecrets(update)),
    log: (level, data, logger) => link.log(level, withoutSecrets(data), logger),
  });
  const places = createPlaces(settings.maxConcurrentCalls, settings.maxConcurrentCalls);
  const breaker = createBreaker(settings.breaker, {
    counts: (error) => error instanceof Failed && error.failure.counts,
    saysNothing: (error) => CallCancelled.is(error) || (error instanceof Failed && error.failure.saysNothing === true),
    now,
  });
  /** Time-outs that came of a deadline of the caller's own. */
  const inHurry = new WeakSet<FairleadError>();
  let running = 0;

  /** One exchange on one connection. */
  const attempt = async (call: UpstreamCall, flight: Flight, params: JsonObject, signal: AbortSignal) => {
    let scope: Scope | undefined;
    let lease: Lease | undefined;
    try {
      lease = await acquire(call, signal);
      const { connection } = lease;
      const leave = connection.flights.enter(flight);
      try {
        const headers =
          call.operation === 'tool' && connection.era === 'modern' && connection.kind === 'http'
            ? mirroredHeaders(call.tool.definition.inputSchema, call.arguments)
            : undefined;
        const options = {
          signal,
          flight,
          ...(headers ? { headers } : {}),
          onScope: (started: Scope) => {
            scope = started;
          },
        };
        const meta = outgoingMeta(call, connection);
        const withMeta = Object.keys(meta).length > 0 ? { ...params, _meta: meta } : params;
        delete call.unsent;
        const result = withoutSecrets(await connection.request(methodOf(call), withMeta, options));
        return { result, connection };
      } finally {
        leave();
      }
    } catch (error) {
      // An aborted exchange says what aborted it: the clock, or the caller.
      if (signal.aborted) {
        if (UpstreamTimeout.is(signal.reason)) {
          // A caller in a hurry must not have the upstream taken away from the others.
          const hurried = inHurry.has(signal.reason);
          throw new Failed(
            { error: signal.reason, counts: !hurried, saysNothing: hurried, retry: 'never', suspect: true },
            lease?.connection,
          );
        }
        throw CallCancelled({ name }, { cause: signal.reason });
      }
      throw new Failed(judge(name, call.providerTarget ?? call.target, error, scope), lease?.connection);
    } finally {
      lease?.release();
    }
  };

  /** One round, with further tries where a second run does no harm. */
  const round = async (call: UpstreamCall, flight: Flight, params: JsonObject, signal: AbortSignal) => {
    const { readOnly, idempotent } = call.tool.annotations;
    const mayRepeat = call.operation !== 'tool' || readOnly || idempotent;
    let hasReached = false;
    call.unsent = true;
    for (let tries = 0; ; tries++) {
      try {
        return await breaker.run(() => attempt(call, flight, params, signal));
      } catch (error) {
        if (error instanceof BreakerOpen) {
          const reason = 'it failed repeatedly and gets a pause';
          throw UpstreamUnavailable({ name, reason }, { retryAfterSeconds: breaker.retryAfterSeconds() });
        }
        if (!(error instanceof Failed)) throw error;
        const { failure, connection } = error;
        hasReached ||= connection !== undefined && failure.retry !== 'unsent';
        if (!hasReached) call.unsent = true;
        const sessionLost = failure.sessionLost === true && connection?.sessionId !== undefined;
        if (connection && sessionLost) replace(connection, 'the session has expired');
        else if (connection && failure.suspect) suspect(connection);
        if (failure.staleListing) listAgain();
        // Even with no tries allowed one is made where the request surely never reached anybody.
        const harmless = sessionLost || failure.retry === 'unsent';
        const allowed = mayRepeat && failure.retry !== 'never' ? settings.retries : 0;
        if (tries >= Math.max(allowed, harmless ? 1 : 0)) return lastWord(error);
        const pauseMs = retryPause(tries, failure.retryAfterSeconds);
        if (failure.retryAfterSeconds !== undefined && pauseMs > timing.retryAfterMs) return lastWord(error);
        await orAborted(new Promise((resolve) => setTimeout(resolve, pauseMs)), signal).catch(() => undefined);
        if (signal.aborted) {
          if (UpstreamTimeout.is(signal.reason)) return lastWord(error);
          throw CallCancelled({ name });
        }
      }
    }
  };

  /** What comes of a failure when no further try is made. */
  const lastWord = ({ failure, connection }: Failed) => {
    if (failure.result === undefined) throw failure.error;
    return { result: withoutSecrets(failure.result), connection };
  };

  const retryPause = (tries: number, retryAfterSeconds: number | undefined): number => {
    const full = Math.min(timing.retryMaxMs, timing.retryMinMs * 2 ** tries);
    const jittered = full / 2 + (full / 2) * Math.random();
    return retryAfterSeconds === undefined ? jittered : retryAfterSeconds * 1_000 + jittered;
  };

  /** All rounds of a call as far as they can go here. */
  const run = async (call: UpstreamCall, flight: Flight, signal: AbortSignal): Promise<ProviderReply> => {
    const visit = visitIn(call.continuation);
    if (visit?.accepted) await visited(call, flight, signal);
    try {
      return await runRounds(call, flight, signal, visit ? visit.rest : call.continuation);
    } catch (error) {
      return askToVisit(call, error, visit);
    }
  };

  /** A caller says that somebody opens the page, not that they are done there: a client would be back at once. */
  const visited = async ({ principal }: UpstreamCall, flight: Flight, signal: AbortSignal) => {
    const goOn = flight.pauseClock();
    await around.credentials?.settled?.(declaration, principal, signal).catch(() => undefined);
    goOn();
  };

  const runRounds = async (
    call: UpstreamCall,
    flight: Flight,
    signal: AbortSignal,
    continuation: Continuation | undefined,
  ): Promise<ProviderReply> => {
    let params = paramsOf(call);
    if (continuation) params = { ...params, ...continuation };
    for (let rounds = 0; rounds < maxRounds; rounds++) {
      const { result, connection } = await round(call, flight, params, signal);
      const told = settings.costs === 'trust' ? expenseIn(result) : undefined;
      if (told) call.spent = addedTo(call.spent, told);
      if (connection?.kind === 'openapi') return ownReply(result);
      if (result.resultType !== 'input_required') return { kind: 'result', result: usable(call, result) };
      const inputRequests = isObject(result.inputRequests) ? (result.inputRequests as JsonObject) : undefined;
      const requestState = typeof result.requestState === 'string' ? result.requestState : undefined;
      if (call.link.era === 'modern') {
        return {
          kind: 'input_required',
          required: {
            ...(inputRequests ? { inputRequests } : {}),
            ...(requestState === undefined ? {} : { requestState }),
          },
        };
      }
      const inputResponses = await askAll(flight, inputRequests ?? {}, signal);
      params = { ...paramsOf(call), inputResponses, ...(requestState === undefined ? {} : { requestState }) };
    }
    throw UpstreamProtocol({ name, reason: `it asked for input more than ${maxRounds} times` });
  };

  // One after the other: a person answers one form at a time.
  const askAll = async (flight: Flight, requests: JsonObject, signal: AbortSignal): Promise<JsonObject> => {
    const responses: JsonObject = {};
    for (const [key, value] of Object.entries(requests)) {
      const request = asInputRequest(value);
      if (!request) throw UpstreamProtocol({ name, reason: 'it asked for input of an unknown kind' });
      responses[key] = await askCaller(name, flight, request, signal, timing.questionMs);
    }
    return responses;
  };

  const usable = (call: UpstreamCall, result: JsonObject): JsonObject => {
    const fields = { tool: 'content', read: 'contents', prompt: 'messages', complete: 'completion' } as const;
    const field = fields[call.operation];
    const value = result[field];
    if (call.operation === 'complete' ? isObject(value) : Array.isArray(value)) return result;
    // Revision 2025-06-18 and later let a tool give structured content alone, and servers do.
    if (call.operation === 'tool' && value === undefined && 'structuredContent' in result)
      return { content: [], ...result };
    throw UpstreamProtocol({ name, reason: `its result has no ${field}` });
  };

  const timeout = (by: TimeLimit, budgetMs: number): FairleadError => {
    if (by === 'deadline') {
      const error = UpstreamTimeout({ name, limit: 'the time that its caller gave', remedy: 'with more time' });
      inHurry.add(error);
      return error;
    }
    const whose = budgetMs === settings.callTimeoutMs ? 'this upstream' : 'this tool';
    const limit = `${Math.round(budgetMs)} ms, the time-out of ${whose}`;
    return UpstreamTimeout({ name, limit, remedy: 'later' });
  };

  const dispatch = async (call: UpstreamCall, outer: AbortSignal): Promise<ProviderReply> => {
    const budgetMs = call.timeoutMs ?? call.tool.timeoutMs ?? settings.callTimeoutMs;
    const stop = new AbortController();
    const { signal } = stop;
    const release = follow(outer, stop);
    const clock = startCallClock(budgetMs, call.deadline, (by) => timeout(by, budgetMs), stop);
    const flight: Flight = { call: { ...call, link: linkWithout(call.link) }, pauseClock: () => clock.pause() };
    running++;
    observe?.inFlight(org, name, running);
    try {
      const work = places.run(() => run(call, flight, signal), signal);
      return await orAborted(work, signal);
    } catch (error) {
      if (outer.aborted) throw CallCancelled({ name }, { cause: error });
      if (signal.aborted) throw signal.reason; // its time is over
      if (error instanceof NoPlace) {
        const reason = `${settings.maxConcurrentCalls} calls run and as many wait`;
        throw UpstreamBusy({ name, reason }, { retryAfterSeconds: 1 });
      }
      if (error instanceof FairleadError) throw error;
      throw UpstreamUnavailable({ name, reason: 'the call failed' }, { cause: error });
    } finally {
      clock.stop();
      release();
      running--;
      observe?.inFlight(org, name, running);
    }
  };

  return { dispatch, inFlight: () => running, breaker };
}

/** An answer of an API was put into words here, so that its `_meta` is ours. */
function ownReply({ _meta, ...result }: JsonObject): ProviderReply {
  return { kind: 'result', result, ...(isObject(_meta) ? { meta: _meta as JsonObject } : {}) };
}

function methodOf({ operation }: Call): string {
  const methods = {
    tool: 'tools/call',
    read: 'resources/read',
    prompt: 'prompts/get',
    complete: 'completion/complete',
  } as const;
  return methods[operation];
}

function paramsOf(call: Call): JsonObject {
  const target = call.providerTarget ?? call.target;
  switch (call.operation) {
    case 'tool':
      return { name: target, arguments: call.arguments };
    case 'read':
      return { uri: target };
    case 'prompt':
      return { name: target, arguments: call.arguments };
    case 'complete':
      return call.arguments;
  }
}

/** The caller's `_meta`, with the trace context that the gateway put there; on 2026-07-28 also what this caller, rather than the gateway, can be asked. */
function outgoingMeta(call: Call, connection: Connection): JsonObject {
  const meta: JsonObject = {};
  for (const [key, value] of Object.entries(call.meta ?? {})) {
    const isOurs = key.startsWith('io.modelcontextprotocol/') || key.startsWith('dev.fairlead/');
    if (key !== 'progressToken' && !isOurs) meta[key] = value;
  }
  if (connection.era !== 'modern') return meta;
  const { elicitation, sampling, roots } = call.link.era === 'none' ? {} : call.link.capabilities;
  const can: JsonObject = {};
  if (elicitation !== undefined) can.elicitation = elicitation;
  if (sampling !== undefined) can.sampling = sampling;
  if (roots !== undefined) can.roots = roots;
  meta['io.modelcontextprotocol/clientCapabilities'] = can;
  if (call.link.logLevel !== undefined) meta['io.modelcontextprotocol/logLevel'] = call.link.logLevel;
  return meta;
}
