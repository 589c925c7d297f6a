import { splitToolId, wireNames } from '../../kernel/names.ts';
import type { Tool } from '../../kernel/tool.ts';
import type { CatalogItem, CatalogSnapshot, ToolsetState } from './snapshot.ts';

/** Which part of an organisation's catalog an endpoint serves, and under which names. */
export interface EndpointSelection {
  /** All toolsets when absent. */
  toolsets?: readonly string[] | undefined;
  naming: 'prefixed' | 'bare';
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
  tools: readonly Named<Tool>[];
  prompts: readonly Named<CatalogItem>[];
  /** `wireName` is the URI on the wire. */
  resources: readonly Named<CatalogItem>[];
  templates: readonly Named<CatalogItem>[];
  /** By wire name or canonical id. */
  findTool(name: string): Tool | undefined;
  /** By wire name or `toolset.name`. */
  findPrompt(name: string): CatalogItem | undefined;
  /** The URI on the wire for one of a toolset's own. */
  wireUri(toolset: string, uri: string): string;
  /** The toolset and its own URI behind one on the wire; undefined when no toolset here can own it. */
  ownUri(wireUri: string): { toolset: string; uri: string } | undefined;
}

const views = new WeakMap<CatalogSnapshot, Map<string, EndpointView>>();

/** The view of a snapshot through a selection; built once per snapshot. */
export function viewOf(snapshot: CatalogSnapshot, selection: EndpointSelection): EndpointView {
  const ofSnapshot = views.get(snapshot) ?? new Map<string, EndpointView>();
  views.set(snapshot, ofSnapshot);
  const key = JSON.stringify([selection.toolsets ?? null, selection.naming]);
  const view = ofSnapshot.get(key) ?? buildView(snapshot, selection);
  ofSnapshot.set(key, view);
  return view;
}

function buildView(snapshot: CatalogSnapshot, { toolsets: wanted, naming }: EndpointSelection): EndpointView {
  const here = (toolset: string) => !wanted || wanted.includes(toolset);
  const bare = naming === 'bare';
  const toolsets = [...snapshot.toolsets.values()].filter((state) => here(state.toolset));
  const listed = <T extends { toolset: string; status: string }>(items: Iterable<T>) =>
    [...items].filter((item) => here(item.toolset) && item.status !== 'disabled' && item.status !== 'quarantined');

  const tools = nameAll(listed(snapshot.tools.values()), bare);
  const prompts = nameAll(listed(snapshot.prompts), bare);
  const uris = uriNaming(listed(snapshot.resources), listed(snapshot.templates), bare);

  const toolByWire = new Map(tools.map(({ wireName, item }) => [wireName, item]));
  const promptByWire = new Map(prompts.map(({ wireName, item }) => [wireName, item]));
  return {
    toolsets,
    covers: here,
    tools,
    prompts,
    ...uris.named,
    findTool(name) {
      const tool = toolByWire.get(name) ?? snapshot.tools.get(name);
      return tool && here(tool.toolset) && tool.status !== 'disabled' && tool.status !== 'quarantined'
        ? tool
        : undefined;
    },
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

function nameAll<T extends { toolset: string; name: string }>(items: readonly T[], bare: boolean): Named<T>[] {
  const ids = items.map((item) => ({
    id: `${item.toolset}.${item.name}`,
    wanted: bare ? item.name : `${item.toolset}_${item.name}`,
  }));
  const toolsets = new Set(items.map(({ toolset }) => toolset));
  // A bare name that reads like the canonical id of another toolset's tool must not be taken for it.
  const keepLegal = (wanted: string) => bare && !toolsets.has(splitToolId(wanted)?.toolset ?? '');
  const names = wireNames(ids, { keepLegal });
  return items.map((item) => ({ item, wireName: names.get(`${item.toolset}.${item.name}`) ?? item.name }));
}

function uriNaming(resources: readonly CatalogItem[], templates: readonly CatalogItem[], bare: boolean) {
  // In bare naming a URI stays as its owner has it, unless two toolsets claim it: then all of its claimants are prefixed.
  const owners = new Map<string, Set<string>>();
  for (const { name, toolset } of [...resources, ...templates]) {
    owners.set(name, (owners.get(name) ?? new Set()).add(toolset));
  }
  const toolsets = new Set([...resources, ...templates].map(({ toolset }) => toolset));
  const readsPrefixed = (uri: string) => toolsets.has(uri.slice(0, Math.max(uri.indexOf('+'), 0)));
  const wireUri = (toolset: string, uri: string) =>
    bare && (owners.get(uri)?.size ?? 0) <= 1 && !readsPrefixed(uri) ? uri : `${toolset}+${uri}`;
  const named = (items: readonly CatalogItem[]) =>
    items.map((item) => ({ item, wireName: wireUri(item.toolset, item.name) }));
  const byWire = new Map(named(resources).map(({ wireName, item }) => [wireName, item]));

  const ownUri = (uri: string, toolsets: readonly ToolsetState[]) => {
    const exact = byWire.get(uri);
    if (exact) return { toolset: exact.toolset, uri: exact.name };
    const plus = uri.indexOf('+');
    const prefix = uri.slice(0, Math.max(plus, 0));
    if (toolsets.some(({ toolset }) => toolset === prefix)) return { toolset: prefix, uri: uri.slice(plus + 1) };
    if (!bare) return undefined;
    // A template that begins with an expression would claim the URIs of everybody.
    const owner = templates.find(({ name }) => /^[^{]*:/.test(name) && matchesTemplate(name, uri))?.toolset;
    if (owner) return { toolset: owner, uri };
    // A resource that its owner never listed, as a link in a result may name: plain only when there is one candidate.
    const only = toolsets.length === 1 ? toolsets[0] : undefined;
    return only ? { toolset: only.toolset, uri } : undefined;
  };
  return { named: { resources: named(resources), templates: named(templates) }, wireUri, ownUri };
}

/** Whether a URI can come from an RFC 6570 template: literal parts in order, anything in the expressions. */
export function matchesTemplate(template: string, uri: string): boolean {
  const literals = template.split(/\{[^{}]*\}/);
  const [first = '', ...rest] = literals;
  if (rest.length === 0) return template === uri;
  const last = rest.pop() ?? '';
  if (!uri.startsWith(first) || !uri.endsWith(last) || uri.length < first.length + last.length) return false;
  let position = first.length;
  for (const literal of rest) {
    const found = uri.indexOf(literal, position);
    if (found < 0) return false;
    position = found + literal.length;
  }
  return position <= uri.length - last.length;
}
