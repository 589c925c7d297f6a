import { randomUUID } from 'node:crypto';
import { ProtocolError, type Server, WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server';
import { type Crowd, createCrowd } from '../../kernel/crowd.ts';
import type { JsonObject } from '../../kernel/json.ts';
import { isObject } from '../../kernel/json.ts';
import type { Principal } from '../../kernel/principal.ts';
import type { CallBegun } from './begun.ts';
import type { Admitted } from './deps.ts';
import { boundedEventStore } from './events.ts';
import { authInfoOf, originOf, type ServerIdentity, type ServerParts } from './identity.ts';
import { type IdsInUse, idsInUse } from './ids.ts';
import { buildServer } from './server.ts';

/** Clients of 2025 and earlier: each has a session that lives on this server. */
export interface Sessions {
  /** Serves one request; `body` is the parsed POST body. */
  handle(request: Request, body: unknown, admitted: Admitted): Promise<Response>;
  /** The session of that id, where it is this caller's, on this endpoint. */
  find(id: string, admitted: Admitted): Session | undefined;
  /** Counts a request in until what comes back is called. */
  enter(session: Session, admitted: Admitted): () => void;
  /** Has the SDK answer a request whose ids are taken. */
  serve(session: Session, taken: Taken, request: Request, body: unknown, admitted: Admitted): Promise<Response>;
  /** Every session, for notices. */
  each(visit: (session: Session) => void): void;
  start(): void;
  close(): Promise<void>;
}

/** A request that holds ids of its session, and its call where that has begun already. */
interface Taken {
  release(): void;
  begun?: CallBegun;
}

export interface Session {
  id: string;
  principal: Principal;
  identity: ServerIdentity;
  endpoint: string | undefined;
  clientAddress: string | undefined;
  server: Server;
  transport: WebStandardStreamableHTTPServerTransport;
  ids: IdsInUse;
  lastUsedAt: number;
  /** Requests and streams open right now. */
  open: number;
  /** Ways to have the SDK take over a call that has begun before it knew. */
  begun: Crowd<() => Promise<unknown>>;
  revalidate(): Promise<unknown>;
  /** Takes it off the count of connections. */
  closed(): void;
  /** Ways to unsubscribe, by URI on the wire. */
  subscriptions: Map<string, () => Promise<void>>;
}

const maxBatch = 50;
const reapEveryMs = 1_000;

export function createSessions(parts: ServerParts): Sessions {
  const { idleMs, maxPerPrincipal } = parts.deps.sessions;
  const sessions = new Map<string, Session>();
  let reaper: NodeJS.Timeout | undefined;

  const end = async (session: Session) => {
    if (!sessions.delete(session.id)) return;
    session.closed();
    await handOver(session);
    for (const unsubscribe of session.subscriptions.values()) await unsubscribe().catch(() => undefined);
    await session.server.close().catch(() => undefined);
  };

  /** Clients seldom say good-bye: idle sessions go by time, and the idlest one goes when its owner opens too many. */
  const makeRoom = async (principal: Principal): Promise<boolean> => {
    const mine = [...sessions.values()].filter(
      (one) => one.principal.id === principal.id && one.principal.org === principal.org,
    );
    if (mine.length < maxPerPrincipal) return true;
    const idlest = mine.filter((one) => one.open === 0).sort((a, b) => a.lastUsedAt - b.lastUsedAt)[0];
    if (!idlest) return false;
    await end(idlest);
    return true;
  };

  const open = async (admitted: Admitted): Promise<Session> => {
    const { principal, endpoint, clientAddress } = admitted;
    const identity: ServerIdentity = { era: 'sessions', principal, endpoint, clientAddress };
    const server = buildServer(parts, identity);
    const id = randomUUID();
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => id,
      eventStore: boundedEventStore(),
      retryInterval: 1_000,
      maxRequestBodySize: parts.deps.maxBodyBytes,
      onsessionclosed: () => {
        const session = sessions.get(id);
        if (session) void end(session);
      },
    });
    const session: Session = {
      id,
      principal,
      identity,
      endpoint,
      clientAddress,
      server,
      transport,
      ids: idsInUse(transport),
      lastUsedAt: Date.now(),
      open: 0,
      begun: createCrowd(),
      revalidate: admitted.revalidate,
      closed: parts.deps.connectionOpened(),
      subscriptions: new Map(),
    };
    subscriptionHandlers(parts, session);
    await server.connect(transport);
    sessions.set(id, session);
    return session;
  };

  const find: Sessions['find'] = (id, { principal, endpoint }) => {
    const session = sessions.get(id);
    const mine =
      session?.principal.id === principal.id &&
      session.principal.org === principal.org &&
      session.endpoint === endpoint;
    return mine ? session : undefined;
  };

  const enter: Sessions['enter'] = (session, { principal, clientAddress, revalidate }) => {
    session.principal = principal; // with the roles it has now
    session.clientAddress = clientAddress;
    session.revalidate = revalidate;
    session.open++;
    session.lastUsedAt = Date.now();
    return () => {
      session.open--;
      session.lastUsedAt = Date.now();
    };
  };

  const serve: Sessions['serve'] = async (session, taken, request, body, admitted) => {
    const done = enter(session, admitted);
    let response: Response;
    try {
      response = await session.transport.handleRequest(request, {
        ...(body === undefined ? {} : { parsedBody: body }),
        authInfo: authInfoOf(admitted, taken.begun ? { begun: taken.begun } : {}),
      });
    } catch (error) {
      taken.release();
      done();
      throw error;
    }
    if (!response.ok) taken.release();
    return whenSent(response, done);
  };

  const answer = async (session: Session, request: Request, body: unknown, admitted: Admitted): Promise<Response> => {
    const taken = session.ids.take(body);
    if (!('inUse' in taken)) return serve(session, taken, request, body, admitted);
    const id = JSON.stringify(taken.inUse).slice(0, 100);
    return rpcResponse(400, -32600, `The id ${id} is in use by a request of this session that has no answer yet.`);
  };

  return {
    find,
    enter,
    serve,

    async handle(request, body, admitted) {
      const id = request.headers.get('mcp-session-id');
      if (id === null) {
        const first = Array.isArray(body) ? body[0] : body;
        if (!isObject(first) || first.method !== 'initialize') {
          return rpcResponse(
            400,
            -32000,
            'This request has no Mcp-Session-Id. Send initialize first, or use the stateless revision 2026-07-28.',
          );
        }
        if (Array.isArray(body)) return rpcResponse(400, -32600, 'initialize cannot be part of a batch.');
        if (!(await makeRoom(admitted.principal))) {
          return rpcResponse(
            429,
            -32000,
            `You have ${maxPerPrincipal} sessions in use. Close one (HTTP DELETE) and try again.`,
          );
        }
        const session = await open(admitted);
        const response = await answer(session, request, body, admitted);
        if (!response.ok) await end(session);
        return response;
      }
      const session = find(id, admitted);
      if (!session) return rpcResponse(404, -32001, 'This session has ended. Send initialize to begin a new one.');
      if (Array.isArray(body)) {
        if (session.server.getNegotiatedProtocolVersion() !== '2025-03-26') {
          return rpcResponse(400, -32600, 'Batches exist only in protocol revision 2025-03-26.');
        }
        if (body.length === 0 || body.length > maxBatch)
          return rpcResponse(400, -32600, `A batch holds 1 to ${maxBatch} messages.`);
      }
      await handOver(session); // what comes now may be about one of those calls
      return answer(session, request, body, admitted);
    },

    each(visit) {
      for (const session of sessions.values()) visit(session);
    },

    start() {
      reaper ??= setInterval(() => {
        const now = Date.now();
        for (const session of sessions.values()) {
          if (session.open === 0 && now - session.lastUsedAt > idleMs) void end(session);
          // A stream outlives the request that opened it: a revoked key must not go on listening.
          else if (session.open > 0) session.revalidate().catch(() => end(session));
        }
      }, reapEveryMs).unref();
    },

    async close() {
      clearInterval(reaper);
      reaper = undefined;
      await Promise.all([...sessions.values()].map(end));
    },
  };
}

/** From here on all that a session has under way is the SDK's. */
async function handOver({ begun }: Session): Promise<void> {
  if (begun.size > 0) await Promise.allSettled([...begun].map((toSdk) => toSdk()));
}

function subscriptionHandlers(parts: ServerParts, session: Session): void {
  const { gateway, subscriptions } = parts.deps;
  session.server.setRequestHandler('resources/subscribe', async ({ params }) => {
    const { view, resources, templates } = gateway.list(
      session.principal,
      originOf(session.endpoint, session.clientAddress),
    );
    const own = view.ownUri(params.uri);
    const readable = own && [...resources, ...templates].some(({ item }) => item.toolset === own.toolset);
    if (!own || !readable) {
      throw new ProtocolError(
        -32602,
        'There is no such resource here, or you may not read it. List the resources first.',
      );
    }
    if (!session.subscriptions.has(params.uri)) {
      session.subscriptions.set(params.uri, await subscriptions.subscribe(session.principal.org, own.toolset, own.uri));
    }
    return {};
  });
  session.server.setRequestHandler('resources/unsubscribe', async ({ params }) => {
    const unsubscribe = session.subscriptions.get(params.uri);
    session.subscriptions.delete(params.uri);
    await unsubscribe?.();
    return {};
  });
}

/** Runs `done` once the body of a response has gone out or was given up. */
export function whenSent(response: Response, done: () => void): Response {
  if (!response.body) {
    done();
    return response;
  }
  let called = false;
  const once = () => {
    if (!called) done();
    called = true;
  };
  const reader = response.body.getReader();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done: over, value } = await reader.read();
        if (over) {
          once();
          controller.close();
        } else controller.enqueue(value);
      } catch (error) {
        once();
        controller.error(error);
      }
    },
    async cancel(reason) {
      once();
      await reader.cancel(reason);
    },
  });
  return new Response(body, { status: response.status, headers: response.headers });
}

export function rpcResponse(
  status: number,
  code: number,
  message: string,
  headers: Record<string, string> = {},
  data?: JsonObject,
  id: unknown = null,
): Response {
  const error = { code, message, ...(data ? { data } : {}) };
  return Response.json({ jsonrpc: '2.0', error, id }, { status, headers });
}
