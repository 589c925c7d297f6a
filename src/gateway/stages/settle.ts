import { withWireUris } from '../uris.ts';
import type { Stage } from './stage.ts';

/** The provider's word becomes the call's end, with the URIs that count here. */
export function settle(): Stage {
  return {
    name: 'settle',
    run(state) {
      if (!state.reply) return;
      if (state.reply.kind === 'input_required') {
        // The tool has answered, by asking. What the caller does with it is the next call, with this one as its parent.
        const { inputRequests } = state.reply.required;
        const result = { resultType: 'input_required', ...(inputRequests ? { inputRequests } : {}) };
        state.end = { callId: state.call.id, outcome: 'ok', result };
        return;
      }
      const { operation } = state.call;
      const result = withWireUris(operation, state.reply.result, state.wireUri ?? ((uri) => uri));
      const failed = operation === 'tool' && result.isError === true;
      const { unkept } = state.reply;
      const outcome = failed ? 'tool_error' : 'ok';
      state.end = { callId: state.call.id, outcome, result, ...(unkept ? { unkept } : {}) };
    },
  };
}
