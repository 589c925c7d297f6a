import { passed } from '../../kernel/steps.ts';
import type { AuditTrail } from '../trail.ts';
import type { Stage } from './stage.ts';

/**
 * Takes a place in the audit queue before anything happens: no place, no call. What may change something leaves
 * a durable intent too, so that a crash during the call is seen afterwards.
 */
export function intend({ trail }: { trail: AuditTrail }): Stage {
  return {
    name: 'intend',
    run(state) {
      state.place = trail.reserve();
      const { tool, id } = state.call;
      if (!tool?.annotations.readOnly) return trail.intend(state).then(() => passed('call.intended', id));
      passed('call.intended', id);
    },
  };
}
