/** How often and after how long a request to a carrier is tried again. */
export interface RetryPolicy {
  attempts: number;
  firstDelayMs: number;
  /** Delays grow by this factor and never beyond `longestDelayMs`. */
  factor: number;
  longestDelayMs: number;
}

export const carrierRetry: RetryPolicy = { attempts: 4, firstDelayMs: 250, factor: 3, longestDelayMs: 5_000 };

/** The delay before an attempt, with full jitter, so that clients that failed together do not come back together. */
export function delayBefore(attempt: number, policy: RetryPolicy, random: () => number = Math.random): number {
  const ceiling = Math.min(policy.longestDelayMs, policy.firstDelayMs * policy.factor ** (attempt - 1));
  return Math.round(random() * ceiling);
}

/** Whether trying again can help: never for a booking without an idempotency key. */
export function isRetryable(status: number, hasIdempotencyKey: boolean): boolean {
  if (!hasIdempotencyKey) return false;
  return status === 429 || status === 502 || status === 503 || status === 504;
}
