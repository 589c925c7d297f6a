import { z } from '@hono/zod-openapi';
import { outcomes } from '../../kernel/call.ts';
import { measures } from '../../kernel/cost.ts';

export const timeMs = z.int().openapi({ description: 'Milliseconds since the epoch', example: 1_795_219_200_000 });

/** A query parameter that is set or not. */
export const flag = z.enum(['true', 'false']).transform((value) => value === 'true');

export const anyObject = z.record(z.string(), z.unknown());

const categories = [
  'authentication',
  'permission',
  'validation',
  'not_found',
  'rate_limit',
  'external_service',
  'timeout',
  'internal',
] as const;

const limitStanding = z
  .object({
    rule: z.string().openapi({ example: 'agents' }),
    kind: z.enum(['rate', 'window', 'concurrency']),
    limit: z.int().openapi({ description: 'Calls each period, or at once' }),
    periodSeconds: z.number().optional(),
    remaining: z.int(),
    resetSeconds: z.int().optional().openapi({ description: 'Until all of it is there again, if nobody calls' }),
  })
  .openapi('LimitStanding', { description: 'How a limit stands' });

const expense = z.object({
  units: z.number().optional(),
  tokens: z.int().optional(),
  amount: z.number().optional(),
  currency: z.string().optional(),
});

const budgetStanding = z
  .object({
    budget: z.string().openapi({ description: 'Name of the budget' }),
    measure: z.enum(measures),
    currency: z.string().optional(),
    limit: z.number().openapi({ description: 'What there is in a period' }),
    used: z.number().openapi({ description: 'Spent, and held for calls that run' }),
    remaining: z.number(),
    account: z.string().optional().openapi({ description: 'Whose account of it; absent where there is one for all' }),
    resetsAt: z.string().optional(),
    resetSeconds: z.int().optional(),
  })
  .openapi('BudgetStanding', { description: 'How a budget stands' });

export const errorBody = z
  .object({
    code: z.string().openapi({ example: 'UNKNOWN_TOOL' }),
    category: z.enum(categories),
    retryable: z.boolean().openapi({ description: 'Whether the same request can succeed later' }),
    limit: limitStanding.optional().openapi({ description: 'The limit that refused' }),
    budget: budgetStanding.optional().openapi({ description: 'The budget that refused' }),
    retryAfter: z.number().optional().openapi({ description: 'Seconds to wait before that' }),
    message: z.string(),
    suggestedAction: z.string(),
    callId: z.string().optional(),
  })
  .openapi('Error');

export const problem = errorBody
  .extend({ type: z.string(), title: z.string(), status: z.int() })
  .openapi('Problem', { description: 'RFC 9457, with the fields of the error catalogue beside its own' });

export const outcome = z.enum(outcomes).openapi('Outcome', { description: 'How a call ended' });

export const annotations = z
  .object({ readOnly: z.boolean(), destructive: z.boolean(), idempotent: z.boolean(), openWorld: z.boolean() })
  .openapi('Annotations', { description: 'What a tool does, as far as Fairlead believes it' });

const statuses = ['live', 'stale', 'quarantined', 'disabled'] as const;

export const tool = z
  .object({
    id: z.string().openapi({ description: 'Canonical: the toolset, a dot, the name', example: 'files.read_text_file' }),
    wireName: z.string().openapi({ description: 'Its name over MCP', example: 'files_read_text_file' }),
    toolset: z.string().openapi({ example: 'files' }),
    name: z.string().openapi({ description: 'As its provider has it', example: 'read_text_file' }),
    title: z.string().optional(),
    description: z.string().optional(),
    annotations,
    tags: z.array(z.string()),
    digest: z.string().openapi({ description: '`sha256:` over the RFC 8785 text of its definition' }),
    status: z.enum(statuses),
    statusReason: z.string().optional(),
    timeoutMs: z.int().optional(),
    lookalikes: z
      .array(z.object({ of: z.string(), reason: z.enum(['case', 'separator', 'homoglyph', 'prefix', 'title']) }))
      .optional()
      .openapi({ description: 'Tools or toolsets that it may be taken for' }),
  })
  .openapi('Tool');

export const toolDetail = tool
  .extend({
    definition: z.looseObject({ name: z.string(), inputSchema: anyObject }),
    whenToUse: z.string().optional(),
    whenNotToUse: z.string().optional(),
    examples: z.array(z.object({ intent: z.string().optional(), arguments: anyObject })).optional(),
    cost: expense
      .extend({ cached: expense.optional().openapi({ description: 'Of one that is told from the cache' }) })
      .optional()
      .openapi({ description: 'Of one call' }),
    rateLimits: z.array(z.string()).optional(),
    budgets: z.array(z.string()).optional().openapi({ description: 'That calls can be paid from, in words' }),
    sideEffects: z.string().optional(),
    errors: z.record(z.string(), z.string()).optional(),
    latency: z
      .object({ p50Ms: z.int(), p95Ms: z.int(), calls: z.int() })
      .optional()
      .openapi({ description: 'Of the last calls, as this replica saw them' }),
  })
  .openapi('ToolDetail', { description: 'A tool with its whole definition, its schemas included' });

export const incomplete = z.array(z.object({ toolset: z.string(), reason: z.string() })).openapi({
  description: 'Toolsets whose tools are missing or only remembered',
});

const operators = 'with the scope `upstreams:read`';
const states = ['starting', 'live', 'failing', 'stopped', 'disabled'] as const;

const transport = z.enum(['stdio', 'http', 'sse', 'openapi']);
const refused = z.array(
  z.object({ kind: z.string(), name: z.string(), reason: z.string(), detail: z.string().optional() }),
);

export const upstream = z
  .object({
    org: z.string(),
    name: z.string().openapi({ example: 'files' }),
    source: z
      .enum(['file', 'runtime'])
      .openapi({ description: 'Only what came at run time can be changed at run time' }),
    transport,
    target: z
      .string()
      .optional()
      .openapi({ description: `Command line, URL or path without secrets; ${operators}` }),
    isolation: z.enum(['shared', 'principal', 'session']),
    era: z
      .string()
      .optional()
      .openapi({ description: 'Protocol revision spoken, or that of the OpenAPI document, once connected' }),
    state: z.enum(states),
    reason: z.string().optional().openapi({ description: 'Why it is not live' }),
    detail: z
      .string()
      .optional()
      .openapi({ description: `What exactly is wrong; ${operators}` }),
    tools: z.int(),
    prompts: z.int(),
    resources: z.int(),
    quarantined: z
      .int()
      .openapi({ description: 'How many of its definitions are not served until somebody accepts them' }),
    leftOut: z.string().optional().openapi({
      description: 'What it lists and is not offered here',
      example: 'left out: 1 tool (a name that is reserved)',
    }),
    refused: refused.optional().openapi({ description: `The first of what is left out, one by one; ${operators}` }),
    since: timeMs,
    lastListedAt: timeMs.optional(),
    restarts: z.int(),
    inFlight: z.int(),
    breaker: z.enum(['closed', 'open', 'half-open']),
  })
  .openapi('Upstream');

export const upstreamDetail = upstream
  .extend({
    settings: anyObject.optional().openapi({ description: 'Secrets are `***`; with the scope `upstreams:write`' }),
  })
  .openapi('UpstreamDetail');

export const upstreamProbe = z
  .object({
    ok: z.boolean(),
    transport,
    era: z.string().optional(),
    tools: z.int().optional(),
    prompts: z.int().optional(),
    resources: z.int().optional(),
    refused: refused.optional().openapi({ description: 'What it lists and cannot be offered, and why' }),
    reason: z.string().optional().openapi({ description: 'Why it does not work' }),
    durationMs: z.number(),
  })
  .openapi('UpstreamProbe');

export const org = z
  .object({ id: z.string().openapi({ example: 'acme' }), name: z.string(), createdAt: timeMs })
  .openapi('Organisation');

export const key = z
  .object({
    id: z.string(),
    org: z.string(),
    name: z.string(),
    roles: z.array(z.string()),
    scopes: z.array(z.string()),
    owner: z.string().openapi({ description: 'Who answers for it' }),
    userId: z.string().optional().openapi({ description: 'The member whose key it is: it may no more than they may' }),
    createdBy: z.string(),
    createdAt: timeMs,
    expiresAt: timeMs.optional(),
    lastUsedAt: timeMs.optional(),
    lastUsedFrom: z.string().optional().openapi({ description: 'Address that the last use came from' }),
    rotatedAt: timeMs.optional(),
    previous: z
      .object({ until: timeMs, lastUsedAt: timeMs.optional() })
      .optional()
      .openapi({ description: 'The secret from before the rotation, while it counts' }),
    revokedAt: timeMs.optional(),
    bootstrap: z.boolean(),
  })
  .openapi('Key');

export const createdKey = z
  .object({ key, secret: z.string().openapi({ description: 'Shown this once, kept nowhere', example: 'fl_...' }) })
  .openapi('CreatedKey');

export const principal = z
  .object({
    id: z.string(),
    kind: z.string(),
    org: z.string(),
    name: z.string(),
    actsFor: z.string().optional().openapi({ description: 'The person whose key it is' }),
    roles: z.array(z.string()),
    teams: z.array(z.string()).optional(),
    scopes: z.array(z.string()),
    credential: z.object({ kind: z.string(), id: z.string() }),
    expiresAt: timeMs.optional(),
  })
  .openapi('Principal');

const recordBase = {
  id: z.string(),
  seq: z.int().openapi({ description: "Place in the organisation's chain" }),
  hash: z.string(),
  org: z.string(),
  at: timeMs,
  principal: z.looseObject({ id: z.string(), name: z.string(), roles: z.array(z.string()) }),
  replica: z.string(),
};

const outcomeUnknown = z
  .literal(true)
  .optional()
  .openapi({ description: 'The server ended in the middle: nobody knows whether it took effect' });

const question = z
  .looseObject({
    method: z.string().openapi({ example: 'elicitation/create' }),
    askedAt: timeMs,
    params: z.unknown().openapi({ description: 'Redacted, and cut at a limit' }),
    answeredAt: timeMs.optional(),
    action: z.string().optional().openapi({ description: 'Of an elicitation: accept, decline or cancel' }),
    answer: z.unknown().optional().openapi({ description: 'Redacted, and cut at a limit' }),
    unanswered: z.string().optional().openapi({ description: 'Why no answer came' }),
  })
  .openapi('Question');

export const backup = z
  .object({
    tool: z.string(),
    callId: z.string().optional().openapi({ description: 'The call that made it' }),
    id: z.string().optional().openapi({ description: 'By which it is found again, as its tool told it' }),
    failed: z.string().optional().openapi({ description: 'Why there is none' }),
  })
  .openapi('Backup', { description: 'What is saved, or was, before the call is made' });

export const callRecord = z
  .looseObject({
    ...recordBase,
    kind: z.literal('call'),
    surface: z.string(),
    operation: z.string(),
    tool: z.string().optional(),
    endpoint: z.string().optional(),
    parentCallId: z.string().optional(),
    replayed: z.literal(true).optional().openapi({
      description: 'Nothing ran: the end of the call `parentCallId` was told again, by its idempotency key',
    }),
    arguments: z.unknown().optional().openapi({ description: 'Redacted, and cut at a limit' }),
    result: z.unknown().optional().openapi({ description: 'Redacted, and cut at a limit' }),
    outcome,
    errorCode: z.string().optional(),
    rule: z.string().optional(),
    durationMs: z.number().optional(),
    cost: expense
      .extend({ calls: z.literal(1) })
      .optional()
      .openapi({ description: 'Absent where nothing was made' }),
    upstream: z.string().optional(),
    traceId: z.string().optional(),
    toolStatus: z.string().optional(),
    toolTags: z.array(z.string()).optional(),
    decision: z
      .looseObject({
        allowed: z.boolean(),
        unattended: z.boolean(),
        rules: z.unknown(),
        policyVersion: z.string().openapi({ description: 'Digest over every rule that was in force' }),
        policySet: z.int().optional().openapi({ description: "Number of the organisation's own policies" }),
        withheld: z
          .array(z.string())
          .optional()
          .openapi({ description: 'What is not kept as policies saw it: it held a secret, or was cut' }),
      })
      .optional()
      .openapi({ description: 'What policies said and looked at' }),
    backup: backup.optional(),
    questions: z.array(question).optional().openapi({ description: 'What the caller was asked during the call' }),
    moreQuestions: z
      .record(z.string(), z.int())
      .optional()
      .openapi({ description: 'How often it was asked beyond those, by method and action' }),
    outcomeUnknown,
  })
  .openapi('CallRecord');

export const actRecord = z
  .looseObject({
    ...recordBase,
    kind: z.literal('act'),
    action: z.string().openapi({ example: 'keys.create' }),
    subject: z.string(),
    detail: z.unknown(),
    outcome: z.enum(['ok', 'denied', 'failed']),
    errorCode: z.string().optional(),
    outcomeUnknown,
  })
  .openapi('ActRecord');

export const auditRecord = z.union([callRecord, actRecord]).openapi('AuditRecord');
