import type { Call, ProviderReply } from '../../kernel/call.ts';
import type { Tool } from '../../kernel/tool.ts';
import type { CallState, Stage } from './stage.ts';

type Result = Extract<ProviderReply, { kind: 'result' }>;

/** Who keeps results. */
export interface CachePort {
  /** Undefined for a call that it has nothing to do with. Waits while the same call is under way. */
  begin(call: Call & { tool: Tool }): CacheBegun | undefined | Promise<CacheBegun | undefined>;
}

export type CacheBegun =
  | { kind: 'hit'; reply: Result; ageMs: number; leftMs: number }
  | { kind: 'run'; end(how: { ran: boolean; reply?: Result }): void };

export interface CacheDeps {
  cache: CachePort;
}

const cacheKey = 'dev.fairlead/cache';

/** A result that is still good stands in for the provider; it is checked, told and recorded as if it had just come. */
export function cache({ cache: port }: CacheDeps): Stage {
  const take = (state: CallState, begun: CacheBegun | undefined) => {
    if (!begun) return;
    if (begun.kind === 'run') {
      state.onLeave.push(async () => {
        const reply = tellable(state);
        begun.end({ ran: state.dispatched === true, ...(reply ? { reply } : {}) });
      });
      return;
    }
    const note = { ageSeconds: Math.floor(begun.ageMs / 1_000), expiresInSeconds: Math.ceil(begun.leftMs / 1_000) };
    state.reply = { ...begun.reply, meta: { ...begun.reply.meta, [cacheKey]: note } };
    state.cached = true;
  };
  return {
    name: 'cache',
    run(state) {
      const { call } = state;
      if (!call.tool) return;
      const begun = port.begin(call as Call & { tool: Tool });
      if (begun instanceof Promise) return begun.then((one) => take(state, one));
      take(state, begun);
    },
  };
}

/** As the provider gave it, if it went well, may be kept, and hangs on nothing that its caller was asked. */
function tellable({ end, provided, asked }: CallState): Result | undefined {
  if (end?.outcome !== 'ok' || asked || provided?.kind !== 'result' || provided.unkept) return undefined;
  return provided;
}
