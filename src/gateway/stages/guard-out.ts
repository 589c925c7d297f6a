import { isObject, type JsonObject } from '../../kernel/json.ts';
import { withoutOurMeta } from '../../kernel/meta.ts';
import { OutputInvalid } from '../errors.ts';
import { type SchemaChecks, SchemaFault } from '../schemas.ts';
import type { Stage } from './stage.ts';

/** Nobody speaks in our name, and the result keeps the promise of the tool's output schema. Guardrails on content come here too. */
export function guardOut({ checks }: { checks: SchemaChecks }): Stage {
  return {
    name: 'guard out',
    run(state) {
      const { call } = state;
      if (state.reply?.kind === 'result') {
        const { result, meta } = state.reply;
        const clean = withoutOurMeta(result);
        const said = isObject(clean._meta) ? clean._meta : {};
        state.reply = {
          kind: 'result',
          result: meta ? { ...clean, _meta: { ...(said as JsonObject), ...meta } } : clean,
        };
      }
      const { reply } = state;
      const schema = call.tool?.definition.outputSchema;
      if (!call.tool || call.operation !== 'tool' || !isObject(schema) || reply?.kind !== 'result') return;
      if (reply.result.isError === true) return;
      const tool = call.tool.id;
      if (!('structuredContent' in reply.result)) throw OutputInvalid({ tool, faults: 'it has no structuredContent' });
      try {
        const faults = checks.faults(`out:${call.tool.digest}`, schema, reply.result.structuredContent);
        if (faults.length > 0) throw OutputInvalid({ tool, faults });
      } catch (error) {
        if (error instanceof SchemaFault) throw OutputInvalid({ tool, faults: `the schema itself: ${error.message}` });
        throw error;
      }
    },
  };
}
