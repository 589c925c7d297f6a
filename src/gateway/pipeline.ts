import type { Call, CallReply, CallRequest, ToolCaller } from '../kernel/call.ts';
import type { Clock } from '../kernel/clock.ts';
import { asFairleadError, Internal } from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import { redactText, type Span, spanNames, type Tracing } from '../platform/telemetry/index.ts';
import { type ApproveDeps, approve } from './stages/approve.ts';
import { type AuthorizeDeps, authorize } from './stages/authorize.ts';
import { backUp } from './stages/back-up.ts';
import { type BudgetDeps, budget, charge } from './stages/budget.ts';
import { type CacheDeps, cache } from './stages/cache.ts';
import { type DispatchDeps, dispatch } from './stages/dispatch.ts';
import { guardOut } from './stages/guard-out.ts';
import { intend } from './stages/intend.ts';
import { type LimitDeps, limit } from './stages/limit.ts';
import { type OnceDeps, once } from './stages/once.ts';
import { type RecordDeps, record } from './stages/record.ts';
import { type ResolveDeps, resolve } from './stages/resolve.ts';
import { settle } from './stages/settle.ts';
import { type CallState, fail, type Stage } from './stages/stage.ts';
import { stillFits } from './stages/still-fits.ts';
import { type ValidateDeps, validate } from './stages/validate.ts';

export interface PipelineDeps
  extends ResolveDeps,
    ValidateDeps,
    AuthorizeDeps,
    LimitDeps,
    BudgetDeps,
    ApproveDeps,
    OnceDeps,
    CacheDeps,
    DispatchDeps,
    RecordDeps {
  clock: Clock;
  tracing: Tracing;
}

/** The way of every call, whoever provides the tool and by whichever surface it came. The order is the design. */
export function stagesOf(deps: PipelineDeps): readonly Stage[] {
  return [
    resolve(deps), //   the name becomes a tool that this caller may see here
    validate(deps), //  the arguments fit its schema
    authorize(deps), // policy says yes
    stillFits(deps), // and so does the tool as it is now, where it has changed since it was accepted
    limit(deps), //     rate and concurrency
    budget(deps), //    what it may cost is held for it
    place('guard in'), // guardrails on the arguments
    approve(deps), //   consent where policy asks for it
    once(deps), //      what ran under the caller's key before is told again, not run again
    cache(deps), //     a result that is still good stands in for the provider
    backUp(deps), //    what it is going to change is saved first, where that is declared
    intend(deps), //    a place in the audit, and a durable intent for what may change something
    dispatch(deps), //  the provider runs
    guardOut(deps), //  the result keeps its schema's promise
    settle(), //        the end is known
    charge(), //        and what it has cost
    record(deps), //    and durable before it is told; sees refusals too
  ];
}

/** A step that the order provides for and that has no work yet. */
function place(name: string): Stage {
  return { name };
}

export function createPipeline(deps: PipelineDeps): ToolCaller {
  const stages = stagesOf(deps);
  return {
    async call(request: CallRequest): Promise<CallReply> {
      const call: Call = { ...request, id: request.id ?? newId('call'), startedAt: deps.clock.now() };
      const state: CallState = { call, onLeave: [] };
      const parent = deps.tracing.extract(call.meta);
      await deps.tracing.span(
        deps.tracing.enabled ? spanNameOf(call) : '',
        { kind: 'server', parent },
        async (span) => {
          call.traceId = span.traceId;
          for (const stage of stages) {
            const underWay = step(stage, state, span, deps.tracing);
            if (underWay) await underWay; // most stages are done at once
          }
          if (deps.tracing.enabled) describe(span, state);
        },
      );
      for (const leave of state.onLeave.reverse()) await leave();
      return replyOf(state);
    },
  };
}

function step(stage: Stage, state: CallState, parent: Span, tracing: Tracing): Promise<void> | undefined {
  const { name, run } = stage;
  if (!run || (state.end && !stage.always)) return undefined;
  const failed = (thrown: unknown) => fail(state, asFairleadError(thrown));
  if (tracing.enabled) {
    const traced = tracing.span(name, { parent, attributes: { [spanNames.stage]: name } }, async (span) => {
      state.span = span;
      await run(state);
    });
    return traced.catch(failed);
  }
  state.span = parent;
  try {
    return run(state)?.catch(failed);
  } catch (thrown) {
    failed(thrown);
    return undefined;
  }
}

const maxNameLength = 200;

const methods = {
  tool: 'tools/call',
  read: 'resources/read',
  prompt: 'prompts/get',
  complete: 'completion/complete',
} as const;

/** With the tool or prompt, as the conventions have it; what the caller wrote goes out of the house, so never a URI. */
function spanNameOf({ operation, target }: Call): string {
  const named = operation === 'tool' || operation === 'prompt';
  return named ? `${methods[operation]} ${redactText(target.slice(0, maxNameLength))}` : methods[operation];
}

function describe(span: Span, { call, end }: CallState): void {
  const name = (call.tool?.id ?? call.target).slice(0, maxNameLength);
  span.set({
    [spanNames.method]: methods[call.operation],
    [spanNames.callId]: call.id,
    ...(call.operation === 'tool' ? { [spanNames.operation]: 'execute_tool' } : {}),
    ...(call.operation === 'prompt' ? { [spanNames.prompt]: call.target.slice(0, maxNameLength) } : {}),
    [spanNames.tool]: name,
    [spanNames.upstream]: call.tool?.toolset,
    [spanNames.clientAddress]: call.clientAddress,
    [spanNames.org]: call.principal.org,
    [spanNames.endpoint]: call.endpoint,
    [spanNames.sessionId]: call.link.sessionId,
    [spanNames.outcome]: end?.outcome ?? 'input_required',
  });
  if (end?.error) span.fail(end.error.code);
  else if (end?.outcome === 'tool_error') span.fail('tool_error');
}

function replyOf({ call, reply, end, limits, budgets, cost }: CallState): CallReply {
  if (reply?.kind === 'input_required' && end?.outcome === 'ok') {
    return { kind: 'input_required', callId: call.id, required: reply.required };
  }
  if (end && !limits && !budgets && !cost) return { kind: 'end', end };
  if (end) {
    const told = { ...(limits ? { limits } : {}), ...(budgets ? { budgets } : {}), ...(cost ? { cost } : {}) };
    return { kind: 'end', end: { ...end, ...told } };
  }
  return { kind: 'end', end: { callId: call.id, outcome: 'failed', error: Internal().toBody(call.id) } };
}
