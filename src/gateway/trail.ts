import type { CallState } from './stages/stage.ts';

/** What the pipeline asks of the audit. */
export interface AuditTrail {
  /** A place in the queue; throws when there is none. */
  reserve(): unknown;
  /** Durable when it resolves. */
  intend(state: CallState): Promise<void>;
  /** Durable when it resolves. */
  record(state: CallState): Promise<void>;
}
