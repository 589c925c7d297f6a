import type { CallClock } from '../../kernel/budget.ts';
import type { CallerLink, ProgressUpdate } from '../../kernel/call.ts';

/** The ways back to the caller of a plan, for its calls. */
export interface PlanLinks {
  /** For one call of the step of this id. `done` says that the call is over. */
  open(id: string): { link: CallerLink; done(): void };
}

// Progress of one request may only rise, and its calls all count from zero.
const least = 1e-6;

/** `total` is the number of calls, where it is known. */
export function createLinks(outer: CallerLink, time: CallClock, total: number | undefined): PlanLinks {
  const parts = new Set<{ part: number }>();
  let finished = 0;
  let last = 0;

  const tell = (message: string) => {
    let reached = finished;
    for (const { part } of parts) reached += part;
    last = Math.max(reached, last + least);
    outer.progress({ progress: last, ...(total === undefined ? {} : { total }), message });
  };

  return {
    open(id) {
      const call = { part: 0 };
      parts.add(call);
      const link: CallerLink = {
        ...outer,
        // A call of a plan cannot come back in a further round, but its caller can be asked while it runs.
        era: outer.era === 'none' ? 'none' : 'sessions',
        async ask(request, signal) {
          const resume = time.pause();
          try {
            return await outer.ask(request, signal);
          } finally {
            resume();
          }
        },
        progress(update) {
          call.part = Math.max(call.part, partOf(update));
          tell(update.message === undefined ? id : `${id}: ${update.message}`);
        },
      };
      return {
        link,
        done() {
          parts.delete(call);
          finished++;
          tell(`${id} is over`);
        },
      };
    },
  };
}

/** How much of a call is done, always short of all: it is over when it is over. */
function partOf({ progress, total }: ProgressUpdate): number {
  if (total === undefined || !(total > 0)) return 0;
  return Math.min(0.99, Math.max(0, progress / total));
}
