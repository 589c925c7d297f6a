import { isObject, type Json, JsonFault, type JsonObject, parseJson } from '../../kernel/json.ts';
import type { ToolResult } from '../../kernel/tool.ts';

/**
 * What a plan takes from a result: the structured content; else the text, as JSON where it is an object or a list;
 * else `{ text }`, with the blocks that are no text under `blocks`. A text such as `42` stays text: what it is must not
 * depend on what it happens to say.
 */
export function valueFrom(result: ToolResult): Json {
  if (result.structuredContent !== undefined) return result.structuredContent;
  const text = textOf(result);
  const parsed = objectOrList(text);
  if (parsed !== undefined) return parsed;
  const blocks = result.content.filter(({ type }) => type !== 'text');
  return { text, ...(blocks.length > 0 ? { blocks } : {}) };
}

/** What a tool says in words. */
export function textOf({ content }: ToolResult): string {
  return content.flatMap(({ type, text }) => (type === 'text' && typeof text === 'string' ? [text] : [])).join('\n');
}

function objectOrList(text: string): Json | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return parseJson(text) as Json;
  } catch (error) {
    if (error instanceof JsonFault) return undefined;
    throw error;
  }
}

/** The value without the bytes of pictures and files, which no model can read and a reference carries anyway. */
export function withoutBytes(value: Json): Json {
  if (!isObject(value) || !Array.isArray(value.blocks)) return value;
  return { ...(value as JsonObject), blocks: value.blocks.map(blockWithoutBytes) };
}

function blockWithoutBytes(block: unknown): Json {
  if (!isObject(block)) return null;
  const entries = Object.entries(block as JsonObject).map(([key, inner]): [string, Json] => {
    if (key === 'resource') return [key, blockWithoutBytes(inner)];
    const bytes = (key === 'data' || key === 'blob') && typeof inner === 'string';
    return [key, bytes ? `(${inner.length} characters of base64, left out; a $ref passes them on)` : inner];
  });
  return Object.fromEntries(entries);
}
