import type { IncomingMessage, ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { newId } from '../../kernel/ids.ts';
import { checkHost } from '../../platform/http/index.ts';
import type { Log, Metrics } from '../../platform/telemetry/index.ts';
import { type Admitted, type McpSurface, type ShortHead, shortHead } from '../mcp/index.ts';
import type { Admission } from './admission.ts';
import { keepBooks, safetyHeaders } from './edge.ts';

/**
 * Takes a request before the app does, or returns false, having said nothing, and leaves it to the app. It spares a
 * plain call what it does not need: a Request and a Response of the web, the router, the SDK's server.
 */
export type Shortcut = (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<boolean>;

export interface ShortcutDeps {
  mcp: McpSurface;
  admission: Admission;
  log: Log;
  metrics: Metrics;
  allowedHosts: readonly string[];
  publicUrl: string;
  maxBodyBytes: number;
  draining(): boolean;
}

/** The same steps in the same order as in the app; whoever fails one of them goes the long way and is told there. */
export function createShortcut(deps: ShortcutDeps): Shortcut {
  const { mcp, log, metrics } = deps;
  const encrypted = deps.publicUrl.startsWith('https:');

  const serve: Shortcut = async (incoming, outgoing) => {
    const startedAt = performance.now();
    const head = shortHead(incoming);
    if (!head || head.bodyBytes > deps.maxBodyBytes || deps.draining()) return false;
    const requestId = newId('req');
    const admitted = await admittedOf(deps, incoming, head, requestId);
    if (!admitted) return false;

    const body = await bodyOf(incoming, head.bodyBytes);
    if (!body) return true; // nobody is there any more
    const exchange = mcp.short.read(body.toString('utf8'), head, admitted, headerOf(incoming));
    if (!exchange) {
      Object.assign(incoming, { rawBody: body }); // where the app's adapter looks for a body that was read
      return false;
    }

    const gone = new AbortController();
    const answered = mcp.answering();
    outgoing.once('close', () => {
      answered();
      if (!outgoing.writableFinished) gone.abort();
    });
    const whole = () => webRequest(incoming, gone.signal);
    const answer = await exchange(gone.signal, whole);
    const status = gone.signal.aborted ? 499 : typeof answer === 'string' ? 200 : answer.status;
    const route = head.endpoint === undefined ? '/mcp' : '/mcp/:endpoint';
    const durationMs = performance.now() - startedAt;
    keepBooks({ log, metrics }, { requestId, method: 'POST', route, status, durationMs });
    if (typeof answer !== 'string')
      await sendResponse(incoming, outgoing, answer, safetyHeaders(requestId, encrypted), gone.signal);
    else if (!gone.signal.aborted) sendText(outgoing, answer, safetyHeaders(requestId, encrypted), head);
    return true;
  };

  return async (incoming, outgoing) => {
    try {
      return await serve(incoming, outgoing);
    } catch (error) {
      log.error({ err: error }, 'a request failed on the short way');
      outgoing.destroy(); // it may be half answered
      return true;
    }
  };
}

async function admittedOf(
  { admission, allowedHosts }: ShortcutDeps,
  { headers, socket }: IncomingMessage,
  head: ShortHead,
  requestId: string,
): Promise<Admitted | undefined> {
  const { authorization, host } = headers;
  const forwardedFor = headers['x-forwarded-for']?.toString();
  try {
    checkHost(host, allowedHosts);
    const caller = { authorization, forwardedFor, socketAddress: socket.remoteAddress, requestId };
    return await admission.enter(caller, head.endpoint);
  } catch {
    return undefined;
  }
}

/** Undefined when the connection ends before all of it is there. */
function bodyOf(incoming: IncomingMessage, bytes: number): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.once('end', () => {
      const [only] = chunks;
      const body = chunks.length === 1 && only ? only : Buffer.concat(chunks);
      resolve(body.length === bytes ? body : undefined);
    });
    incoming.once('close', () => resolve(undefined));
    incoming.once('error', () => resolve(undefined));
  });
}

function headerOf({ headers }: IncomingMessage): (name: string) => string | null {
  return (name) => headers[name.toLowerCase()]?.toString() ?? null;
}

/** Its head only: whoever needs the body has it parsed. */
function webRequest({ headers, url = '' }: IncomingMessage, signal: AbortSignal): Request {
  const entries = Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]);
  return new Request(`http://${headers.host}${url}`, { method: 'POST', headers: entries, signal });
}

function sendText(outgoing: ServerResponse, text: string, safety: Record<string, string>, { by }: ShortHead): void {
  outgoing.writeHead(200, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    ...('session' in by ? { 'mcp-session-id': by.session } : {}),
    ...safety,
  });
  outgoing.end(text);
}

/** In the way of the app's adapter: it may be a stream that goes on. */
async function sendResponse(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  answer: Response,
  safety: Record<string, string>,
  gone: AbortSignal,
): Promise<void> {
  if (gone.aborted) return answer.body?.cancel();
  for (const [name, value] of Object.entries(safety)) answer.headers.set(name, value);
  await getRequestListener(() => answer)(incoming, outgoing);
}
