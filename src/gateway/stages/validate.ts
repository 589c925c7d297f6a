import type { JsonObject } from '../../kernel/json.ts';
import type { Tool } from '../../kernel/tool.ts';
import { InvalidArguments, ToolChanged, UnusableSchema } from '../errors.ts';
import { type SchemaChecks, SchemaFault } from '../schemas.ts';
import type { Stage } from './stage.ts';

export interface ValidateDeps {
  checks: SchemaChecks;
  /** Keeps what a tool is declared to be now from being used, until somebody has looked at it. */
  quarantine(tool: Tool, reason: string): Promise<void>;
}

/** The arguments fit the tool's schema, before anything else looks at them. */
export function validate({ checks, quarantine }: ValidateDeps): Stage {
  const faultsOf = (tool: Tool, digest: string, schema: JsonObject, args: JsonObject): string[] => {
    try {
      return withoutFixed(checks.faults(`in:${digest}`, schema, args), tool);
    } catch (error) {
      if (error instanceof SchemaFault) throw UnusableSchema({ tool: tool.id, reason: error.message });
      throw error;
    }
  };

  return {
    name: 'validate',
    run({ call }) {
      const { tool } = call;
      if (!tool || call.operation !== 'tool') return;
      const faults = faultsOf(tool, tool.digest, tool.definition.inputSchema, call.arguments);
      if (faults.length > 0) throw InvalidArguments({ tool: tool.id, faults });
      if (!tool.offered) return;
      // Served as it was accepted, though it has changed: what it is now must take the call as well.
      const { digest, inputSchema } = tool.offered;
      const changed = faultsOf(tool, digest, inputSchema, call.arguments);
      if (changed.length > 0) return refuseChanged(tool, changed);
    },
  };

  async function refuseChanged(tool: Tool, faults: string[]): Promise<never> {
    await quarantine(tool, 'its definition has changed, and a call that was right does not fit it any more');
    throw ToolChanged({ tool: tool.id, faults });
  }
}

/** What an endpoint gives itself is nothing that its callers see, or could put right. */
function withoutFixed(faults: string[], { fixed }: Tool): string[] {
  if (!fixed) return faults;
  const begin = Object.keys(fixed).map((name) => `"${name.replaceAll('~', '~0').replaceAll('/', '~1')}`);
  const isOurs = (fault: string) =>
    begin.some((start) => fault.startsWith(`${start}"`) || fault.startsWith(`${start}.`));
  return [...new Set(faults.map((fault) => (isOurs(fault) ? 'what this endpoint sets itself does not fit' : fault)))];
}
