import type { ToolSelector } from '../../config/schema.ts';
import type { Tool } from '../../kernel/tool.ts';

/** Which part of an organisation's catalog is meant. */
export interface Selection {
  /** All toolsets when absent. */
  toolsets?: readonly string[] | undefined;
  include?: readonly ToolSelector[] | undefined;
  exclude?: readonly ToolSelector[] | undefined;
}

export interface Selected {
  tool(tool: Tool): boolean;
  /**
   * Whether a toolset's prompts and resources are meant. A selector that tells single tools apart says nothing of them:
   * it neither brings them in nor keeps them out.
   */
  toolset(toolset: string): boolean;
  /** Whether the selection speaks of this very tool. */
  names(tool: Tool): boolean;
}

export function selected({ toolsets, include, exclude = [] }: Selection): Selected {
  const here = (toolset: string) => !toolsets || toolsets.includes(toolset);
  return {
    tool: (tool) =>
      here(tool.toolset) &&
      (!include || include.some((one) => fits(one, tool))) &&
      !exclude.some((one) => fits(one, tool)),
    toolset: (toolset) =>
      here(toolset) &&
      (!include || include.some((one) => isWhole(one) && one.toolsets?.includes(toolset))) &&
      !exclude.some((one) => isWhole(one) && one.toolsets?.includes(toolset)),
    names: ({ id }) => include?.some(({ tools }) => tools?.includes(id)) ?? false,
  };
}

/** In all that the selector says. */
function fits({ toolsets, tools, tags, annotations = {} }: ToolSelector, tool: Tool): boolean {
  const believed = Object.entries(annotations) as [keyof Tool['annotations'], boolean][];
  return (
    (!toolsets || toolsets.includes(tool.toolset)) &&
    (!tools || tools.some((pattern) => matches(pattern, tool.id))) &&
    (!tags || tags.some((tag) => tool.tags.includes(tag))) &&
    believed.every(([name, value]) => tool.annotations[name] === value)
  );
}

function isWhole({ tools, tags, annotations }: ToolSelector): boolean {
  return !tools && !tags && !annotations;
}

function matches(pattern: string, id: string): boolean {
  return pattern.endsWith('*') ? id.startsWith(pattern.slice(0, -1)) : id === pattern;
}
