/** Aborts when nothing has moved for so long. */
export interface Stall {
  signal: AbortSignal;
  moved(): void;
  end(): void;
}

export function watchStall(afterMs: number): Stall {
  const stalled = new AbortController();
  const timer = setTimeout(() => stalled.abort(), afterMs).unref();
  return {
    signal: stalled.signal,
    moved: () => void timer.refresh(),
    end: () => clearTimeout(timer),
  };
}

/** The promise, or the signal's reason as soon as it aborts: for what may not heed the signal itself. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  promise.catch(() => {}); // nobody may be left to hear of it
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
