import type { JsonObject } from '../../kernel/json.ts';
import type { Tool } from '../../kernel/tool.ts';
import { InvalidArguments, UnusableSchema } from '../errors.ts';
import { type SchemaChecks, SchemaFault } from '../schemas.ts';
import type { Stage } from './stage.ts';

export interface ValidateDeps {
  checks: SchemaChecks;
  /** Keeps what a tool is declared to be now from being used, until somebody has looked at it. */
  quarantine(tool: Tool, reason: string): Promise<void>;
}

/** The arguments fit the tool's schema, before anything else looks at them. */
export function validate({ checks }: Pick<ValidateDeps, 'checks'>): Stage {
  return {
    name: 'validate',
    run({ call }) {
      const { tool } = call;
      if (!tool || call.operation !== 'tool') return;
      const { digest, definition } = tool;
      const faults = argumentFaults(checks, tool, { digest, schema: definition.inputSchema }, call.arguments);
      if (faults.length > 0) throw InvalidArguments({ tool: tool.id, faults });
    },
  };
}

/** @throws UnusableSchema */
export function argumentFaults(
  checks: SchemaChecks,
  tool: Tool,
  { digest, schema }: { digest: string; schema: JsonObject },
  args: JsonObject,
): string[] {
  try {
    return withoutFixed(checks.faults(`in:${digest}`, schema, args), tool);
  } catch (error) {
    if (error instanceof SchemaFault) throw UnusableSchema({ tool: tool.id, reason: error.message });
    throw error;
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
