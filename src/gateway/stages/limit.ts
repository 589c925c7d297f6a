import type { Call } from '../../kernel/call.ts';
import type { FairleadError } from '../../kernel/errors.ts';
import type { LimitStanding } from '../../kernel/limit.ts';
import type { Tool } from '../../kernel/tool.ts';
import type { CallState, Reservation, Stage } from './stage.ts';

/** Who counts calls. */
export interface LimitPort {
  /** All limits of a call, or none of them; undefined where there is none. At once where nobody has to be asked. */
  reserve(call: Call & { tool: Tool }): LimitReserved | undefined | Promise<LimitReserved | undefined>;
}

export interface LimitReserved extends Reservation {
  standings: readonly LimitStanding[];
  /** Nothing was taken, and this is why. */
  refusal?: FairleadError;
}

export interface LimitDeps {
  limits: LimitPort;
}

/** Rate and concurrency: a call takes from every limit that it is counted by, or from none. */
export function limit({ limits }: LimitDeps): Stage {
  const take = (state: CallState, reserved: LimitReserved | undefined) => {
    if (!reserved) return;
    state.limits = reserved.standings;
    if (reserved.refusal) throw reserved.refusal;
    state.reservations = [...(state.reservations ?? []), reserved];
    // What is parked has not been made yet: it is counted when it goes on.
    state.onLeave.push(() => (state.end?.outcome === 'pending_approval' ? reserved.release() : reserved.settle()));
  };
  return {
    name: 'limit',
    run(state) {
      const { call } = state;
      if (!call.tool) return;
      const reserved = limits.reserve(call as Call & { tool: Tool });
      if (reserved instanceof Promise) return reserved.then((one) => take(state, one));
      take(state, reserved);
    },
  };
}
