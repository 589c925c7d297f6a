// Long work in short turns: whoever waits for the event loop gets it wherever the work yields.
import { setImmediate } from 'node:timers/promises';

/** Work that may be interrupted wherever it yields. */
export type Turns<T> = Generator<undefined, T, undefined>;

const turnMs = 10;

export function atOnce<T>(work: Turns<T>): T {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

export async function inTurns<T>(work: Turns<T>): Promise<T> {
  for (;;) {
    const end = performance.now() + turnMs;
    while (performance.now() < end) {
      const step = work.next();
      if (step.done) return step.value;
    }
    await setImmediate();
  }
}
