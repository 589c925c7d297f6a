import type { Transport } from '@modelcontextprotocol/server';
import { isObject } from '../../kernel/json.ts';

type Id = string | number;

/** Ids of the requests of one session that have no answer yet: a second one under the same id would never get one. */
export interface IdsInUse {
  /**
   * Takes the ids of the requests in a message or batch, unless one of them is in use; a cancellation in it gives its
   * id back. `release` is for a body that was refused.
   */
  take(body: unknown): { release(): void } | { inUse: Id };
  /** The same for the id of a single request that is not in use. */
  takeOne(id: Id): { release(): void };
  isInUse(id: Id): boolean;
}

/** Follows what is answered over a transport. */
export function idsInUse(transport: Transport): IdsInUse {
  // The SDK answers a batch as a whole, so its ids are in use until the last of them has been answered.
  const batches = new Map<Id, Set<Id>>();
  const answered = (id: Id) => {
    const batch = batches.get(id);
    if (!batch?.delete(id) || batch.size > 0) return;
    for (const [each, of] of batches) if (of === batch) batches.delete(each);
  };

  const send = transport.send.bind(transport);
  transport.send = async (message, options) => {
    try {
      await send(message, options);
    } finally {
      if ('id' in message && !('method' in message) && message.id !== undefined) answered(message.id);
    }
  };

  return {
    take(body) {
      const messages = (Array.isArray(body) ? body : [body]).filter(isObject);
      for (const { method, params } of messages) {
        if (method === 'notifications/cancelled' && isObject(params) && isId(params.requestId))
          answered(params.requestId);
      }
      const ids = messages
        .filter(({ method }) => typeof method === 'string')
        .flatMap(({ id }) => (isId(id) ? [id] : []));
      const twice = ids.find((id, at) => batches.has(id) || ids.indexOf(id) !== at);
      if (twice !== undefined) return { inUse: twice };
      const batch = new Set(ids);
      for (const id of ids) batches.set(id, batch);
      return { release: () => ids.forEach(answered) };
    },
    isInUse: (id) => batches.has(id),
    takeOne(id) {
      batches.set(id, new Set([id]));
      return { release: () => answered(id) };
    },
  };
}

function isId(value: unknown): value is Id {
  return typeof value === 'string' || typeof value === 'number';
}
