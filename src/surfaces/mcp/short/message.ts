import { isObject, type JsonObject } from '../../../kernel/json.ts';
import { isShortMethod, type ShortMethod } from './head.ts';

/** A message that the short way serves: it asks for nothing but a plain answer. */
export type ShortMessage = ShortList | ShortCall;

interface ShortRequest {
  id: string | number;
  body: JsonObject;
  meta: JsonObject;
}

export interface ShortList extends ShortRequest {
  method: 'tools/list';
}

export interface ShortCall extends ShortRequest {
  method: 'tools/call';
  name: string;
  arguments: JsonObject;
}

const messageKeys = new Set(['jsonrpc', 'id', 'method', 'params']);
const paramKeys: Record<ShortMethod, Set<string>> = {
  'tools/call': new Set(['name', 'arguments', '_meta']),
  'tools/list': new Set(['_meta']),
};

/** The message in a parsed body; undefined sends it the long way. */
export function messageIn(body: unknown): ShortMessage | undefined {
  if (!isObject(body) || body.jsonrpc !== '2.0' || !isShortMethod(body.method) || !hasOnly(body, messageKeys))
    return undefined;
  const { id, method, params = {} } = body;
  if (typeof id !== 'string' && !Number.isSafeInteger(id)) return undefined;
  if (!isObject(params) || !hasOnly(params, paramKeys[method])) return undefined;
  const { _meta: meta = {}, name, arguments: args = {} } = params;
  if (!isObject(meta)) return undefined;
  const common = { id: id as string | number, body: body as JsonObject, meta: meta as JsonObject };
  if (method === 'tools/list') return { ...common, method };
  if (typeof name !== 'string' || !isObject(args)) return undefined;
  return { ...common, method, name, arguments: args as JsonObject };
}

function hasOnly(object: object, keys: ReadonlySet<string>): boolean {
  return Object.keys(object).every((key) => keys.has(key));
}
