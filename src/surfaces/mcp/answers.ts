import { whenSent } from './sessions.ts';

/** Answers that are on their way out: a call that is done has reached nobody until its response has been sent. */
export interface PendingAnswers {
  /** Counts one until what comes back is called. */
  begin(): () => void;
  /** Counts the response to a POST until its body has gone out. */
  track(request: Request, serve: () => Promise<Response>): Promise<Response>;
  /** Resolves when all of them are out, or after `withinMs`: streams of changes never end by themselves. */
  sent(withinMs: number): Promise<void>;
}

export function pendingAnswers(): PendingAnswers {
  let pending = 0;
  const waiting = new Set<() => void>();
  const done = () => {
    if (--pending === 0) for (const resolve of waiting) resolve();
  };
  const begin = () => {
    pending++;
    return done;
  };
  return {
    begin,
    async track(request, serve) {
      if (request.method !== 'POST' || request.headers.get('mcp-method') === 'subscriptions/listen') return serve();
      const answered = begin();
      try {
        return whenSent(await serve(), answered);
      } catch (error) {
        answered();
        throw error;
      }
    },
    async sent(withinMs) {
      if (pending === 0) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, withinMs);
      waiting.add(resolve);
      await promise;
      waiting.delete(resolve);
      clearTimeout(timer);
    },
  };
}
