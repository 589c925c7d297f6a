import { createMcpHandler, type McpHttpHandler } from '@modelcontextprotocol/server';
import { isObject, type JsonObject } from '../../kernel/json.ts';
import { paramHeaderFault } from '../../kernel/paramheaders.ts';
import type { Principal } from '../../kernel/principal.ts';
import type { Admitted, McpDeps } from './deps.ts';
import { authInfoOf, originOf, type ServerParts } from './identity.ts';
import { asObject } from './results.ts';
import type { RoundOver } from './rounds.ts';
import { buildServer } from './server.ts';
import { rpcResponse, whenSent } from './sessions.ts';

/** The stateless revision: a server object for each request, one event bus for each organisation and endpoint. */
export interface Modern {
  /** Serves one request; `over` is what its call came to, where it was made already. */
  handle(request: Request, body: unknown, admitted: Admitted, over?: Promise<RoundOver>): Promise<Response>;
  each(visit: (org: string, endpoint: string | undefined, handler: McpHttpHandler) => void): void;
  close(): Promise<void>;
}

interface Entry {
  org: string;
  endpoint: string | undefined;
  handler: McpHttpHandler;
}

const revalidateEveryMs = 1_000;
const headerMismatch = -32020;

export function createModern(parts: ServerParts): Modern {
  const entries = new Map<string, Entry>();

  const handlerFor = ({ principal, endpoint }: Admitted): McpHttpHandler => {
    const key = `${principal.org}/${endpoint ?? ''}`;
    let entry = entries.get(key);
    if (!entry) {
      const handler = createMcpHandler(
        ({ authInfo, requestInfo }) =>
          buildServer(
            parts,
            {
              era: 'modern',
              principal: authInfo?.extra?.principal as Principal,
              endpoint,
              clientAddress: authInfo?.extra?.clientAddress as string | undefined,
              over: authInfo?.extra?.over as Promise<RoundOver> | undefined,
            },
            requestInfo?.headers.get('mcp-method') === 'server/discover',
          ),
        {
          legacy: 'reject',
          maxRequestBodySize: parts.deps.maxBodyBytes,
          onerror: (error) => parts.deps.log.debug({ err: error }, 'a stateless request was refused'),
        },
      );
      entry = { org: principal.org, endpoint, handler };
      entries.set(key, entry);
    }
    return entry.handler;
  };

  return {
    async handle(request, body, admitted, over) {
      const handler = handlerFor(admitted);
      const authInfo = authInfoOf(admitted, over ? { over } : {});
      const options = { authInfo, ...(body === undefined ? {} : { parsedBody: body }) };
      if (isObject(body) && body.method === 'tools/call') {
        const fault = headerFaultOf(parts.deps, asObject(body.params), admitted, (name) => request.headers.get(name));
        if (fault) return rpcResponse(400, headerMismatch, `Header and body disagree: ${fault}.`, {}, {}, body.id);
      }
      if (!isObject(body) || body.method !== 'subscriptions/listen') return handler.fetch(request, options);
      return listen(parts, request, body, admitted, (signalled) => handler.fetch(signalled, options));
    },
    each(visit) {
      for (const { org, endpoint, handler } of entries.values()) visit(org, endpoint, handler);
    },
    async close() {
      await Promise.all([...entries.values()].map(({ handler }) => handler.close()));
      entries.clear();
    },
  };
}

/** Arguments that a tool wants mirrored in headers, for those in between to read, must be told alike in both. */
export function headerFaultOf(
  { gateway }: Pick<McpDeps, 'gateway'>,
  params: JsonObject,
  { principal, endpoint, clientAddress }: Admitted,
  header: (name: string) => string | null,
): string | undefined {
  if (typeof params.name !== 'string') return undefined;
  const tool = gateway.view(principal.org, endpoint).findTool(params.name);
  if (!tool) return undefined;
  const { inputSchema } = tool.definition;
  const fault = paramHeaderFault(inputSchema, asObject(params.arguments), header);
  if (fault === undefined) return undefined;
  // Whoever may not see the tool learns of no tool, from the call itself.
  const { tools } = gateway.list(principal, originOf(endpoint, clientAddress));
  return tools.some(({ item }) => item.id === tool.id) ? fault : undefined;
}

/**
 * A long stream of changes: the upstreams are subscribed to for as long as it lasts, resources that the caller may
 * not read are refused at the door, and the stream ends with the credential.
 */
async function listen(
  { deps }: ServerParts,
  request: Request,
  body: Record<string, unknown>,
  admitted: Admitted,
  fetch: (request: Request) => Promise<Response>,
): Promise<Response> {
  const { view, resources, templates } = deps.gateway.list(
    admitted.principal,
    originOf(admitted.endpoint, admitted.clientAddress),
  );
  const readable = new Set([...resources, ...templates].map(({ item }) => item.toolset));
  const uris = subscribedUris(body);
  const owned = uris.map((uri) => view.ownUri(uri)).filter((own) => own !== undefined);
  if (owned.length < uris.length || owned.some(({ toolset }) => !readable.has(toolset))) {
    return rpcResponse(400, -32602, 'The subscription names a resource that is not here, or that you may not read.');
  }
  const stop = new AbortController();
  const ended = AbortSignal.any([request.signal, stop.signal]);
  const undo: (() => Promise<void>)[] = [];
  const timer = setInterval(() => admitted.revalidate().catch(() => stop.abort()), revalidateEveryMs);
  const closed = deps.connectionOpened();
  const cleanUp = () => {
    clearInterval(timer);
    closed();
    for (const unsubscribe of undo) unsubscribe().catch(() => undefined);
  };
  try {
    for (const { toolset, uri } of owned)
      undo.push(await deps.subscriptions.subscribe(admitted.principal.org, toolset, uri));
    return whenSent(
      await fetch(new Request(request.url, { method: 'POST', headers: request.headers, signal: ended })),
      cleanUp,
    );
  } catch (error) {
    cleanUp();
    throw error;
  }
}

function subscribedUris(body: Record<string, unknown>): string[] {
  const params = isObject(body.params) ? body.params : {};
  const filter = isObject(params.notifications) ? params.notifications : params;
  const uris = filter.resourceSubscriptions;
  return Array.isArray(uris) ? uris.filter((uri) => typeof uri === 'string') : [];
}
