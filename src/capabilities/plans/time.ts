import type { Clock } from '../../kernel/clock.ts';
import { PlanOutOfTime } from './errors.ts';

/** The time of one plan. It stands still while the caller is asked something: people take their time. */
export interface PlanTime {
  /** Aborted with `PlanOutOfTime` when the time is used up. */
  readonly signal: AbortSignal;
  /** Returns the way to let it run on; pauses may overlap. */
  pause(): () => void;
  stop(): void;
}

const longestTimer = 2 ** 31 - 1;

/** `deadline`, in milliseconds since the epoch, is the caller's own and holds through every pause. */
export function startTime(clock: Clock, budgetMs: number, deadline: number | undefined): PlanTime {
  const controller = new AbortController();
  const after = (ms: number, limit: string) =>
    setTimeout(() => controller.abort(PlanOutOfTime({ limit })), Math.min(Math.max(0, ms), longestTimer));
  const own = (ms: number) => after(ms, `${budgetMs / 1000} s, the most that a plan gets`);

  let leftMs = budgetMs;
  let startedAt = clock.now();
  let pauses = 0;
  let timer = own(leftMs);
  const hard = deadline === undefined ? undefined : after(deadline - clock.now(), 'the time that its caller gave');

  return {
    signal: controller.signal,
    pause() {
      if (pauses++ === 0) {
        leftMs -= clock.now() - startedAt;
        clearTimeout(timer);
      }
      let resumed = false;
      return () => {
        if (resumed) return;
        resumed = true;
        if (--pauses > 0 || controller.signal.aborted) return;
        startedAt = clock.now();
        timer = own(leftMs);
      };
    },
    stop() {
      pauses = Number.POSITIVE_INFINITY; // a late resume must not start the timer again
      clearTimeout(timer);
      clearTimeout(hard);
    },
  };
}
