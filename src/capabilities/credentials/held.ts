import type { TokenSet } from '../../platform/oauth/index.ts';

/** A token in memory, fetched by whoever needs it first and used by all who may. */
export interface HeldToken {
  /**
   * Rejects with what fetching throws. A token that can still be used stands in for one that cannot be had.
   *
   * @param fetchToken called where none is held and nobody fetches one already; not kept
   */
  get(signal: AbortSignal, fetchToken: () => Promise<TokenSet>): Promise<TokenSet>;
  /** What is held, if it is still good. */
  current(): TokenSet | undefined;
  /** It was refused, or is not wanted any more; another one that was fetched meanwhile stays. */
  drop(accessToken: string): void;
}

/** Before its end a token is renewed: by so much, or a tenth of its life. */
const renewBeforeMs = 30_000;
const firstPauseMs = 1_000;
const longestPauseMs = 30_000;

export function createHeldToken(now: () => number): HeldToken {
  let held: { set: TokenSet; renewAt: number } | undefined;
  let fetching: Promise<TokenSet> | undefined;
  let failures = 0;
  let failed: { error: unknown; until: number } | undefined;

  const current = (): TokenSet | undefined => {
    if (!held) return undefined;
    return held.set.expiresAt === undefined || now() < held.set.expiresAt ? held.set : undefined;
  };

  const renew = async (fetchToken: () => Promise<TokenSet>): Promise<TokenSet> => {
    // A server that gives no token must not be asked for one with every call.
    if (failed && now() < failed.until) throw failed.error;
    try {
      const set = await fetchToken();
      const life = set.expiresAt === undefined ? Number.POSITIVE_INFINITY : set.expiresAt - now();
      held = { set, renewAt: now() + life - Math.min(renewBeforeMs, life / 10) };
      failures = 0;
      failed = undefined;
      return set;
    } catch (error) {
      const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** failures++);
      failed = { error, until: now() + pauseMs };
      throw error;
    }
  };

  return {
    current,
    async get(signal, fetchToken) {
      signal.throwIfAborted();
      if (held && now() < held.renewAt) return held.set;
      fetching ??= renew(fetchToken).finally(() => {
        fetching = undefined;
      });
      try {
        return await unlessAborted(fetching, signal);
      } catch (error) {
        signal.throwIfAborted();
        const usable = current();
        if (usable) return usable;
        throw error;
      }
    },
    drop(accessToken) {
      if (held?.set.accessToken === accessToken) held = undefined;
    },
  };
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  return promise;
}
