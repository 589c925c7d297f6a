import { createPlans, type PlanLimits, type Plans } from '../src/capabilities/plans/index.ts';
import type { Call, CallEnd, CallerLink, CallReply, CallRequest, ToolCaller } from '../src/kernel/call.ts';
import { asFairleadError, FairleadError, NotFound } from '../src/kernel/errors.ts';
import { newId } from '../src/kernel/ids.ts';
import type { Json, JsonObject } from '../src/kernel/json.ts';
import { type Tool, type ToolResult, unknownAnnotations } from '../src/kernel/tool.ts';

/** Runs a tool of the world; it may throw, answer with a whole reply, or with what becomes structured content. */
export type Behaviour = (args: JsonObject, request: CallRequest) => unknown;

/** One call as it came to the pipeline, with how many ran at that moment, this one included. */
export interface Seen {
  request: CallRequest;
  reply?: CallReply;
  running: number;
}

export interface PlansWorld {
  plans: Plans;
  seen: Seen[];
  /** What came of a plan. */
  run(args: unknown, outer?: Partial<Call>, signal?: AbortSignal): Promise<PlanResult>;
}

export interface PlanResult extends ToolResult {
  // biome-ignore lint/suspicious/noExplicitAny: a test says itself what it expects to find
  structuredContent: any;
}

/** Plans over a pipeline that does what the real one does for its callers: ids, outcomes, refusals, cancellation. */
export function openPlans(tools: Record<string, Behaviour>, limits: Partial<PlanLimits> = {}): PlansWorld {
  const seen: Seen[] = [];
  let running = 0;
  const caller: ToolCaller = {
    async call(request) {
      const id = newId('call');
      const one: Seen = { request, running: ++running };
      seen.push(one);
      one.reply = await endOf(id, request, tools[request.target]).finally(() => running--);
      return one.reply;
    },
  };
  const plans = createPlans({ caller, limits });
  return {
    plans,
    seen,
    async run(args, outer = {}, signal = new AbortController().signal) {
      const reply = await plans.run({ ...outerCall(plans, args as JsonObject), ...outer }, signal);
      if (reply.kind !== 'result') throw new Error('a plan asks nothing itself');
      return reply.result as unknown as PlanResult;
    },
  };
}

async function endOf(callId: string, request: CallRequest, tool: Behaviour | undefined): Promise<CallReply> {
  const end = (parts: Omit<CallEnd, 'callId'>): CallReply => ({ kind: 'end', end: { callId, ...parts } });
  const refused = (thrown: unknown): CallReply => {
    const error = asFairleadError(thrown);
    const outcomes = { validation: 'invalid', not_found: 'denied', permission: 'denied' } as const;
    const outcome = outcomes[error.spec.category as keyof typeof outcomes] ?? 'failed';
    return end({ outcome, error: error.toBody(callId) });
  };
  if (!tool) return refused(NotFound({ what: 'tool', id: request.target }));
  const { promise: cut, reject } = Promise.withResolvers<never>();
  const stop = () => reject(request.signal.reason);
  if (request.signal.aborted) stop();
  request.signal.addEventListener('abort', stop);
  try {
    const given = await Promise.race([(async () => tool(request.arguments, request))(), cut]);
    if (isReply(given)) return given;
    const result = isResult(given) ? given : { content: [], structuredContent: given as Json };
    return end({ outcome: result.isError ? 'tool_error' : 'ok', result });
  } catch (thrown) {
    if (request.signal.aborted && !(thrown instanceof FairleadError)) return end({ outcome: 'cancelled' });
    return refused(thrown);
  } finally {
    request.signal.removeEventListener('abort', stop);
  }
}

function isReply(given: unknown): given is CallReply {
  return typeof given === 'object' && given !== null && 'kind' in given;
}

function isResult(given: unknown): given is ToolResult {
  return typeof given === 'object' && given !== null && 'content' in given && Array.isArray(given.content);
}

/** The call of `run_tools` itself. */
export function outerCall({ tool }: Plans, args: JsonObject): Call & { tool: Tool } {
  return {
    id: 'call_outer',
    startedAt: Date.now(),
    principal: {
      id: 'key:tester',
      kind: 'agent',
      org: 'default',
      name: 'tester',
      roles: ['operator'],
      scopes: ['*'],
      credential: { kind: 'api_key', id: 'key_1' },
    },
    surface: 'mcp',
    operation: 'tool',
    target: 'fairlead_run_tools',
    endpoint: 'work',
    arguments: args,
    meta: { traceparent: '00-11111111111111111111111111111111-2222222222222222-01' },
    link: mute,
    signal: new AbortController().signal,
    clientAddress: '192.0.2.7',
    requestId: 'req_1',
    tool: {
      org: 'default',
      id: 'fairlead.run_tools',
      toolset: 'fairlead',
      name: tool.name,
      definition: tool,
      digest: `sha256:${'0'.repeat(64)}`,
      annotations: unknownAnnotations,
      tags: [],
      status: 'live',
    },
  };
}

/** A caller who hears nothing and answers nothing. */
export const mute: CallerLink = {
  era: 'none',
  capabilities: {},
  ask: () => Promise.reject(new Error('this caller cannot be asked')),
  progress: () => undefined,
  log: () => undefined,
};

export function text(...texts: string[]): ToolResult {
  return { content: texts.map((each) => ({ type: 'text', text: each })) };
}

export const issues = {
  total: 3,
  issues: [
    { key: 'WEB-1', fields: { summary: 'one', status: { name: 'Open' } } },
    { key: 'WEB-2', fields: { summary: 'two', status: { name: 'Done' } } },
    { key: 'WEB-3', fields: { summary: 'three' } },
  ],
};

const failed = { ...text('no wind'), isError: true };

/** Tools of a small issue tracker. */
export const tracker: Record<string, Behaviour> = {
  search: () => issues,
  get: ({ key }: JsonObject) => ({ key, fields: issues.issues.find((each) => each.key === key)?.fields ?? {} }),
  echo: (args: JsonObject) => args,
  fail: () => failed,
};
