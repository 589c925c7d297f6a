import { isObject, type JsonObject } from '../../kernel/json.ts';
import { headerFault } from '../../kernel/paramheaders.ts';
import type { ToolDefinition } from '../../kernel/tool.ts';
import type { ListedItems } from '../catalog/index.ts';

const maxPages = 200;
const maxItems = 10_000;

interface Lister {
  capabilities: JsonObject;
  instructions?: string;
  /** Tools whose parameters are to be mirrored in headers are checked for it (2026-07-28 over HTTP). */
  mirrorsHeaders: boolean;
  request(method: string, params: JsonObject): Promise<JsonObject>;
  /** Whether an error says that the upstream has no such method. */
  isUnknownMethod(error: unknown): boolean;
  leftOut(kind: string, name: string, reason: string): void;
}

/** Everything an upstream offers: all pages of all lists, bounded. */
export async function listEverything(lister: Lister): Promise<ListedItems> {
  const { capabilities, instructions } = lister;
  const has = (capability: string) => isObject(capabilities[capability]);
  const [tools, prompts, resources, templates] = await Promise.all([
    has('tools') ? pages(lister, 'tools/list', 'tools') : [],
    has('prompts') ? pages(lister, 'prompts/list', 'prompts') : [],
    has('resources') ? pages(lister, 'resources/list', 'resources') : [],
    has('resources') ? pages(lister, 'resources/templates/list', 'resourceTemplates') : [],
  ]);
  return {
    tools: tools.flatMap((tool) => usableTool(lister, tool) ?? []),
    prompts,
    resources,
    templates,
    ...(typeof instructions === 'string' ? { instructions } : {}),
  };
}

async function pages(lister: Lister, method: string, field: string): Promise<JsonObject[]> {
  const items: JsonObject[] = [];
  const cursors = new Set<string>();
  let cursor: string | undefined;
  for (let page = 0; page < maxPages; page++) {
    let result: JsonObject;
    try {
      result = await lister.request(method, cursor === undefined ? {} : { cursor });
    } catch (error) {
      if (page === 0 && lister.isUnknownMethod(error)) return [];
      throw error;
    }
    const listed = result[field];
    if (Array.isArray(listed)) for (const item of listed) if (isObject(item)) items.push(item as JsonObject);
    if (items.length >= maxItems) {
      lister.leftOut(field, `after ${maxItems}`, 'there are too many');
      return items.slice(0, maxItems);
    }
    cursor = typeof result.nextCursor === 'string' ? result.nextCursor : undefined;
    // A cursor that comes again would go round for ever.
    if (cursor === undefined || cursors.has(cursor)) return items;
    cursors.add(cursor);
  }
  lister.leftOut(field, `after page ${maxPages}`, 'there are too many pages');
  return items;
}

function usableTool(lister: Lister, tool: JsonObject): ToolDefinition | undefined {
  if (typeof tool.name !== 'string' || tool.name === '' || !isObject(tool.inputSchema)) {
    lister.leftOut('tools', String(tool.name).slice(0, 100), 'it has no name or no input schema');
    return undefined;
  }
  const fault = lister.mirrorsHeaders ? headerFault(tool.inputSchema) : undefined;
  if (fault) {
    lister.leftOut('tools', tool.name.slice(0, 100), fault);
    return undefined;
  }
  return tool as unknown as ToolDefinition;
}
