import { type JSONRPCMessage, SdkError, SdkErrorCode } from '@modelcontextprotocol/client';
import type { CallerLink } from '../../kernel/call.ts';
import { isObject, type JsonObject } from '../../kernel/json.ts';
import { type DirectExchange, errorOf, firstId, invalidAnswer, progressOf } from './direct.ts';
import { maxDepth, nestsDeeperThan } from './shape.ts';

/** Calls of tools on a pipe that the SDK's client uses as well. */
export interface PipeExchange extends DirectExchange {
  /** Looks at each message before the client does; true for what is for one of the calls made here. */
  take(message: JSONRPCMessage): boolean;
}

interface Waiting {
  link: CallerLink | undefined;
  resolve(result: JsonObject): void;
  reject(error: unknown): void;
}

const nobody: Waiting = { link: undefined, resolve: () => undefined, reject: () => undefined };

/**
 * `tools/call` of the session revisions past the SDK's client, line against line. Questions and log messages stay with
 * the client, and what fails is thrown as the client would throw it.
 */
export function createPipeExchange(send: (message: JSONRPCMessage) => Promise<void>): PipeExchange {
  const waiting = new Map<unknown, Waiting>();
  let lastId = firstId;

  return {
    call(params, { signal, scope, link }) {
      if (signal.aborted) return Promise.reject(signal.reason);
      const id = ++lastId;
      scope.requestId = id;
      const { promise, resolve, reject } = Promise.withResolvers<JsonObject>();
      const onAbort = () => {
        forget();
        const cancelled = { requestId: id, reason: String(signal.reason) };
        send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: cancelled }).catch(() => undefined);
        reject(signal.reason);
      };
      const over = (settle: () => void) => {
        forget();
        signal.removeEventListener('abort', onAbort);
        settle();
      };
      const call: Waiting = {
        link,
        resolve: (result) => over(() => resolve(result)),
        reject: (error) => over(() => reject(error)),
      };
      const forget = () => {
        waiting.delete(id);
        Object.assign(call, nobody); // an old table of the Map may hold it for long: see kernel/crowd.ts
      };
      waiting.set(id, call);
      signal.addEventListener('abort', onAbort, { once: true });
      const _meta = { ...(params._meta as JsonObject | undefined), progressToken: id };
      const message = { jsonrpc: '2.0' as const, id, method: 'tools/call', params: { ...params, _meta } };
      send(message).catch((error: unknown) => waiting.get(id)?.reject(error));
      return promise;
    },

    take(message) {
      if ('method' in message) {
        if (message.method !== 'notifications/progress' || !isObject(message.params)) return false;
        const call = waiting.get(message.params.progressToken);
        const update = call && progressOf(message.params as JsonObject);
        if (update) call.link?.progress(update);
        return call !== undefined;
      }
      const call = waiting.get(message.id);
      if (!call) return false;
      if ('error' in message) call.reject(errorOf(message.error) ?? invalidAnswer('its error is none'));
      else if (nestsDeeperThan(message.result, maxDepth)) call.reject(invalidAnswer('it is nested too deeply'));
      else {
        const { resultType: _, ...result } = message.result as JsonObject; // no word of these revisions
        call.resolve(result);
      }
      return true;
    },

    close() {
      for (const { reject } of waiting.values())
        reject(new SdkError(SdkErrorCode.ConnectionClosed, 'Connection closed'));
    },
  };
}
