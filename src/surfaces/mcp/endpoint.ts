import { isJsonContentType, isLegacyRequest } from '@modelcontextprotocol/server';
import { asFairleadError, FairleadError } from '../../kernel/errors.ts';
import { JsonFault, parseJson } from '../../kernel/json.ts';
import { readText } from '../../platform/http/index.ts';
import { hungUp } from '../http/problem.ts';
import { pendingAnswers } from './answers.ts';
import type { Admitted, McpDeps } from './deps.ts';
import { originOf, type ServerParts } from './identity.ts';
import { createModern } from './modern.ts';
import { startNotices } from './notices.ts';
import { createParking } from './parking.ts';
import { createRounds } from './rounds.ts';
import { createSessions, rpcResponse } from './sessions.ts';
import { createShortWay, type ShortWay } from './short/short.ts';
import { createStateCodec } from './state.ts';
import { createVisits } from './visits.ts';

/** MCP over HTTP, both eras from one URL. */
export interface McpSurface {
  /** Serves a request whose caller has been admitted. Never rejects. */
  handle(request: Request, admitted: Admitted): Promise<Response>;
  /** The way of most requests that can be told from their looks. */
  short: ShortWay;
  /** Counts an answer until what comes back is called: the end of the server waits for those that are on their way. */
  answering(): () => void;
  start(): void;
  stop(): Promise<void>;
}

export interface McpSurfaceDeps extends McpDeps {
  maxJsonDepth: number;
}

const answerGraceMs = 2_000;

export function createMcpSurface(deps: McpSurfaceDeps): McpSurface {
  const codec = createStateCodec(deps.keyring);
  const parking = createParking();
  const parts: ServerParts = {
    deps,
    rounds: createRounds({ gateway: deps.gateway, parking, codec }),
    visits: createVisits(),
    verifyState: (state, ctx) => codec.verify(state, ctx),
  };
  const sessions = createSessions(parts);
  const modern = createModern(parts);
  let stopNotices: (() => void) | undefined;
  let stopVisits: (() => void) | undefined;

  const serve = async (request: Request, admitted: Admitted): Promise<Response> => {
    // An endpoint that is not there gets no server either.
    deps.gateway.enter(admitted.principal, originOf(admitted.endpoint, admitted.clientAddress));
    if (request.method !== 'POST') return sessions.handle(request, undefined, admitted);
    if (!isJsonContentType(request.headers.get('content-type'))) {
      return rpcResponse(415, -32000, 'Send the message as application/json.');
    }
    const text = await readText(request, deps.maxBodyBytes);
    if (text === undefined) return rpcResponse(413, -32000, `A message holds at most ${deps.maxBodyBytes} bytes.`);
    let body: unknown;
    try {
      body = parseJson(text, { maxDepth: deps.maxJsonDepth });
    } catch (error) {
      if (error instanceof JsonFault) return rpcResponse(400, -32700, `The message cannot be read: ${error.message}.`);
      throw error;
    }
    // The body has been read: what goes on is the head of the request and the parsed value.
    const head = new Request(request.url, { method: 'POST', headers: request.headers, signal: request.signal });
    const legacy = await isLegacyRequest(head, body);
    return legacy ? sessions.handle(head, body, admitted) : modern.handle(head, body, admitted);
  };

  const answers = pendingAnswers();

  /** What was thrown as an answer. */
  const failure = (thrown: unknown, { signal }: Request): Response => {
    if (!(thrown instanceof FairleadError)) {
      if (signal.aborted) return hungUp(thrown, deps.log);
      deps.log.error({ err: thrown }, 'an MCP request failed');
    }
    const error = asFairleadError(thrown);
    return rpcResponse(
      error.spec.status,
      error.spec.category === 'not_found' ? -32602 : -32603,
      `${error.message} ${error.action}`,
    );
  };

  const short = createShortWay({
    deps,
    rounds: parts.rounds,
    sessions,
    tell(request, body, admitted, over) {
      const told = modern.handle(request, body, admitted, over);
      return told.catch((thrown: unknown) => failure(thrown, request));
    },
  });

  return {
    async handle(request, admitted) {
      try {
        return await answers.track(request, () => serve(request, admitted));
      } catch (thrown) {
        return failure(thrown, request);
      }
    },
    short,
    answering: answers.begin,
    start() {
      sessions.start();
      stopNotices ??= startNotices(deps, sessions, modern);
      stopVisits ??= deps.onVisited(parts.visits.done);
    },
    async stop() {
      stopNotices?.();
      stopNotices = undefined;
      stopVisits?.();
      stopVisits = undefined;
      parking.close();
      await answers.sent(answerGraceMs);
      await Promise.all([sessions.close(), modern.close()]);
    },
  };
}
