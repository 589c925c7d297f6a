import type { CatalogItem, ToolsetState } from './snapshot.ts';

/** URIs on the wire for those of toolsets, and back. */
export function uriNaming(resources: readonly CatalogItem[], templates: readonly CatalogItem[], bare: boolean) {
  // In bare naming a URI stays as its owner has it, unless two toolsets claim it: then all of its claimants are prefixed.
  const owners = new Map<string, Set<string>>();
  for (const { name, toolset } of [...resources, ...templates]) {
    owners.set(name, (owners.get(name) ?? new Set()).add(toolset));
  }
  const toolsets = new Set([...resources, ...templates].map(({ toolset }) => toolset));
  const readsPrefixed = (uri: string) => toolsets.has(uri.slice(0, Math.max(uri.indexOf('+'), 0)));
  const wireUri = (toolset: string, uri: string) =>
    schemeOf(uri) === toolset || (bare && (owners.get(uri)?.size ?? 0) <= 1 && !readsPrefixed(uri))
      ? uri
      : `${toolset}+${uri}`;
  const named = (items: readonly CatalogItem[]) =>
    items.map((item) => ({ item, wireName: wireUri(item.toolset, item.name) }));
  const byWire = new Map(named(resources).map(({ wireName, item }) => [wireName, item]));

  const ownUri = (uri: string, toolsets: readonly ToolsetState[]) => {
    const exact = byWire.get(uri);
    if (exact) return { toolset: exact.toolset, uri: exact.name };
    const plus = uri.indexOf('+');
    const prefix = uri.slice(0, Math.max(plus, 0));
    if (toolsets.some(({ toolset }) => toolset === prefix)) return { toolset: prefix, uri: uri.slice(plus + 1) };
    const scheme = schemeOf(uri);
    if (toolsets.some(({ toolset }) => toolset === scheme)) return { toolset: scheme, uri };
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

/** What a toolset calls by its own name, such as `knowledge://…` of `knowledge`, needs no other name in front. */
function schemeOf(uri: string): string {
  return uri.slice(0, Math.max(uri.indexOf('://'), 0));
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
