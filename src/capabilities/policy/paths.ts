import type { Json, JsonObject } from '../../kernel/json.ts';
import type { Principal } from '../../kernel/principal.ts';
import type { Tool } from '../../kernel/tool.ts';
import { operationOf } from './entities.ts';
import type { EntityReads, Reads } from './reads.ts';

/** What rules can look at, by the words in which people speak of it, such as `principal.roles`. */
const principalValues: Record<string, (who: Principal) => Json> = {
  id: (who) => who.id,
  kind: (who) => who.kind,
  org: (who) => who.org,
  roles: (who) => [...who.roles],
  teams: (who) => [...(who.teams ?? [])],
  scopes: (who) => [...who.scopes],
};

const toolValues: Record<string, (tool: Tool) => Json> = {
  id: (tool) => tool.id,
  toolset: (tool) => tool.toolset,
  name: (tool) => tool.name,
  org: (tool) => tool.org,
  readOnly: (tool) => tool.annotations.readOnly,
  destructive: (tool) => tool.annotations.destructive,
  idempotent: (tool) => tool.annotations.idempotent,
  openWorld: (tool) => tool.annotations.openWorld,
  tags: (tool) => [...tool.tags],
  status: (tool) => tool.status,
  operation: operationOf,
};

/** What comparing with an entity of this type looks at. */
const principalTypes: Record<string, string> = { Principal: 'id', Organisation: 'org', Role: 'roles', Team: 'teams' };
const toolTypes: Record<string, string> = { Tool: 'id', Toolset: 'toolset', Organisation: 'org' };

const argumentsPath = 'context.arguments.';

/**
 * Paths such as `principal.roles`, `resource.tags` and `context.arguments.amount`. All arguments are
 * `context.arguments.*`, all of the context `context.*`.
 */
export function pathsRead({ principal, resource, context, arguments: named }: Reads): Set<string> {
  const contextNames = [...context].filter((name) => name !== 'arguments');
  return new Set([
    ...entityPaths('principal', principal, principalTypes, Object.keys(principalValues)),
    ...entityPaths('resource', resource, toolTypes, Object.keys(toolValues)),
    ...contextNames.map((name) => `context.${name}`),
    ...[...named].map((name) => argumentsPath + name),
  ]);
}

function entityPaths(owner: string, reads: EntityReads, types: Record<string, string>, all: string[]): string[] {
  const compared = [...reads.named.keys()].map((type) => types[type]);
  const names = [...reads.attributes, ...compared];
  const everything = reads.whole || names.some((name) => name === undefined || !all.includes(name));
  return (everything ? all : names).map((name) => `${owner}.${name}`);
}

/** Whether one of them is what the other names. */
export function coversPath(read: string, path: string): boolean {
  return read === path || (read.endsWith('.*') && path.startsWith(read.slice(0, -1)));
}

/** What stood under each path that was read; what was not there is left out. */
export function valuesAt(
  paths: Iterable<string>,
  principal: Principal,
  tool: Tool,
  context: JsonObject,
): Record<string, Json> {
  const args = (context.arguments ?? {}) as JsonObject;
  const all: [string, Json | undefined][] = [
    ...Object.entries(principalValues).map(([name, of]): [string, Json] => [`principal.${name}`, of(principal)]),
    ...Object.entries(toolValues).map(([name, of]): [string, Json] => [`resource.${name}`, of(tool)]),
    ...Object.entries(context)
      .filter(([name]) => name !== 'arguments')
      .map(([name, value]): [string, Json] => [`context.${name}`, value]),
    ...Object.entries(args).map(([name, value]): [string, Json] => [argumentsPath + name, value]),
  ];
  const wanted = [...paths];
  const seen = all.filter(([path, value]) => value !== undefined && wanted.some((read) => coversPath(read, path)));
  return Object.fromEntries(seen) as Record<string, Json>;
}
