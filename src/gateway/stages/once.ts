import type { CallEnd, OnceKey } from '../../kernel/call.ts';
import type { FairleadError } from '../../kernel/errors.ts';
import type { OrgId } from '../../kernel/principal.ts';
import type { Tool } from '../../kernel/tool.ts';
import { type CallState, fail, type Stage } from './stage.ts';

/** Who remembers requests by the keys that their callers gave them. */
export interface OnceMemory {
  /**
   * Takes the key for this call, or says what became of the call that took it first. Throws when that was another
   * request, when it still runs, and when its end cannot be told.
   */
  begin(request: OnceRequest): Promise<OnceBegun>;
}

export interface OnceRequest {
  org: OrgId;
  /** Id of the principal. */
  principal: string;
  key: string;
  content: unknown;
  callId: string;
}

export type OnceBegun =
  | { kind: 'run'; run: OnceRun }
  | { kind: 'replay'; end: CallEnd }
  /** It may have taken effect: nobody saw its end. */
  | { kind: 'unknown'; callId: string; error: FairleadError };

/** The key in the hands of one call, which does one of the two when it leaves. Neither rejects. */
export interface OnceRun {
  finish(end: CallEnd): Promise<void>;
  /** The key is as if it had never been used. */
  release(): Promise<void>;
}

export interface OnceDeps {
  once: OnceMemory;
}

/**
 * A call with a key runs once. Who repeats it has come all the way here, so the right to it is looked at anew, and its
 * repetition is recorded like any call.
 */
export function once({ once: memory }: OnceDeps): Stage {
  const begin = async (state: CallState, tool: Tool, asked: OnceKey) => {
    const { id: callId, principal } = state.call;
    const begun = await memory.begin({
      org: principal.org,
      principal: principal.id,
      key: asked.key,
      // The same words may lead to another tool by now, whose callers must not see what this one said.
      content: [tool.id, asked.content],
      callId,
    });
    if (begun.kind === 'run') {
      const { run } = begun;
      state.onLeave.push(() => (state.end && isKept(state) ? run.finish(state.end) : run.release()));
    } else if (begun.kind === 'replay') {
      state.end = { ...begun.end, replayed: true };
    } else {
      fail(state, begun.error, begun.callId);
      if (state.end) state.end.replayed = true;
    }
  };
  return {
    name: 'once',
    run(state) {
      const { tool, once: asked } = state.call;
      if (asked && tool) return begin(state, tool, asked);
    },
  };
}

/** Whether the same request, sent again, could do harm: something ran, and it is not known to bear a second time. */
function isKept({ call, dispatched, reply, end }: CallState): boolean {
  if (!dispatched || reply?.kind === 'input_required') return false; // a question is no end
  if (end?.outcome === 'ok' || end?.outcome === 'tool_error') return true;
  if (end?.outcome !== 'failed' && end?.outcome !== 'cancelled') return false; // refused by the provider
  return !call.tool?.annotations.readOnly && !call.tool?.annotations.idempotent;
}
