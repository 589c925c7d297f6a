import type { Call } from '../../kernel/call.ts';
import type { Tool } from '../../kernel/tool.ts';
import type { ConsentPort } from './approve.ts';
import type { Stage } from './stage.ts';

export interface BackUpDeps {
  consent: Pick<ConsentPort, 'backUp'>;
}

/**
 * What an approved call is going to change is saved first, where that is declared. It stands before the intent, so that the
 * durable word of what is about to be done says how to undo it.
 */
export function backUp({ consent }: BackUpDeps): Stage {
  return {
    name: 'back up',
    run(state) {
      const { call } = state;
      if (!call.grant || !call.tool || state.cached) return;
      return consent.backUp(call as Call & { tool: Tool }, call.grant.approval).then((made) => {
        if (made) call.backup = made;
      });
    },
  };
}
