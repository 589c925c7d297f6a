import {
  CLIENT_CAPABILITIES_META_KEY,
  LOG_LEVEL_META_KEY,
  ProtocolError,
  type Server,
  type ServerContext,
} from '@modelcontextprotocol/server';
import type { CallEnd, CallerLink, Operation, ProgressUpdate } from '../../kernel/call.ts';
import { isObject, type Json, type JsonObject } from '../../kernel/json.ts';
import { isAtLeast, sessionCaller } from './begun.ts';
import {
  begunOf,
  clientAddressOf,
  principalOf,
  requestIdOf,
  type ServerIdentity,
  type ServerParts,
} from './identity.ts';
import type { Round } from './parking.ts';
import { asObject, toResult, toToolResult } from './results.ts';
import { type Asked, callOf } from './rounds.ts';
import type { SealedState } from './state.ts';

const askTimeoutMs = 5 * 60_000;
const maxNoticesPerSecond = 200;
/** Calls, reads, prompts and completions: each one goes through the pipeline. */
export function useHandlers(server: Server, parts: ServerParts, identity: ServerIdentity): void {
  const { gateway } = parts.deps;

  server.setRequestHandler('logging/setLevel', async ({ params }) => {
    identity.logLevel = params.level;
    return {};
  });

  const use = async (
    ctx: ServerContext,
    operation: Operation,
    target: string,
    args: JsonObject,
    finish: (end: CallEnd) => JsonObject,
  ) => {
    const asked: Asked = {
      principal: principalOf(ctx, identity),
      endpoint: identity.endpoint,
      operation,
      target,
      arguments: args,
      meta: withoutToken(asObject(ctx.mcpReq._meta)),
      clientAddress: clientAddressOf(ctx),
      requestId: requestIdOf(ctx),
    };
    if (identity.era === 'modern') {
      const capabilities = asObject(asObject(ctx.mcpReq.envelope)[CLIENT_CAPABILITIES_META_KEY]);
      const level = asObject(ctx.mcpReq.envelope)[LOG_LEVEL_META_KEY];
      const logLevel = typeof level === 'string' ? level : undefined;
      const { sent, ...back } = feedback(ctx, (one) => logLevel !== undefined && isAtLeast(one, logLevel));
      const round: Round = { principal: asked.principal, capabilities, signal: ctx.mcpReq.signal, ...back };
      if (logLevel !== undefined) round.logLevel = logLevel;
      const { inputResponses } = ctx.mcpReq;
      const brought = { state: ctx.mcpReq.requestState<SealedState>(), inputResponses };
      const over = await (identity.over ?? parts.rounds.run(asked, round, brought));
      await sent();
      return 'end' in over ? finish(over.end) : over.inputRequired;
    }
    const { sent, ...link } = sessionLink(server, ctx, identity);
    const { signal } = ctx.mcpReq;
    const begun = begunOf(ctx);
    const reply = await (begun ? begun.takeOver(link, signal) : gateway.call(callOf(asked, link, signal)));
    await sent();
    if (reply.kind === 'end') {
      parts.visits.note(server, reply.end);
      return finish(reply.end);
    }
    throw new ProtocolError(-32603, 'The upstream asks for input in a way that this session cannot answer.');
  };

  server.setRequestHandler('tools/call', (async (
    { params }: { params: { name: string; arguments?: unknown } },
    ctx: ServerContext,
  ) => use(ctx, 'tool', params.name, asObject(params.arguments), (end) => toToolResult(end, identity.era))) as never);

  server.setRequestHandler('resources/read', (async ({ params }: { params: { uri: string } }, ctx: ServerContext) =>
    use(ctx, 'read', params.uri, {}, toResult)) as never);

  server.setRequestHandler('prompts/get', (async (
    { params }: { params: { name: string; arguments?: unknown } },
    ctx: ServerContext,
  ) => use(ctx, 'prompt', params.name, asObject(params.arguments), toResult)) as never);

  server.setRequestHandler('completion/complete', (async ({ params }: { params: JsonObject }, ctx: ServerContext) => {
    const ref = isObject(params.ref) ? params.ref : {};
    return use(ctx, 'complete', String(ref.name ?? ref.uri ?? ''), asObject(params), toResult);
  }) as never);
}

/** The caller's progress token is its own: the upstream gets one of ours. */
export function withoutToken({ progressToken: _, ...meta }: JsonObject): JsonObject {
  return meta;
}

/**
 * Progress and log messages of the request at hand. What cannot be delivered is dropped: the caller has gone.
 * `sent` resolves when all of them are out, which must be before the result.
 */
function feedback(
  ctx: ServerContext,
  wants: (level: string) => boolean,
): Pick<CallerLink, 'hears' | 'progress' | 'log'> & { sent(): Promise<unknown> } {
  const progressToken = ctx.mcpReq._meta?.progressToken;
  let last: Promise<unknown> = Promise.resolve();
  let windowEndsAt = 0;
  let inWindow = 0;
  // A tool that reports faster than anybody can read must not keep the others from being served.
  const send = (notice: () => Promise<void>) => {
    const now = Date.now();
    if (now >= windowEndsAt) {
      windowEndsAt = now + 1_000;
      inWindow = 0;
    }
    if (++inWindow > maxNoticesPerSecond) return;
    last = Promise.allSettled([last, notice()]);
  };
  return {
    ...(progressToken === undefined ? { hears: false } : {}),
    progress(update: ProgressUpdate) {
      if (progressToken === undefined) return;
      send(() => ctx.mcpReq.notify({ method: 'notifications/progress', params: { progressToken, ...update } }));
    },
    log(level, data: Json, logger) {
      if (!wants(level)) return;
      // On the stream of this request: the SDK's own log call sends to the session's stream, which may not be open.
      const params = { level, data, ...(logger === undefined ? {} : { logger }) };
      send(() => ctx.mcpReq.notify({ method: 'notifications/message', params }));
    },
    sent: () => last,
  };
}

/** The way back to a caller with a session: it is asked during the call. */
function sessionLink(
  server: Server,
  ctx: ServerContext,
  identity: ServerIdentity,
): CallerLink & { sent(): Promise<unknown> } {
  const known = sessionCaller(server, ctx.sessionId, identity.logLevel);
  return {
    ...known,
    ...feedback(ctx, (level) => isAtLeast(level, known.logLevel)),
    async ask(request, signal) {
      const answer = await ctx.mcpReq.send(
        { method: request.method, params: request.params },
        { signal, timeout: askTimeoutMs },
      );
      return asObject(answer);
    },
  };
}
