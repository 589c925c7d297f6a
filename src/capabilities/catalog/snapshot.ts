import type { JsonObject } from '../../kernel/json.ts';
import type { OrgId } from '../../kernel/principal.ts';
import type { Annotations, ItemStatus, Tool, ToolDefinition } from '../../kernel/tool.ts';

export type ItemKind = 'tool' | 'prompt' | 'resource' | 'template';

/** What Fairlead itself holds of an item, beside the provider's definition. */
export interface ItemFacts {
  annotations?: Annotations;
  tags?: readonly string[];
  timeoutMs?: number;
  disabled?: boolean;
}

export interface StoredItem {
  toolset: string;
  kind: ItemKind;
  /** Tool or prompt name, resource URI or URI template. */
  name: string;
  definition: JsonObject;
  digest: string;
  facts: ItemFacts;
}

/** A prompt, resource or resource template. */
export interface CatalogItem {
  toolset: string;
  name: string;
  definition: JsonObject;
  status: ItemStatus;
}

export interface ToolsetState {
  toolset: string;
  instructions?: string;
  status: 'live' | 'stale';
  reason?: string;
  /** What was listed and is not taken, in words that any caller may read. */
  leftOut?: string;
  /** Has never been listed, so the database knows nothing of it. */
  unlisted?: true;
}

/** All that one organisation has at one moment. Never changed, only replaced. */
export interface CatalogSnapshot {
  org: OrgId;
  toolsets: ReadonlyMap<string, ToolsetState>;
  /** By canonical id. */
  tools: ReadonlyMap<string, Tool>;
  prompts: readonly CatalogItem[];
  resources: readonly CatalogItem[];
  templates: readonly CatalogItem[];
}

export function buildSnapshot(
  org: OrgId,
  toolsets: ReadonlyMap<string, ToolsetState>,
  items: readonly StoredItem[],
): CatalogSnapshot {
  const tools = new Map<string, Tool>();
  const others: Record<Exclude<ItemKind, 'tool'>, CatalogItem[]> = { prompt: [], resource: [], template: [] };
  for (const item of items) {
    const state = toolsets.get(item.toolset);
    const status: ItemStatus = item.facts.disabled ? 'disabled' : (state?.status ?? 'stale');
    if (item.kind !== 'tool') {
      others[item.kind].push({ toolset: item.toolset, name: item.name, definition: item.definition, status });
      continue;
    }
    const tool = toTool(org, item, status);
    tools.set(tool.id, state?.reason ? { ...tool, statusReason: state.reason } : tool);
  }
  return {
    org,
    toolsets,
    tools,
    prompts: others.prompt,
    resources: others.resource,
    templates: others.template,
  };
}

function toTool(org: OrgId, item: StoredItem, status: ItemStatus): Tool {
  const { annotations, tags, timeoutMs } = item.facts;
  return {
    org,
    id: `${item.toolset}.${item.name}`,
    toolset: item.toolset,
    name: item.name,
    definition: item.definition as unknown as ToolDefinition,
    digest: item.digest,
    annotations: annotations ?? { readOnly: false, destructive: true, idempotent: false, openWorld: true },
    tags: tags ?? [],
    status,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
}
