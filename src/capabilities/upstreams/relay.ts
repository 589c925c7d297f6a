import { type JSONRPCRequest, ProtocolError } from '@modelcontextprotocol/client';
import type { CallerLink, InputRequest } from '../../kernel/call.ts';
import type { Crowd } from '../../kernel/crowd.ts';
import { FairleadError } from '../../kernel/errors.ts';
import { isObject, type Json, type JsonObject } from '../../kernel/json.ts';
import { CallerCannotAnswer } from './errors.ts';
import type { Flight, Scopes } from './flight.ts';
import { maxDepth, nestsDeeperThan } from './shape.ts';
import type { Timing } from './types.ts';

const methods: readonly string[] = ['elicitation/create', 'sampling/createMessage', 'roots/list'];

const methodNotFound = -32_601;
const refused = -32_000;

/** A question that an upstream put, if it is one of those that MCP knows. */
export function asInputRequest(value: unknown): InputRequest | undefined {
  if (!isObject(value) || typeof value.method !== 'string' || !methods.includes(value.method)) return undefined;
  return {
    method: value.method as InputRequest['method'],
    params: isObject(value.params) ? (value.params as JsonObject) : {},
  };
}

/** Why this caller cannot be asked this; undefined when it can. */
export function whyNot(link: CallerLink, { method, params }: InputRequest): string | undefined {
  if (link.era === 'none') return 'the caller is not reachable for questions';
  const declared = link.capabilities;
  if (method === 'roots/list') return isObject(declared.roots) ? undefined : 'the caller has no roots';
  if (method === 'sampling/createMessage') {
    if (!isObject(declared.sampling)) return 'the caller does not offer sampling';
    const wantsTools = params.tools !== undefined || params.toolChoice !== undefined;
    return wantsTools && !isObject(declared.sampling.tools)
      ? 'the caller does not offer sampling with tools'
      : undefined;
  }
  if (!isObject(declared.elicitation)) return 'the caller does not support elicitation';
  const { form, url } = declared.elicitation;
  if (params.mode === 'url') return isObject(url) ? undefined : 'the caller does not support elicitation by URL';
  // An empty object means forms: that is how callers said it before there was a second mode.
  return isObject(form) || !isObject(url) ? undefined : 'the caller does not support elicitation by form';
}

/** Puts a question to the caller of one call; its clock stands still meanwhile. Rejects with `CallerCannotAnswer`. */
export async function askCaller(
  name: string,
  flight: Flight,
  request: InputRequest,
  signal: AbortSignal,
  questionMs: number,
): Promise<JsonObject> {
  const reason = whyNot(flight.call.link, request);
  if (reason) throw CallerCannotAnswer({ name, reason });
  const patience = AbortSignal.timeout(questionMs);
  const either = AbortSignal.any([signal, patience]);
  const resume = flight.pauseClock();
  try {
    const answer = await orAborted(flight.call.link.ask(request, either), either);
    if (!isObject(answer)) throw CallerCannotAnswer({ name, reason: 'the answer is not an object' });
    return answer;
  } catch (error) {
    if (patience.aborted && !signal.aborted) {
      throw CallerCannotAnswer({ name, reason: 'the caller did not answer in time' }, { cause: error });
    }
    if (signal.aborted || CallerCannotAnswer.is(error)) throw error;
    const said = error instanceof FairleadError ? error.message : 'the caller refused to answer';
    throw CallerCannotAnswer({ name, reason: said }, { cause: error });
  } finally {
    resume();
  }
}

interface RelayDeps {
  name: string;
  scopes: Scopes;
  timing: Timing;
  /** Calls in flight on this connection. */
  flights: Crowd<Flight>;
  /** Calls that were given up but which the upstream may still be working on. */
  abandoned(): number;
}

/** Who a request or notification from an upstream belongs to; the reason when that cannot be told. */
export function ownerOf({ scopes, flights, abandoned }: RelayDeps): Flight | string {
  const scope = scopes.getStore();
  if (scope) {
    if (!scope.flight) return 'it belongs to no call';
    return flights.has(scope.flight) ? scope.flight : 'the call that it belongs to is over';
  }
  const [only, ...others] = flights;
  if (!only) return 'no call is in flight';
  if (others.length > 0) return 'several calls share this connection, so it cannot be told whose question it is';
  // Its question must not reach the caller of another.
  if (abandoned() > 0) return 'a call on this connection was given up, and may be the one that asks';
  return only;
}

/** Answers what an upstream of the older protocol asks while it works on a call. Throws JSON-RPC errors. */
export async function answerUpstream(
  deps: RelayDeps,
  raw: JSONRPCRequest,
  cancelled: AbortSignal,
): Promise<JsonObject> {
  const request = asInputRequest(raw);
  if (request && nestsDeeperThan(request.params, maxDepth))
    throw new ProtocolError(refused, 'The question is nested too deeply');
  if (!request) throw new ProtocolError(methodNotFound, 'Method not found');
  const owner = ownerOf(deps);
  const reason = typeof owner === 'string' ? owner : whyNot(owner.call.link, request);
  // Servers ask for roots when a session opens, too: having none is an answer, and true.
  if (request.method === 'roots/list' && reason) return { roots: [] };
  if (typeof owner === 'string' || reason) {
    throw new ProtocolError(refused, `The gateway cannot relay ${request.method}: ${reason}.`);
  }
  try {
    const signal = AbortSignal.any([cancelled, owner.call.signal]);
    return await askCaller(deps.name, owner, request, signal, deps.timing.questionMs);
  } catch (error) {
    const said = error instanceof FairleadError ? error.message : 'the caller is gone';
    throw new ProtocolError(refused, `The gateway cannot relay ${request.method}: ${said}`);
  }
}

/** Hands a log message to its call; false when it belongs to none. */
export function relayLog(deps: RelayDeps, params: JsonObject): boolean {
  const owner = ownerOf(deps);
  if (typeof owner === 'string') return false;
  const level = typeof params.level === 'string' ? params.level : 'info';
  const logger = typeof params.logger === 'string' ? params.logger : undefined;
  owner.call.link.log(level, (params.data ?? null) as Json, logger);
  return true;
}

/** Rejects as soon as the signal is aborted, whether or not the work listens to it. */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) {
    work.catch(() => undefined);
    return Promise.reject(signal.reason);
  }
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    const release = () => signal.removeEventListener('abort', onAbort);
    work.then(
      (value) => {
        release();
        resolve(value);
      },
      (error: unknown) => {
        release();
        reject(error);
      },
    );
  });
}
