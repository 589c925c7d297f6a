import { SERVER_INFO_META_KEY } from '@modelcontextprotocol/server';
import { UnknownTool } from '../../../gateway/index.ts';
import type { CallEnd } from '../../../kernel/call.ts';
import { isObject } from '../../../kernel/json.ts';
import { toToolResult } from '../results.ts';

const plainKeys = new Set(['content', 'structuredContent', 'isError']);

/** Whether the SDK would pass a call's end on as it is, so that nothing of it has to be looked at. */
export function isPlain({ error, rpc, result }: CallEnd): boolean {
  if (error) return error.code !== UnknownTool.code && rpc === undefined; // others may be told as JSON-RPC errors
  if (!isObject(result) || !Object.keys(result).every((key) => plainKeys.has(key))) return false;
  const { content, structuredContent, isError } = result;
  return (
    Array.isArray(content) &&
    content.every(isPlainText) &&
    (structuredContent === undefined || isObject(structuredContent)) &&
    (isError === undefined || typeof isError === 'boolean')
  );
}

function isPlainText(block: unknown): boolean {
  return isObject(block) && block.type === 'text' && typeof block.text === 'string' && Object.keys(block).length === 2;
}

/** A plain end as the text of its JSON-RPC answer. */
export function sessionText(id: string | number, end: CallEnd): string {
  return JSON.stringify({ result: toToolResult(end, 'sessions'), jsonrpc: '2.0', id });
}

/** The same in the stateless revision, in which every answer says whose it is. */
export function statelessText(id: string | number, end: CallEnd, serverInfo: object): string {
  const { _meta, ...result } = toToolResult(end, 'modern');
  const meta = { ...(_meta as object), [SERVER_INFO_META_KEY]: serverInfo };
  return JSON.stringify({ result: { ...result, _meta: meta, resultType: 'complete' }, jsonrpc: '2.0', id });
}
