import type { Call, ToolProvider } from '../../kernel/call.ts';
import { FairleadError, Internal } from '../../kernel/errors.ts';
import { passed } from '../../kernel/steps.ts';
import type { Tool } from '../../kernel/tool.ts';
import type { Tracing } from '../../platform/telemetry/index.ts';
import { Cancelled, DeadlinePassed } from '../errors.ts';
import { notedLink } from '../questions.ts';
import type { AuditTrail } from '../trail.ts';
import type { Stage } from './stage.ts';

export interface DispatchDeps {
  /** Who runs the tools of a toolset. */
  providerOf(toolset: string): ToolProvider;
  tracing: Tracing;
  trail: AuditTrail;
}

/** The provider runs. Time-outs, retries and breakers are its own, within the call's signal and deadline. */
export function dispatch({ providerOf, tracing, trail }: DispatchDeps): Stage {
  return {
    name: 'dispatch',
    async run(state) {
      const { call } = state;
      if (!call.tool) throw Internal({}, { cause: new Error('dispatch without a resolved tool') });
      if (state.cached) return;
      if (call.signal.aborted) throw stopped(call.signal);
      const leftMs = call.deadline === undefined ? undefined : call.deadline - Date.now();
      if (leftMs !== undefined && leftMs <= 0) throw DeadlinePassed();
      call.meta = { ...call.meta, ...tracing.inject(state.span) }; // the upstream's spans hang below this one
      call.link = notedLink(state, trail);
      const provider = providerOf(call.tool.toolset);
      state.dispatched = true;
      try {
        const answer = provider.dispatch(call as Call & { tool: Tool }, call.signal);
        passed('call.dispatched', call.id);
        state.provided = await answer;
        passed('call.answered', call.id);
        state.reply = state.provided;
      } catch (error) {
        if (call.signal.aborted) throw stopped(call.signal, error);
        throw error;
      }
    },
  };
}

/** The server's own reason for an end, or the caller's wish. */
function stopped({ reason }: AbortSignal, cause?: unknown): FairleadError {
  return reason instanceof FairleadError ? reason : Cancelled({}, { cause });
}
