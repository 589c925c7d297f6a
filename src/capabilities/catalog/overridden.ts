import type { ToolOverride } from '../../config/schema.ts';
import type { JsonObject } from '../../kernel/json.ts';
import type { Tool, ToolDefinition } from '../../kernel/tool.ts';
import { withoutArguments, withoutParameters } from './parameters.ts';

/** A tool as an endpoint has it. Its id, and so what policies and the audit know it by, stays. */
export function overridden(tool: Tool, override: ToolOverride | undefined): Tool {
  if (!override) return tool;
  const { title, description, fixed, annotations, consent } = override;
  const { annotations: hints, ...definition } = tool.definition;
  const { examples } = tool.guidance ?? {};
  const { title: _, ...untitled } = (hints ?? {}) as JsonObject; // two titles would contradict each other
  const ownHints = title === undefined ? hints : untitled;
  const shown: ToolDefinition = {
    ...definition,
    ...(ownHints ? { annotations: ownHints } : {}),
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    ...(fixed ? { inputSchema: withoutParameters(definition.inputSchema, Object.keys(fixed)) } : {}),
  };
  return {
    ...tool,
    annotations: { ...tool.annotations, ...(annotations as Partial<Tool['annotations']> | undefined) },
    shown,
    ...stricter(tool.consent, consent),
    ...(fixed ? { fixed: fixed as JsonObject } : {}),
    ...(fixed && examples
      ? { guidance: { ...tool.guidance, examples: withoutArguments(examples, Object.keys(fixed)) } }
      : {}),
  };
}

/** An endpoint asks for more than the upstream's own settings, never for less. */
function stricter(known: Tool['consent'], kind: ToolOverride['consent']): Pick<Tool, 'consent'> {
  if (!kind || known?.kind === 'approve') return {};
  return { consent: { kind, rule: 'override:endpoint' } };
}
