import { isObject } from '../../kernel/json.ts';
import type { Stage } from './stage.ts';

/** The provider's word becomes the call's end. Costs are settled here once there are budgets. */
export function settle(): Stage {
  return {
    name: 'settle',
    run(state) {
      if (state.reply?.kind !== 'result') return;
      const { result } = state.reply;
      const failed = state.call.operation === 'tool' && isObject(result) && result.isError === true;
      state.end = { callId: state.call.id, outcome: failed ? 'tool_error' : 'ok', result };
    },
  };
}
