import type { Tool } from '../../kernel/tool.ts';
import { ToolChanged } from '../errors.ts';
import type { Stage } from './stage.ts';
import { argumentFaults, type ValidateDeps } from './validate.ts';

/**
 * A tool that has changed is served as it was accepted; what it is now must take the call as well. Only who may call it
 * can have it quarantined by that.
 */
export function stillFits({ checks, quarantine }: ValidateDeps): Stage {
  const refuse = async (tool: Tool, faults: string[]): Promise<never> => {
    await quarantine(tool, 'its definition has changed, and a call that was right does not fit it any more');
    throw ToolChanged({ tool: tool.id, faults });
  };
  return {
    name: 'still fits',
    run({ call }) {
      const { tool, operation } = call;
      if (!tool?.offered || operation !== 'tool') return;
      const { digest, inputSchema } = tool.offered;
      const faults = argumentFaults(checks, tool, { digest, schema: inputSchema }, call.arguments);
      if (faults.length > 0) return refuse(tool, faults);
    },
  };
}
