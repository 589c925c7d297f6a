import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** The head of a request that the short way may serve. */
export interface ShortHead {
  method: 'tools/call' | 'tools/list';
  endpoint: string | undefined;
  /** Of the tool, as the headers have it. */
  name: string | undefined;
  bodyBytes: number;
}

export const shortRevision = '2026-07-28';
const path = /^\/mcp(?:\/([a-z0-9-]+))?$/;
const jsonType = /^application\/json(?:; ?charset=utf-8)?$/i;
/** By these a request asks for more than a plain answer, or its body is not what the others say. */
const unusual = ['origin', 'transfer-encoding', 'content-encoding', 'expect', 'mcp-session-id', 'last-event-id'];

/** Whether a request looks so plain that the short way can serve it; undefined sends it the long way. */
export function shortHead({ method, url = '', headers, rawHeaders }: IncomingMessage): ShortHead | undefined {
  if (method !== 'POST' || headers['mcp-protocol-version'] !== shortRevision) return undefined;
  const asked = headers['mcp-method'];
  if (asked !== 'tools/call' && asked !== 'tools/list') return undefined;
  const found = path.exec(url);
  const bodyBytes = lengthOf(headers);
  if (!found || bodyBytes === undefined || unusual.some((name) => headers[name] !== undefined)) return undefined;
  if (!jsonType.test(headers['content-type'] ?? '') || !takesJson(headers.accept)) return undefined;
  // Of a header that came twice Node keeps one or both, by its name: the long way knows what to make of it.
  if (rawHeaders.length !== 2 * Object.keys(headers).length) return undefined;
  const name = headers['mcp-name'];
  return { method: asked, endpoint: found[1], name: typeof name === 'string' ? name : undefined, bodyBytes };
}

function lengthOf(headers: IncomingHttpHeaders): number | undefined {
  const length = headers['content-length'];
  return length !== undefined && /^\d{1,12}$/.test(length) ? Number(length) : undefined;
}

function takesJson(accept: string | undefined): boolean {
  return accept?.includes('application/json') === true && accept.includes('text/event-stream');
}
