import { isObject, type JsonObject } from '../../kernel/json.ts';
import { headerFault } from '../../kernel/paramheaders.ts';
import type { ToolDefinition } from '../../kernel/tool.ts';
import type { ListedItems, Refused } from '../catalog/index.ts';

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
}

const lists = {
  tool: { method: 'tools/list', field: 'tools' },
  prompt: { method: 'prompts/list', field: 'prompts' },
  resource: { method: 'resources/list', field: 'resources' },
  template: { method: 'resources/templates/list', field: 'resourceTemplates' },
} as const;

/** Everything an upstream offers: all pages of all lists, bounded. */
export async function listEverything(lister: Lister): Promise<ListedItems> {
  const { capabilities, instructions } = lister;
  const refused: Refused[] = [];
  const all = (capability: string, kind: Refused['kind']) =>
    isObject(capabilities[capability]) ? pages(lister, kind, refused) : [];
  const [tools, prompts, resources, templates] = await Promise.all([
    all('tools', 'tool'),
    all('prompts', 'prompt'),
    all('resources', 'resource'),
    all('resources', 'template'),
  ]);
  const usable = tools.filter((tool) => {
    const fault = toolFault(lister, tool);
    if (fault) refused.push({ kind: 'tool', name: String(tool.name ?? '').slice(0, 100), ...fault });
    return fault === undefined;
  });
  return {
    tools: usable as unknown as ToolDefinition[],
    prompts,
    resources,
    templates,
    ...(typeof instructions === 'string' ? { instructions } : {}),
    refused,
  };
}

async function pages(lister: Lister, kind: Refused['kind'], refused: Refused[]): Promise<JsonObject[]> {
  const { method, field } = lists[kind];
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
      if (items.length > maxItems || typeof result.nextCursor === 'string') {
        refused.push({ kind, name: '', reason: `more than ${maxItems} of them`, more: true });
      }
      return items.slice(0, maxItems);
    }
    cursor = typeof result.nextCursor === 'string' ? result.nextCursor : undefined;
    // A cursor that comes again would go round for ever.
    if (cursor === undefined || cursors.has(cursor)) return items;
    cursors.add(cursor);
  }
  refused.push({ kind, name: '', reason: `more than ${maxPages} pages of them`, more: true });
  return items;
}

/** Why nobody could call it. */
function toolFault(
  { mirrorsHeaders }: Lister,
  { name, inputSchema }: JsonObject,
): Pick<Refused, 'reason' | 'detail'> | undefined {
  if (typeof name !== 'string' || name === '') return { reason: 'no name' };
  if (!isObject(inputSchema)) return { reason: 'no input schema' };
  const detail = mirrorsHeaders ? headerFault(inputSchema) : undefined;
  return detail === undefined ? undefined : { reason: 'headers that cannot be sent', detail: detail.slice(0, 200) };
}
