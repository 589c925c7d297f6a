import { isObject, type Json, type JsonObject } from '../../kernel/json.ts';
import type { Principal } from '../../kernel/principal.ts';
import type { Tool } from '../../kernel/tool.ts';
import { operationOf } from './entities.ts';
import type { EntityReads, Reads } from './reads.ts';

/** Texts that are equal for two calls only if the rules cannot tell them apart. */
export interface ClassKey {
  /** Undefined when there is too much to read for an answer to be met again. */
  ofCaller(principal: Principal, context: JsonObject): string | undefined;
  ofTool(tool: Tool): string;
}

const maxContextLength = 512;

type Facet<T> = (subject: T) => unknown;

/** Which attributes tell calls apart, given what the rules read. A name that only is compared with stands for itself. */
export function attributeClasses({ principal, resource, context, arguments: named }: Reads): ClassKey {
  const principalFacets = principal.whole
    ? Object.values(principalAttributes)
    : facets(principal, principalAttributes, principalNames);
  const toolFacets = resource.whole ? Object.values(toolAttributes) : facets(resource, toolAttributes, toolNames);
  // None of these is ever changed, only replaced.
  const texts = new WeakMap<Tool, string>();
  const callers = new WeakMap<Principal, string>();
  const situations = new WeakMap<JsonObject, string>();
  const situationIn = (seen: JsonObject): string => {
    const names = context.has('*') ? Object.keys(seen) : [...context];
    const read = (name: string) => (name === 'arguments' ? argumentsRead(seen.arguments, named) : seen[name]);
    return JSON.stringify(names.map((name) => [name, read(name)]));
  };
  return {
    ofCaller(who, seen) {
      // One that is frozen is that of many calls; all others come once.
      const situation = Object.isFrozen(seen) ? made(situations, seen, situationIn) : situationIn(seen);
      if (situation.length > maxContextLength) return undefined;
      return situation + made(callers, who, () => JSON.stringify(principalFacets.map((facet) => facet(who))));
    },
    ofTool(tool) {
      return made(texts, tool, () => JSON.stringify(toolFacets.map((facet) => facet(tool))));
    },
  };
}

function made<K extends object>(known: WeakMap<K, string>, of: K, make: (of: K) => string): string {
  const before = known.get(of);
  if (before !== undefined) return before;
  const text = make(of);
  known.set(of, text);
  return text;
}

function argumentsRead(seen: Json | undefined, named: ReadonlySet<string>): unknown {
  if (named.has('*') || !isObject(seen)) return seen;
  return [...named].map((name) => seen[name]);
}

const principalAttributes: Record<string, Facet<Principal>> = {
  id: (who) => who.id,
  kind: (who) => who.kind,
  org: (who) => who.org,
  roles: (who) => [...who.roles].sort(),
  teams: (who) => [...(who.teams ?? [])].sort(),
  scopes: (who) => [...who.scopes].sort(),
};

const principalNames: Record<string, (who: Principal) => readonly string[]> = {
  Principal: (who) => [who.id],
  Organisation: (who) => [who.org],
  Role: (who) => who.roles,
  Team: (who) => who.teams ?? [],
};

const toolAttributes: Record<string, Facet<Tool>> = {
  id: (tool) => tool.id,
  toolset: (tool) => tool.toolset,
  name: (tool) => tool.name,
  org: (tool) => tool.org,
  readOnly: (tool) => tool.annotations.readOnly,
  destructive: (tool) => tool.annotations.destructive,
  idempotent: (tool) => tool.annotations.idempotent,
  openWorld: (tool) => tool.annotations.openWorld,
  tags: (tool) => [...tool.tags].sort(),
  status: (tool) => tool.status,
  operation: operationOf,
};

const toolNames: Record<string, (tool: Tool) => readonly string[]> = {
  Tool: (tool) => [tool.id],
  Toolset: (tool) => [tool.toolset],
  Organisation: (tool) => [tool.org],
};

/** @param attributes every attribute that the schema declares, and what else makes up the whole */
function facets<T>(
  reads: EntityReads,
  attributes: Record<string, Facet<T>>,
  names: Record<string, (subject: T) => readonly string[]>,
): Facet<T>[] {
  const list: Facet<T>[] = [];
  for (const attribute of reads.attributes) {
    const facet = attributes[attribute];
    if (!facet) return Object.values(attributes); // not ours to judge: everything counts
    list.push(facet);
  }
  for (const [type, mentioned] of reads.named) {
    const namesOf = names[type];
    if (!namesOf) return Object.values(attributes);
    list.push((subject) =>
      namesOf(subject)
        .filter((name) => mentioned.has(name))
        .sort(),
    );
  }
  return list;
}
