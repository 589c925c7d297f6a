import type { Call } from '../../kernel/call.ts';
import { type BudgetStanding, type Cost, type Expense, inMillionths } from '../../kernel/cost.ts';
import type { FairleadError } from '../../kernel/errors.ts';
import type { Tool } from '../../kernel/tool.ts';
import type { CallState, Stage } from './stage.ts';

/** Who keeps the accounts that calls are paid from. */
export interface BudgetPort {
  /** Of all budgets of a call, or of none; undefined where there is none. Throws when it cannot be known what is left. */
  reserve(call: Call & { tool: Tool }): BudgetReserved | undefined | Promise<BudgetReserved | undefined>;
}

export interface BudgetReserved {
  standings: readonly BudgetStanding[];
  /** Nothing is held, and this is why. */
  refusal?: FairleadError;
  /** Ends it, once, with what the call has cost, or nothing for one that was not made. */
  end(cost: Cost | undefined): void;
}

export interface BudgetDeps {
  budgets: BudgetPort;
}

/** What a call may cost is held for it before it is made: by every budget that it is paid from, or by none. */
export function budget({ budgets }: BudgetDeps): Stage {
  const take = (state: CallState, reserved: BudgetReserved | undefined) => {
    if (!reserved) return;
    state.budgets = reserved.standings;
    if (reserved.refusal) throw reserved.refusal;
    state.reservations = [
      ...(state.reservations ?? []),
      { settle: async () => reserved.end(state.cost), release: async () => reserved.end(undefined) },
    ];
    // What is parked, told again or refused on the way has no cost.
    state.onLeave.push(async () => reserved.end(state.cost));
  };
  return {
    name: 'budget',
    run(state) {
      const { call } = state;
      if (!call.tool) return;
      const reserved = budgets.reserve(call as Call & { tool: Tool });
      if (reserved instanceof Promise) return reserved.then((one) => take(state, one));
      take(state, reserved);
    },
  };
}

/** Says what the call has cost, so that its record and its budgets say the same. */
export function charge(): Stage {
  return {
    name: 'charge',
    always: true,
    run(state) {
      const cost = costOf(state);
      if (cost) state.cost = cost;
    },
  };
}

const oneCall: Cost = { calls: 1 };

/**
 * Nothing for what was not made: refused, parked, told again, or failed before it had reached anybody. Nothing, too, for a
 * question to the caller: the call that brings the answer costs. What failed or was cancelled on the way may have been done,
 * so it costs what it would have.
 */
function costOf({ call, end, reply, cached, dispatched }: CallState): Cost | undefined {
  const declared = call.tool?.guidance?.cost;
  if (cached) return declared?.cached && end?.outcome !== 'cancelled' ? costWith(declared.cached) : undefined;
  if (!dispatched || !end || end.replayed || reply?.kind === 'input_required') return undefined;
  const isOver = end.outcome === 'ok' || end.outcome === 'tool_error' || reply !== undefined;
  if (!isOver && (call.unsent || (end.outcome !== 'failed' && end.outcome !== 'cancelled'))) return undefined;
  return costWith(declared, call.spent);
}

/** What is told of a call counts for more than what was declared of all. */
function costWith(declared: Expense | undefined, spent?: Expense): Cost {
  if (!declared && !spent) return oneCall;
  const { units, tokens, amount, currency } = { ...declared, ...spent };
  return {
    calls: 1,
    ...(units === undefined ? {} : { units: inMillionths(units) }),
    ...(tokens === undefined ? {} : { tokens }),
    ...(amount === undefined ? {} : { amount: inMillionths(amount), ...(currency === undefined ? {} : { currency }) }),
  };
}
