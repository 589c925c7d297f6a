import { asFairleadError } from '../../kernel/errors.ts';
import type { AuditTrail } from '../trail.ts';
import { type CallState, fail, type Stage } from './stage.ts';

export interface RecordDeps {
  trail: AuditTrail;
  /** Metrics and log of a finished call. */
  observe(state: CallState): void;
}

/** Every outcome is durable before it is told, refusals included. */
export function record({ trail, observe }: RecordDeps): Stage {
  return {
    name: 'record',
    always: true,
    async run(state) {
      try {
        state.place ??= trail.reserve();
        await trail.record(state);
      } catch (thrown) {
        // Not recorded, so not acknowledged: the caller learns that it cannot rely on this call.
        fail(state, asFairleadError(thrown));
      }
      observe(state);
    },
  };
}
