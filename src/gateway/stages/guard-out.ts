import { isObject, type JsonObject } from '../../kernel/json.ts';
import { withoutOurMeta } from '../../kernel/meta.ts';
import type { Tool } from '../../kernel/tool.ts';
import { OutputInvalid } from '../errors.ts';
import { type SchemaChecks, SchemaFault } from '../schemas.ts';
import type { Stage } from './stage.ts';
import type { ValidateDeps } from './validate.ts';

/** Nobody speaks in our name, and the result keeps the promise of the tool's output schema. Guardrails on content come here too. */
export function guardOut({ checks, quarantine }: ValidateDeps): Stage {
  const refuse = async (tool: Tool, faults: string | string[]): Promise<never> => {
    // Served as it was accepted, though it has changed: its answers have, too.
    if (tool.offered) await quarantine(tool, 'its definition has changed, and so have its results');
    throw OutputInvalid({ tool: tool.id, faults });
  };
  return {
    name: 'guard out',
    run(state) {
      const { call } = state;
      if (state.reply?.kind === 'result') {
        const { result, meta, unkept } = state.reply;
        const clean = withoutOurMeta(result);
        const said = isObject(clean._meta) ? clean._meta : {};
        state.reply = {
          kind: 'result',
          ...(unkept ? { unkept } : {}),
          result: meta ? { ...clean, _meta: { ...(said as JsonObject), ...meta } } : clean,
        };
      }
      const { reply } = state;
      const schema = call.tool?.definition.outputSchema;
      if (!call.tool || call.operation !== 'tool' || !isObject(schema) || reply?.kind !== 'result') return;
      if (reply.result.isError === true) return;
      const faults = outputFaults(checks, call.tool, schema, reply.result);
      if (faults === undefined) return;
      return refuse(call.tool, faults);
    },
  };
}

/** Undefined when it keeps the promise. */
function outputFaults(
  checks: SchemaChecks,
  { digest }: Tool,
  schema: JsonObject,
  result: JsonObject,
): string | string[] | undefined {
  if (!('structuredContent' in result)) return 'it has no structuredContent';
  try {
    const faults = checks.faults(`out:${digest}`, schema, result.structuredContent);
    return faults.length > 0 ? faults : undefined;
  } catch (error) {
    if (error instanceof SchemaFault) return `the schema itself: ${error.message}`;
    throw error;
  }
}
