import { ConsentNeeded } from '../errors.ts';
import type { Stage } from './stage.ts';

/** Calls that policy allows only with consent end here: nobody can be asked yet. */
export function approve(): Stage {
  return {
    name: 'approve',
    run({ call }) {
      if (!call.tool || !call.decision || call.decision.unattended) return;
      const rule = call.decision.rules.join(', ');
      throw ConsentNeeded({ tool: call.tool.id, rule }, { rule });
    },
  };
}
