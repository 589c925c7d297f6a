import { z } from '@hono/zod-openapi';
import { AuditQueueFull, AuditUnavailable } from '../../capabilities/audit/index.ts';
import { BudgetsUnavailable } from '../../capabilities/budgets/index.ts';
import { idempotencyErrors } from '../../capabilities/idempotency/index.ts';
import { type Gateway, gatewayErrors } from '../../gateway/index.ts';
import type { CallEnd, CallerLink, CallRequest } from '../../kernel/call.ts';
import type { Clock } from '../../kernel/clock.ts';
import { type ErrorKind, Internal, ShuttingDown } from '../../kernel/errors.ts';
import type { JsonObject } from '../../kernel/json.ts';
import { problemBody } from '../http/problem.ts';
import { budgetFields, rateLimitFields } from './ratelimit.ts';
import { type Reply, type Route, route } from './route.ts';
import * as schemas from './schemas.ts';
import { endpointName, toolParams } from './tools.ts';

export interface CallsDeps {
  gateway: Pick<Gateway, 'call'>;
  clock: Clock;
}

const longestCallMs = 24 * 60 * 60_000;

const callBody = z
  .strictObject({
    arguments: schemas.anyObject.default({}).openapi({ description: "By the tool's input schema" }),
    endpoint: endpointName,
    timeoutMs: z.int().positive().max(longestCallMs).optional().openapi({
      description: 'Time for the whole call; the time-outs of the tool and its upstream hold beside it',
    }),
  })
  .prefault({});

const callHeaders = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 printable characters without spaces')
    .optional()
    .openapi({
      description: 'Of your making, such as a UUID: the call runs once, however often it is sent within a day',
    }),
});

const callReply = z
  .object({
    callId: z.string().openapi({ example: 'call_06exw4v5d0tq8m2k9r7h3n1c5b' }),
    outcome: schemas.outcome,
    result: z
      .looseObject({ content: z.array(schemas.anyObject).optional() })
      .optional()
      .openapi({
        description: "The tool's content, structuredContent and isError; with `ok` and `tool_error`",
      }),
    error: schemas.errorBody.optional().openapi({ description: 'With every other outcome' }),
  })
  .openapi('CallReply');

/** Calling a tool: the same pipeline as over MCP. */
export function callRoutes(deps: CallsDeps): Route[] {
  return [
    route({
      method: 'post',
      path: '/api/v1/tools/{id}/call',
      tag: 'Tools',
      summary: 'Call a tool',
      description:
        'Goes the way of every call: arguments are validated, policy decides, the audit keeps a record. The status ' +
        'says how the call ended. A tool that needs an answer from its caller during the call cannot be used this ' +
        'way. `traceparent`, `tracestate` and `baggage` are passed on.\n\n' +
        'A call that limits count is answered with the fields `RateLimit-Policy` and `RateLimit`, whatever became of it; one ' +
        'that budgets pay for with `Fairlead-Budget`, and one that was made with `Fairlead-Cost`.\n\n' +
        'With an `Idempotency-Key` a call that ran is not run again for 24 hours: the same request gets the same ' +
        'answer, with the header `idempotency-replayed: true`, as long as you may make it; the audit keeps a record of ' +
        'that too. What was refused before it ran can be sent again with the same key.',
      scope: 'tools:call',
      params: toolParams,
      headers: callHeaders,
      body: callBody,
      foreignBody: true,
      bodyExample: { arguments: { message: 'hello' } },
      answers: callAnswers,
      errors: idempotencyErrors,
      async handle({ c, principal, params, headers, body, clientAddress }) {
        const { endpoint, timeoutMs } = body;
        const key = headers['idempotency-key'];
        const request: CallRequest = {
          principal,
          surface: 'rest',
          operation: 'tool',
          target: params.id,
          ...(endpoint === undefined ? {} : { endpoint }),
          arguments: body.arguments as JsonObject,
          meta: traceOf((name) => c.req.header(name)),
          link: mute,
          signal: c.req.raw.signal,
          ...(timeoutMs === undefined ? {} : { deadline: deps.clock.now() + timeoutMs }),
          ...(key === undefined ? {} : { once: { key, content: { target: params.id, ...body } } }),
          ...(clientAddress === undefined ? {} : { clientAddress }),
          requestId: c.get('requestId'),
        };
        const reply = await deps.gateway.call(request);
        if (reply.kind === 'end') return answerOf(reply.end);
        // Providers know that this caller cannot be asked.
        return answerOf({ callId: reply.callId, outcome: 'failed', error: Internal().toBody(reply.callId) });
      },
    }),
  ];
}

/** The way back to a REST caller: there is none while the call runs. */
const mute: CallerLink = {
  era: 'none',
  capabilities: {},
  ask: () => Promise.reject(new Error('a caller over REST cannot be asked')),
  progress: () => undefined,
  log: () => undefined,
};

function answerOf(end: CallEnd): Reply {
  const { callId, outcome, result, error, replayed, limits, budgets, cost } = end;
  const headers = {
    ...rateLimitFields(limits),
    ...budgetFields(budgets, cost),
    ...(error?.retryAfter === undefined ? {} : { 'retry-after': String(Math.ceil(error.retryAfter)) }),
    ...(replayed ? { 'idempotency-replayed': 'true' } : {}),
  };
  const status = statusOf(end);
  // What is wrong with the key is said of the request: no tool has anything to do with it.
  if (error && !replayed && isOneOf(idempotencyErrors, error.code)) {
    const body = problemBody(error, status);
    return { status, body, headers: { ...headers, 'content-type': 'application/problem+json' } };
  }
  return { status, body: { callId, outcome, ...(error === undefined ? { result } : { error }) }, headers };
}

/** Errors of this server itself: what the status of an outcome would blame on the caller or on an upstream. */
const ownErrors = [AuditQueueFull, AuditUnavailable, BudgetsUnavailable, ShuttingDown, ...idempotencyErrors];

function isOneOf(kinds: readonly ErrorKind[], code: string): boolean {
  return kinds.some((kind) => kind.code === code);
}

/** The status of each outcome, and that of the catalogue where this server itself cannot take or record the call. */
export function statusOf({ outcome, error }: Pick<CallEnd, 'outcome' | 'error'>): number {
  const own = ownErrors.find(({ code }) => code === error?.code);
  if (own) return own.spec.status;
  switch (outcome) {
    case 'ok':
    case 'tool_error':
      return 200;
    case 'pending_approval':
      return 202;
    case 'invalid':
      return 400;
    case 'denied':
      if (error?.category === 'authentication') return 401;
      return error?.category === 'not_found' ? 404 : 403;
    case 'blocked':
      return 403;
    case 'limited':
      return 429;
    case 'cancelled':
      return 499;
    case 'failed':
      return error?.category === 'timeout' ? 504 : 502;
  }
}

function traceOf(header: (name: string) => string | undefined): JsonObject {
  const meta: JsonObject = {};
  for (const name of ['traceparent', 'tracestate', 'baggage']) {
    const value = header(name);
    if (value !== undefined) meta[name] = value;
  }
  return meta;
}

const failure = (outcome: string, code: string) => {
  const kind = [...gatewayErrors, AuditQueueFull].find((each) => each.code === code);
  return {
    callId: 'call_06exw4v5d0tq8m2k9r7h3n1c5b',
    outcome,
    error: {
      code,
      category: kind?.spec.category ?? 'external_service',
      retryable: kind?.spec.retryable ?? false,
      message: kind?.spec.message ?? 'The upstream "files" cannot be reached: the connection was closed',
      suggestedAction: kind?.spec.action ?? 'Try again later, or use another tool.',
    },
  };
};

const callAnswers = {
  200: {
    description: '`ok`, or `tool_error` when the tool itself says that it failed',
    schema: callReply,
    example: {
      callId: 'call_06exw4v5d0tq8m2k9r7h3n1c5b',
      outcome: 'ok',
      result: { content: [{ type: 'text', text: 'Echo: hello' }] },
    },
  },
  202: {
    description: '`pending_approval`: somebody has to consent first',
    schema: callReply,
    example: { callId: 'call_06exw4v5d0tq8m2k9r7h3n1c5b', outcome: 'pending_approval' },
  },
  400: {
    description: '`invalid`: the arguments do not fit; or a problem where the request itself is not valid',
    schema: callReply,
    example: failure('invalid', 'INVALID_ARGUMENTS'),
  },
  403: {
    description: '`denied` by policy or `blocked` by a guardrail; or a problem where the credential lacks the scope',
    schema: callReply,
    example: failure('denied', 'DENIED'),
  },
  404: {
    description: '`denied`: no such tool or endpoint, or not for you',
    schema: callReply,
    example: failure('denied', 'UNKNOWN_TOOL'),
  },
  429: {
    description:
      '`limited`: too many calls, or no budget for them; `retry-after` says when, `ratelimit` and `fairlead-budget` what is left',
    schema: callReply,
    example: failure('limited', 'UPSTREAM_BUSY'),
  },
  502: {
    description: '`failed`: the tool could not be run, or gave no usable answer',
    schema: callReply,
    example: failure('failed', 'UPSTREAM_UNAVAILABLE'),
  },
  503: {
    description:
      '`failed`: this server itself cannot take the call, or not record it; `retry-after` says when to try again ' +
      'where nothing can have happened; or a problem where nobody can be let in',
    schema: callReply,
    example: failure('failed', 'AUDIT_QUEUE_FULL'),
  },
  504: {
    description: '`failed`: out of time; what the tool does may have happened',
    schema: callReply,
    example: failure('failed', 'DEADLINE_PASSED'),
  },
};
