import { BrokenCircuitError, CircuitState, circuitBreaker, handleWhen, type IBreaker } from 'cockatiel';
import type { UpstreamSettings } from '../../config/schema.ts';

const states = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.Open]: 'open',
  [CircuitState.HalfOpen]: 'half-open',
  [CircuitState.Isolated]: 'open',
} as const;

/** Thrown instead of trying while the breaker holds the upstream off. */
export class BreakerOpen extends Error {
  override name = 'BreakerOpen';
}

export interface BreakerOptions {
  /** The upstream's fault. */
  counts(error: unknown): boolean;
  /** Neither the upstream's fault nor a sign that it works, such as a caller who went away. */
  saysNothing(error: unknown): boolean;
  now(): number;
}

export interface Breaker {
  run<T>(work: () => Promise<T>): Promise<T>;
  state(): 'closed' | 'open' | 'half-open';
  /** Whole seconds until the next try is let through. */
  retryAfterSeconds(): number;
}

/** Opens after so many failures within a window; after a pause lets one call try whether it works again. */
export function createBreaker(
  settings: UpstreamSettings['breaker'],
  { counts, saysNothing, now }: BreakerOptions,
): Breaker {
  let openedAt = 0;
  let trying = false;
  const policy = circuitBreaker(
    // A try that was cancelled half-way has not shown that the upstream works again: the breaker stays open.
    handleWhen((error) => counts(error) || (trying && saysNothing(error))),
    { halfOpenAfter: settings.resetMs, breaker: countWithin(settings, now) },
  );
  policy.onBreak(() => {
    openedAt = now();
  });

  return {
    async run(work) {
      // The policy would let the others wait for the one that tries; a call is answered at once instead.
      const isTry = policy.state !== CircuitState.Closed;
      if (isTry && (trying || openedAt + settings.resetMs > now())) throw new BreakerOpen();
      if (!isTry) return policy.execute(work);
      trying = true;
      try {
        return await policy.execute(work);
      } catch (error) {
        throw error instanceof BrokenCircuitError ? new BreakerOpen() : error;
      } finally {
        trying = false;
      }
    },
    state: () => states[policy.state],
    retryAfterSeconds: () =>
      policy.state === CircuitState.HalfOpen
        ? 1
        : Math.max(1, Math.ceil((openedAt + settings.resetMs - now()) / 1_000)),
  };
}

/** So many failures within so many milliseconds; successes in between do not excuse them. */
function countWithin({ failures, windowMs }: UpstreamSettings['breaker'], now: () => number): IBreaker {
  let times: number[] = [];
  return {
    state: undefined,
    success(state) {
      if (state === CircuitState.HalfOpen) times = [];
    },
    failure(state) {
      if (state === CircuitState.HalfOpen) return true;
      const at = now();
      times = [...times.filter((time) => time > at - windowMs), at];
      if (times.length < failures) return false;
      times = [];
      return true;
    },
  };
}
