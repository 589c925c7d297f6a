import type { Call, CallEnd, Outcome, ProviderReply } from '../../kernel/call.ts';
import type { BudgetStanding, Cost } from '../../kernel/cost.ts';
import type { FairleadError } from '../../kernel/errors.ts';
import type { LimitStanding } from '../../kernel/limit.ts';
import type { Span } from '../../platform/telemetry/index.ts';
import type { UriRewriter } from '../uris.ts';

/** What asks for consent beside policy: a setting of the tool, or a guardrail that looked at the call. */
export interface ConsentDemand {
  kind: 'confirm' | 'approve';
  /** By which name it is known, as the rules of policies are. */
  rule: string;
  /** Why, for who decides. */
  reason?: string;
}

/** A call on its way: what the stages hand to each other. */
export interface CallState {
  call: Call;
  /** The URI at the caller's endpoint for one of the provider's own. From `resolve` on, but for our own resources. */
  wireUri?: UriRewriter;
  /** What asks for consent before `approve`, beside policy. */
  demands?: readonly ConsentDemand[];
  /** The limits that the call was counted by. */
  limits?: readonly LimitStanding[];
  /** The budgets that it is paid from, as they stood when what it may cost was held. */
  budgets?: readonly BudgetStanding[];
  /** What it has cost. From `charge` on; absent for one that was not made. */
  cost?: Cost;
  /** What it holds of limits and the like. Each is ended when the call leaves; whoever parks it releases them. */
  reservations?: readonly Reservation[];
  /** Set by dispatch or the cache: what the provider said. */
  reply?: ProviderReply;
  /** The same as it came from the provider, before anything looked at it; absent when it came from the cache. */
  provided?: ProviderReply;
  /** The reply was kept from an earlier call: nothing ran for this one. */
  cached?: true;
  /** The caller was asked something on the way. */
  asked?: true;
  /** Set once the call is over; later stages are then skipped, but for those marked `always`. */
  end?: CallEnd;
  /** Set as soon as the provider may have begun. */
  dispatched?: true;
  /** The error behind `end`, with the cause that only the log may see. */
  error?: FairleadError;
  /** The audit's reserved place, from `intend` to `record`. */
  place?: unknown;
  /** The span of the stage that runs now. */
  span?: Span;
  /** Awaited when the call leaves the pipeline, whatever happened; last registered first. They never fail. */
  onLeave: (() => Promise<void>)[];
}

/** What a call holds while it runs. Each of the two ends it, once; neither rejects. */
export interface Reservation {
  /** The call is over, and counts. */
  settle(): Promise<void>;
  /** The call has not been made: as if it had never been asked for. */
  release(): Promise<void>;
}

/** A named step. It throws a `FairleadError` to refuse, and sets `state.end` to finish early. */
export interface Stage {
  name: string;
  /** Absent: a place in the order that has no work yet. */
  run?(state: CallState): Promise<void> | undefined | void;
  /** Runs also after a refusal. */
  always?: boolean;
}

/** Asks, from any stage before `approve`, that somebody consents to the call, whatever policy says. */
export function demandConsent(state: CallState, demand: ConsentDemand): void {
  state.demands = [...(state.demands ?? []), demand];
}

/** Ends the call with an error: its own, or that of the earlier call whose end is told again. */
export function fail(state: CallState, error: FairleadError, id = state.call.id): void {
  state.error = error;
  state.end = {
    callId: id,
    outcome: outcomeOf(error),
    error: error.toBody(id),
    ...(error.rpc ? { rpc: error.rpc } : {}),
  };
}

/** The outcome that a refusal counts as. */
function outcomeOf(error: FairleadError): Outcome {
  if (error.code === 'CANCELLED') return 'cancelled';
  switch (error.spec.category) {
    case 'validation':
      return 'invalid';
    case 'permission':
    case 'authentication':
    case 'not_found':
      return 'denied';
    case 'rate_limit':
      return 'limited';
    default:
      return 'failed';
  }
}
