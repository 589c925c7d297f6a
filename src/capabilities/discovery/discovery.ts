import type { Call, ProviderReply } from '../../kernel/call.ts';
import { defineError } from '../../kernel/errors.ts';
import type { Json, JsonObject } from '../../kernel/json.ts';
import type { OrgId } from '../../kernel/principal.ts';
import type { Tool, ToolDefinition } from '../../kernel/tool.ts';
import type { Embeddings } from './embeddings.ts';
import { createToolIndexer, type ToolIndex, usualLimit } from './tool-index.ts';
import { callTool, describeTool, searchTools } from './tools.ts';

/** A tool under the name by which it is called here. */
export interface Offered {
  wireName: string;
  item: Tool;
}

/** What the caller of a call can reach by it. */
export interface Reach {
  /** Everything behind the endpoint: the same array as long as nothing of it has changed. */
  all: readonly Offered[];
  /** Those that policy lets the caller see. */
  visible: readonly Offered[];
  /** What the providers of toolsets have to say about them. */
  instructions: readonly { toolset: string; text: string }[];
}

interface Index {
  latest: Promise<{ index: ToolIndex; missing: number }>;
  /** One with more vectors, while it is being made. */
  next?: Promise<void> | undefined;
}

interface Deps {
  reachOf(call: Call): Reach;
  /** What is known of a tool beside its definition. */
  guidanceOf(tool: Tool): JsonObject;
  /** Absent where no model is configured. */
  embeddings?: Embeddings;
}

/** Search and description of tools, as tools. */
export interface Discovery {
  tools: readonly ToolDefinition[];
  search(call: Call): Promise<ProviderReply>;
  /** Rejects with `NoToolToDescribe`. */
  describe(call: Call): Promise<ProviderReply>;
}

export const NoToolToDescribe = defineError('NO_TOOL_TO_DESCRIBE', {
  status: 404,
  category: 'not_found',
  retryable: false,
  message: 'There is no tool "{name}" here, or you may not use it.',
  action: 'Call search_tools with what you want to do, and use a name that it gives.',
});

export const discoveryErrors = [NoToolToDescribe];

const shownDescription = 300;

export function createDiscovery({ reachOf, guidanceOf, embeddings }: Deps): Discovery {
  const indexer = createToolIndexer();
  const indexes = new WeakMap<readonly Offered[], Index>();

  /** Made when it is first asked for: most endpoints are never searched. */
  const indexOf = (org: OrgId, all: readonly Offered[]): Promise<ToolIndex> => {
    const known = indexes.get(all);
    const index = known ?? { latest: build(org, all) };
    if (!known) indexes.set(all, index);
    void completed(org, all, index);
    return index.latest.then(({ index }) => index);
  };

  /** Puts one with more vectors in the place of one that lacks some, when there are more to be had; until then the old one serves. */
  const completed = async (org: OrgId, all: readonly Offered[], index: Index): Promise<void> => {
    if (index.next || embeddings === undefined) return;
    index.next = index.latest
      .then(async ({ missing }) => {
        if (missing === 0 || embeddings.busy(org)) return;
        const next = await build(org, all);
        index.latest = Promise.resolve(next);
      })
      .finally(() => {
        index.next = undefined;
      });
    await index.next.catch(() => undefined); // whoever asked meets the fault with `latest`
  };

  const build = async (org: OrgId, all: readonly Offered[]) => {
    const tools = all.map(({ item }) => searchable(item));
    const { vectors, missing } = (await embeddings?.ofTools(org, tools)) ?? { missing: 0 };
    return { index: await indexer.build(tools, vectors ? { embed: { vectors } } : {}), missing };
  };

  return {
    tools: [searchTools, describeTool, callTool],

    async search(call) {
      const { query, toolset, limit = usualLimit } = call.arguments;
      const { all, visible } = reachOf(call);
      const reachable = new Map(visible.filter(isSearched).map((one) => [one.item.id, one]));
      const [index, vector] = await Promise.all([indexOf(call.principal.org, all), embeddings?.ofQuery(String(query))]);
      const found = index.search(String(query), {
        allow: (id) => reachable.has(id),
        limit: Number(limit),
        ...(vector ? { vector } : {}),
        ...(typeof toolset === 'string' ? { toolset } : {}),
      });
      const tools = found.flatMap(({ id, score }) => {
        const one = reachable.get(id);
        return one ? [summaryOf(one, score)] : [];
      });
      return structured({ tools });
    },

    async describe(call) {
      const { visible, instructions } = reachOf(call);
      const name = String(call.arguments.name);
      const found = visible.find(({ wireName }) => wireName === name) ?? visible.find(({ item }) => item.id === name);
      if (!found) throw NoToolToDescribe({ name: name.slice(0, 200) });
      const { wireName, item } = found;
      const { name: _, annotations: hints, ...definition } = item.shown ?? item.definition;
      const about = instructions.find(({ toolset }) => toolset === item.toolset)?.text;
      return structured({
        name: wireName,
        toolset: item.toolset,
        ...(definition as unknown as JsonObject),
        annotations: { ...hints, ...item.annotations },
        status: item.status,
        ...(item.statusReason === undefined ? {} : { statusReason: item.statusReason }),
        ...guidanceOf(item),
        ...(about === undefined ? {} : { toolsetInstructions: about }),
      });
    },
  };
}

/** Those that find the others are not found themselves. */
function isSearched({ item }: Offered): boolean {
  return !itself.has(item.id);
}

const itself = new Set([searchTools, describeTool, callTool].map(({ name }) => `fairlead.${name}`));

function searchable({ shown, definition, id, toolset, name, tags, guidance }: Tool) {
  const { title, description, inputSchema } = shown ?? definition;
  return {
    id,
    toolset,
    name,
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    inputSchema,
    tags,
    examples: [guidance?.whenToUse, ...(guidance?.examples ?? []).map((one) => one.intent)].filter(
      (text) => text !== undefined,
    ),
  };
}

function summaryOf({ wireName, item }: Offered, score: number): JsonObject {
  const { title, description } = item.shown ?? item.definition;
  return {
    name: wireName,
    toolset: item.toolset,
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description: beginning(description) }),
    score: Math.round(score * 1_000) / 1_000,
  };
}

function beginning(text: string): string {
  return text.length <= shownDescription ? text : `${text.slice(0, shownDescription - 4).toWellFormed()} ...`;
}

/** The same twice, since not every client gives structured content to its model. */
function structured(value: JsonObject): ProviderReply {
  const content: Json = [{ type: 'text', text: JSON.stringify(value) }];
  return { kind: 'result', result: { content, structuredContent: value } };
}
