import { AsyncLocalStorage } from 'node:async_hooks';
import type { Call } from '../../kernel/call.ts';
import type { AnswerTooLarge } from './oversize.ts';

/** One call on its way through one upstream connection. */
export interface Flight {
  readonly call: Call;
  /** Stops the call's clock while its caller is asked something; returns the way to let it run on. */
  pauseClock(): () => void;
}

/** What goes with one exchange with an upstream through all that it sets off, by async context. */
export interface Scope {
  /** The call on whose behalf it happens; none for listings and the like. */
  readonly flight?: Flight;
  /** Aborted shortly after the exchange is over. */
  readonly linger: AbortSignal;
  /** Number of the JSON-RPC request, once it is sent. */
  requestId?: string | number;
  /** The last HTTP refusal within it. */
  refusal?: { status: number; retryAfterSeconds?: number };
  /** Set when what came for it was more than is taken. */
  oversize?: AnswerTooLarge;
  /** Told when the stream that was to bring the answer ended without it. */
  streamEnded?: () => void;
}

export type Scopes = AsyncLocalStorage<Scope | undefined>;

export function createScopes(): Scopes {
  return new AsyncLocalStorage();
}
