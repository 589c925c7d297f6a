import { InvalidArguments, UnusableSchema } from '../errors.ts';
import type { SchemaChecks } from '../schemas.ts';
import { SchemaFault } from '../schemas.ts';
import type { Stage } from './stage.ts';

/** The arguments fit the tool's schema, before anything else looks at them. */
export function validate({ checks }: { checks: SchemaChecks }): Stage {
  return {
    name: 'validate',
    run({ call }) {
      const { tool } = call;
      if (!tool || call.operation !== 'tool') return;
      let faults: string[];
      try {
        faults = checks.faults(`in:${tool.digest}`, tool.definition.inputSchema, call.arguments);
      } catch (error) {
        if (error instanceof SchemaFault) throw UnusableSchema({ tool: tool.id, reason: error.message });
        throw error;
      }
      if (faults.length > 0) throw InvalidArguments({ tool: tool.id, faults });
    },
  };
}
