import { digestOf } from '../kernel/digest.ts';
import type { PseudoName } from '../kernel/names.ts';
import type { OrgId } from '../kernel/principal.ts';
import type { Tool, ToolDefinition } from '../kernel/tool.ts';

const definitions: Record<PseudoName, ToolDefinition> = {
  '@read': { name: '@read', description: 'Reads a resource.', inputSchema: { type: 'object' } },
  '@prompt': { name: '@prompt', description: 'Gets a prompt.', inputSchema: { type: 'object' } },
  '@complete': { name: '@complete', description: 'Completes an argument.', inputSchema: { type: 'object' } },
};

const digests = Object.fromEntries(
  Object.entries(definitions).map(([name, definition]) => [name, digestOf(definition)]),
) as Record<PseudoName, string>;

/** A toolset's resources, prompts or completions as one read-only tool. */
export function pseudoTool(org: OrgId, toolset: string, name: PseudoName): Tool {
  return {
    org,
    id: `${toolset}.${name}`,
    toolset,
    name,
    definition: definitions[name],
    digest: digests[name],
    annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: false },
    tags: [],
    status: 'live',
  };
}
