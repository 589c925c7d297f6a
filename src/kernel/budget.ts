/** The time budget of a call, or of several that belong together. It stands still while the caller is asked something. */
export interface CallClock {
  /** Aborted with `expired` as its reason when the time is used up. */
  readonly signal: AbortSignal;
  remainingMs(): number;
  /** Returns the way to let it run on; pauses may overlap. */
  pause(): () => void;
  stop(): void;
}

const longestTimer = 2 ** 31 - 1;

/** Which of the two ended a call. */
export type TimeLimit = 'budget' | 'deadline';

/**
 * `deadline`, in milliseconds since the epoch, holds through every pause. What else may end a call can share its
 * `controller`: a signal of its own for each costs more than what it tells.
 */
export function startCallClock(
  budgetMs: number,
  deadline: number | undefined,
  expired: (by: TimeLimit) => Error,
  controller = new AbortController(),
): CallClock {
  const expire = () => controller.abort(expired('budget'));
  let leftMs = budgetMs;
  let startedAt = performance.now();
  let pauses = 0;
  let timer = setTimeout(expire, Math.min(leftMs, longestTimer));
  const hard =
    deadline === undefined
      ? undefined
      : setTimeout(
          () => controller.abort(expired('deadline')),
          Math.min(Math.max(0, deadline - Date.now()), longestTimer),
        );

  const remainingMs = () => {
    const own = pauses > 0 ? leftMs : leftMs - (performance.now() - startedAt);
    return Math.max(0, deadline === undefined ? own : Math.min(own, deadline - Date.now()));
  };

  return {
    signal: controller.signal,
    remainingMs,
    pause() {
      if (pauses++ === 0) {
        leftMs -= performance.now() - startedAt;
        clearTimeout(timer);
      }
      let resumed = false;
      return () => {
        if (resumed) return;
        resumed = true;
        if (--pauses > 0 || controller.signal.aborted) return;
        startedAt = performance.now();
        timer = setTimeout(expire, Math.max(0, leftMs));
      };
    },
    stop() {
      pauses = Number.POSITIVE_INFINITY; // a late resume must not start the timer again
      clearTimeout(timer);
      clearTimeout(hard);
    },
  };
}
