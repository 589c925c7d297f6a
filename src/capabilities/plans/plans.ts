import { AsyncLocalStorage } from 'node:async_hooks';
import type { Call, ProviderReply, ToolCaller } from '../../kernel/call.ts';
import { FairleadError } from '../../kernel/errors.ts';
import type { Tool, ToolDefinition } from '../../kernel/tool.ts';
import { definitionOf } from './definition.ts';
import { PlanCancelled, PlanNested } from './errors.ts';
import { execute } from './execution.ts';
import { defaultLimits, type PlanLimits } from './limits.ts';
import { readPlan } from './read.ts';
import { resultOf } from './results.ts';

/** Several tool calls in one request, each of them on the way that every call goes. */
export interface Plans {
  /** `run_tools`, for a toolset of Fairlead's own. */
  tool: ToolDefinition;
  /**
   * Runs the plan in the call's arguments. Resolves with what its steps came to, also when one failed; rejects with
   * `PlanInvalid` before anything is called, and when the call is cancelled.
   */
  run(call: Call & { tool: Tool }, signal: AbortSignal): Promise<ProviderReply>;
}

export interface PlansDeps {
  caller: ToolCaller;
  limits?: Partial<PlanLimits>;
}

const runTools = 'run_tools';
/** The tools that run others: a plan reaches what it needs by its own name. */
const runners = [runTools, 'call_tool'];

export function createPlans({ caller, limits: given }: PlansDeps): Plans {
  const limits = { ...defaultLimits, ...given };
  // Names can be changed for an endpoint, so that a plan inside a plan is known by where it runs as well.
  const within = new AsyncLocalStorage<true>();

  return {
    tool: definitionOf(runTools, limits),
    async run(call, signal) {
      if (within.getStore()) throw PlanNested();
      const refused = runnersOf(call);
      const whyNotCalled = (tool: string) =>
        refused.has(tool)
          ? `a plan may not call ${tool}: name the tool itself as a step, plans do not nest`
          : undefined;
      const plan = readPlan(call.arguments, { limits, whyNotCalled });
      let unkept = false;
      const watched: ToolCaller = {
        async call(request) {
          const reply = await caller.call(request);
          if (reply.kind === 'end' && reply.end.unkept) unkept = true;
          return reply;
        },
      };
      const ends = await within.run(true, () => execute(plan, call, signal, { caller: watched, limits }));
      if (signal.aborted) {
        throw signal.reason instanceof FairleadError ? signal.reason : PlanCancelled({}, { cause: signal.reason });
      }
      return { kind: 'result', result: resultOf(plan, ends, limits), ...(unkept ? { unkept } : {}) };
    },
  };
}

/** All names by which a plan could reach a tool that runs others, this one included. */
function runnersOf({ target, tool: { id, toolset } }: Call & { tool: Tool }): Set<string> {
  return new Set([target, id, ...runners.flatMap((name) => [name, `${toolset}_${name}`, `${toolset}.${name}`])]);
}
