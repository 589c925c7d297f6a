import type { Operation } from '../kernel/call.ts';
import { isObject, type Json, type JsonObject } from '../kernel/json.ts';

/** From a toolset's own URI to the one on the wire. */
export type UriRewriter = (uri: string) => string;

/** A provider's result with the URIs by which its reader finds the resources at the endpoint that was called. */
export function withWireUris(operation: Operation, result: JsonObject, rewrite: UriRewriter): JsonObject {
  switch (operation) {
    case 'tool':
      return mapped(result, 'content', (block) => rewriteBlock(block, rewrite));
    case 'read':
      return mapped(result, 'contents', (item) => withUri(item, rewrite));
    case 'prompt':
      return mapped(result, 'messages', (message) =>
        isObject(message)
          ? { ...(message as JsonObject), content: rewriteBlock((message as JsonObject).content ?? null, rewrite) }
          : message,
      );
    case 'complete':
      return result;
  }
}

function mapped(result: JsonObject, field: string, each: (item: Json) => Json): JsonObject {
  const list = result[field];
  return Array.isArray(list) ? { ...result, [field]: list.map(each) } : result;
}

function rewriteBlock(block: Json, rewrite: UriRewriter): Json {
  if (Array.isArray(block)) return block.map((one) => rewriteBlock(one, rewrite));
  if (!isObject(block)) return block;
  if (block.type === 'resource_link') return withUri(block as JsonObject, rewrite);
  if (block.type === 'resource')
    return { ...(block as JsonObject), resource: withUri((block as JsonObject).resource ?? null, rewrite) };
  return block as JsonObject;
}

function withUri(value: Json, rewrite: UriRewriter): Json {
  return isObject(value) && typeof value.uri === 'string'
    ? { ...(value as JsonObject), uri: rewrite(value.uri) }
    : value;
}
