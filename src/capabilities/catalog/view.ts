import type { ToolOverride } from '../../config/schema.ts';
import { ownToolset, splitToolId, suffixedName, wireNames, wireSafe } from '../../kernel/names.ts';
import type { Tool } from '../../kernel/tool.ts';
import { overridden } from './overridden.ts';
import { type Selection, selected } from './selection.ts';
import type { CatalogItem, CatalogSnapshot, ToolsetState } from './snapshot.ts';
import { uriNaming } from './urinaming.ts';

/** Which part of an organisation's catalog an endpoint serves, and how. */
export interface EndpointSelection extends Selection {
  naming: 'prefixed' | 'bare';
  /** By tool id. */
  tools?: Readonly<Record<string, ToolOverride>> | undefined;
  disclosure?: 'full' | 'search' | undefined;
  /** Ids of tools that are listed also where the others have to be searched. */
  pinned?: readonly string[] | undefined;
}

export interface Named<T> {
  wireName: string;
  item: T;
}

/** What one endpoint serves, before policy: names are the same for every caller of the endpoint. */
export interface EndpointView {
  /** Those that have been heard of. */
  toolsets: readonly ToolsetState[];
  /** Whether a toolset of this name stands behind the endpoint, or would. */
  covers(toolset: string): boolean;
  /** Everything that can be called. */
  tools: readonly Named<Tool>[];
  /** Whether a listing holds it, or it has to be searched. */
  isListed(tool: Tool): boolean;
  /** Whether tools have to be searched here. */
  isSearched: boolean;
  prompts: readonly Named<CatalogItem>[];
  /** `wireName` is the URI on the wire. */
  resources: readonly Named<CatalogItem>[];
  templates: readonly Named<CatalogItem>[];
  /** By wire name or canonical id. */
  findTool(name: string): Tool | undefined;
  /** What is offered under a name and not served until somebody has looked at it. */
  findQuarantined(kind: 'tool' | 'prompt', name: string): Tool | CatalogItem | undefined;
  /** All of that, of every kind. */
  waiting: Waiting;
  /** By wire name or `toolset.name`. */
  findPrompt(name: string): CatalogItem | undefined;
  /** The URI on the wire for one of a toolset's own. */
  wireUri(toolset: string, uri: string): string;
  /** The toolset and its own URI behind one on the wire; undefined when no toolset here can own it. */
  ownUri(wireUri: string): { toolset: string; uri: string } | undefined;
}

export interface Waiting {
  tools: readonly Tool[];
  prompts: readonly CatalogItem[];
  /** Templates too. */
  resources: readonly CatalogItem[];
}

const views = new WeakMap<CatalogSnapshot, Map<EndpointSelection, EndpointView>>();

/** The view of a snapshot through a selection; built once for each object of these. */
export function viewOf(snapshot: CatalogSnapshot, selection: EndpointSelection): EndpointView {
  const ofSnapshot = views.get(snapshot) ?? new Map<EndpointSelection, EndpointView>();
  views.set(snapshot, ofSnapshot);
  const view = ofSnapshot.get(selection) ?? buildView(snapshot, selection);
  ofSnapshot.set(selection, view);
  return view;
}

function buildView(snapshot: CatalogSnapshot, selection: EndpointSelection): EndpointView {
  const { naming, tools: overrides = {}, disclosure = 'full', pinned = [] } = selection;
  const choice = selected(selection);
  const bare = naming === 'bare';
  const isOpen = ({ status }: { status: string }) => status !== 'disabled' && status !== 'quarantined';
  // Those of Fairlead's own are ways to the others: they are there wherever the others are.
  const isMeant = (tool: Tool) => tool.toolset === ownToolset || choice.tool(tool);
  const covers = (toolset: string) =>
    choice.toolset(toolset) || tools.some(({ item }) => item.toolset === toolset && toolset !== ownToolset);
  const listed = (items: readonly CatalogItem[]) =>
    items.filter((item) => choice.toolset(item.toolset) && isOpen(item));

  const waits = ({ status }: { status: string }) => status === 'quarantined';
  const unlisted = (items: readonly CatalogItem[]) =>
    items.filter((item) => choice.toolset(item.toolset) && waits(item));
  const all = [...snapshot.tools.values()];
  const waiting: Waiting = {
    tools: all
      .filter((tool) => waits(tool) && isMeant(tool))
      .map((tool) => overridden(tool, overrideOf(overrides, tool))),
    prompts: unlisted(snapshot.prompts),
    resources: [...unlisted(snapshot.resources), ...unlisted(snapshot.templates)],
  };
  const open = all.filter((tool) => isOpen(tool) && isMeant(tool));
  const tools = nameTools(
    open.map((tool) => overridden(tool, overrideOf(overrides, tool))),
    overrides,
    bare,
  );
  const prompts = nameAll(listed(snapshot.prompts), bare);
  const uris = uriNaming(listed(snapshot.resources), listed(snapshot.templates), bare);
  const toolsets = [...snapshot.toolsets.values()].filter((state) => covers(state.toolset));

  const toolByName = new Map(tools.map(({ item }) => [item.id, item]));
  for (const { wireName, item } of tools) toolByName.set(wireName, item);
  const promptByWire = new Map(prompts.map(({ wireName, item }) => [wireName, item]));
  const isSearched = disclosure === 'search';
  return {
    toolsets,
    covers,
    tools,
    isSearched,
    isListed(tool) {
      if (pinned.includes(tool.id)) return true;
      if (tool.toolset === ownToolset) return choice.names(tool) || (isSearched && waysToOthers.has(tool.name));
      return !isSearched;
    },
    prompts,
    ...uris.named,
    findTool: (name) => toolByName.get(name),
    findQuarantined(kind, name) {
      const items = kind === 'tool' ? waiting.tools : waiting.prompts;
      return items.find((one) => wireAndOwnNames(one, bare).some((known) => known === name));
    },
    waiting,
    findPrompt(name) {
      const id = splitToolId(name);
      return (
        promptByWire.get(name) ??
        prompts.find(({ item }) => item.toolset === id?.toolset && item.name === id?.name)?.item
      );
    },
    wireUri: uris.wireUri,
    ownUri: (uri) => uris.ownUri(uri, toolsets),
  };
}

/** By which the others are found, where they are not listed. */
const waysToOthers = new Set(['search_tools', 'describe_tool', 'call_tool']);

function overrideOf(overrides: Readonly<Record<string, ToolOverride>>, { id }: Tool): ToolOverride | undefined {
  return Object.hasOwn(overrides, id) ? overrides[id] : undefined;
}

function wireAndOwnNames({ toolset, name }: { toolset: string; name: string }, bare: boolean): string[] {
  return [`${toolset}.${name}`, `${toolset}_${name}`, ...(bare ? [name] : [])];
}

/** Fairlead's own tools have bare names everywhere, and no other tool gets one of these. */
function nameTools(
  tools: readonly Tool[],
  overrides: Readonly<Record<string, ToolOverride>>,
  bare: boolean,
): Named<Tool>[] {
  const own = new Set(tools.filter(({ toolset }) => toolset === ownToolset).map(({ name }) => name));
  return nameAll(tools, bare, (tool) => {
    if (tool.toolset === ownToolset) return tool.name;
    const wanted = overrideOf(overrides, tool)?.name ?? usualName(tool, bare);
    return own.has(wireSafe(wanted)) ? suffixedName(wireSafe(wanted), tool.id) : wanted;
  });
}

function usualName({ toolset, name }: { toolset: string; name: string }, bare: boolean): string {
  return bare ? name : `${toolset}_${name}`;
}

function nameAll<T extends { toolset: string; name: string }>(
  items: readonly T[],
  bare: boolean,
  wantedBy: (item: T) => string = (item) => usualName(item, bare),
): Named<T>[] {
  const ids = items.map((item) => ({ id: `${item.toolset}.${item.name}`, wanted: wantedBy(item) }));
  const toolsets = new Set(items.map(({ toolset }) => toolset));
  // A bare name that reads like the canonical id of another toolset's tool must not be taken for it.
  const keepLegal = (wanted: string) => bare && !toolsets.has(splitToolId(wanted)?.toolset ?? '');
  const names = wireNames(ids, { keepLegal });
  return items.map((item) => ({ item, wireName: names.get(`${item.toolset}.${item.name}`) ?? item.name }));
}
