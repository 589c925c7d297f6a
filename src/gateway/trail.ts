import type { InputRequest } from '../kernel/call.ts';
import type { JsonObject } from '../kernel/json.ts';
import type { CallState } from './stages/stage.ts';

/** What the pipeline asks of the audit. */
export interface AuditTrail {
  /** A place in the queue; throws when there is none. */
  reserve(): unknown;
  /** Durable when it resolves. */
  intend(state: CallState): Promise<void>;
  /** Notes a question to the caller. */
  ask(state: CallState, request: InputRequest): AskedCaller;
  /** Durable when it resolves. */
  record(state: CallState): Promise<void>;
}

/** A question that the caller has been asked. */
export interface AskedCaller {
  /** Durable when it resolves: only then may anybody act on the answer. */
  answered(answer: JsonObject): Promise<void>;
  unanswered(reason: string): void;
}
