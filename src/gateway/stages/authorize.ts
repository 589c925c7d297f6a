import type { Call, Decision } from '../../kernel/call.ts';
import type { Tool } from '../../kernel/tool.ts';
import { Denied, PolicyFailed } from '../errors.ts';
import type { Stage } from './stage.ts';

export interface AuthorizeDeps {
  decide(call: Call, tool: Tool): Decision;
}

/** Policy decides on the call as it is, arguments included. */
export function authorize({ decide }: AuthorizeDeps): Stage {
  return {
    name: 'authorize',
    run({ call }) {
      if (!call.tool) return;
      const decision = decide(call, call.tool);
      call.decision = decision;
      const rule = decision.rules.join(', ') || 'no policy permits it';
      if (decision.errors?.length) throw PolicyFailed({ tool: call.tool.id }, { rule });
      if (!decision.allowed) throw Denied({ tool: call.tool.id, rule }, { rule });
    },
  };
}
