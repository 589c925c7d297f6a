import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** The head of a request that the short way may serve. */
export interface ShortHead {
  endpoint: string | undefined;
  bodyBytes: number;
  by: StatelessHead | SessionHead;
}

/** What the stateless revision says in headers, too. */
export interface StatelessHead {
  method: ShortMethod;
  /** Of the tool. */
  name: string | undefined;
}

export interface SessionHead {
  session: string;
}

export type ShortMethod = 'tools/call' | 'tools/list';

export const shortRevision = '2026-07-28';
const sessionRevisions = ['2025-11-25', '2025-06-18', '2025-03-26', undefined]; // the last of them knows no such header
const path = /^\/mcp(?:\/([a-z0-9-]+))?$/;
const jsonType = /^application\/json(?:; ?charset=utf-8)?$/i;
/** By these a request asks for more than a plain answer, or its body is not what the others say. */
const unusual = ['origin', 'transfer-encoding', 'content-encoding', 'expect', 'last-event-id'];

/** Whether a request looks so plain that the short way can serve it; undefined sends it the long way. */
export function shortHead({ method, url = '', headers, rawHeaders }: IncomingMessage): ShortHead | undefined {
  if (method !== 'POST') return undefined;
  const by = headers['mcp-session-id'] === undefined ? statelessHead(headers) : sessionHead(headers);
  const found = path.exec(url);
  const bodyBytes = lengthOf(headers);
  if (!by || !found || bodyBytes === undefined || unusual.some((name) => headers[name] !== undefined)) return undefined;
  if (!jsonType.test(headers['content-type'] ?? '') || !takesJson(headers.accept)) return undefined;
  // Of a header that came twice Node keeps one or both, by its name: the long way knows what to make of it.
  if (rawHeaders.length !== 2 * Object.keys(headers).length) return undefined;
  return { endpoint: found[1], bodyBytes, by };
}

function statelessHead(headers: IncomingHttpHeaders): StatelessHead | undefined {
  const method = headers['mcp-method'];
  if (headers['mcp-protocol-version'] !== shortRevision || !isShortMethod(method)) return undefined;
  const name = headers['mcp-name'];
  return { method, name: typeof name === 'string' ? name : undefined };
}

function sessionHead(headers: IncomingHttpHeaders): SessionHead | undefined {
  const session = headers['mcp-session-id'];
  const version = headers['mcp-protocol-version'] as string | undefined;
  if (typeof session !== 'string' || !sessionRevisions.includes(version)) return undefined;
  return headers['mcp-method'] === undefined ? { session } : undefined;
}

export function isShortMethod(method: unknown): method is ShortMethod {
  return method === 'tools/call' || method === 'tools/list';
}

function lengthOf(headers: IncomingHttpHeaders): number | undefined {
  const length = headers['content-length'];
  return length !== undefined && /^\d{1,12}$/.test(length) ? Number(length) : undefined;
}

function takesJson(accept: string | undefined): boolean {
  return accept?.includes('application/json') === true && accept.includes('text/event-stream');
}
