import { isObject } from '../../kernel/json.ts';
import type { Principal } from '../../kernel/principal.ts';
import type { Tool } from '../../kernel/tool.ts';
import { coversPath, pathsRead } from './paths.ts';
import { readsOf } from './reads.ts';
import type { NamedRule } from './ruleset.ts';

/** What rules would have to know. */
export interface Needs {
  /** One of the paths that a rule which may bear on this call reads; undefined where it does not depend on any. */
  missing(principal: Principal, tool: Tool, unknown: ReadonlyMap<string, string>): string | undefined;
}

/** A rule whose scope is about another tool, or another role, needs nothing: whatever it would read, it says nothing. */
export function needsOf(rules: readonly NamedRule[]): Needs {
  const each = rules.map(({ json }) => ({
    json,
    paths: [...pathsRead(readsOf([json]))],
  }));
  return {
    missing(principal, tool, unknown) {
      if (unknown.size === 0) return undefined;
      for (const { json, paths } of each) {
        const path = [...unknown.keys()].find((one) =>
          paths.some((read) => coversPath(read, one) || coversPath(one, read)),
        );
        if (path !== undefined && mayApply(json, principal, tool, unknown)) return path;
      }
      return undefined;
    },
  };
}

/** Whether the scope of a rule leaves it open that it bears on this call; what is not known counts as yes. */
function mayApply(
  { principal: who, resource: what }: NamedRule['json'],
  principal: Principal,
  tool: Tool,
  unknown: ReadonlyMap<string, string>,
): boolean {
  const known = (path: string, names: readonly string[]) => (unknown.has(path) ? undefined : names);
  const isPrincipal = inScope(who, {
    Principal: known('principal.id', [principal.id]),
    Role: known('principal.roles', principal.roles),
    Team: known('principal.teams', principal.teams ?? []),
  });
  const isResource = inScope(what, { Tool: known('resource.id', [tool.id]), Toolset: [tool.toolset] });
  return isPrincipal && isResource;
}

function inScope(scope: unknown, names: Record<string, readonly string[] | undefined>): boolean {
  if (!isObject(scope) || scope.op === 'All' || scope.op === 'is') return true;
  const entities = Array.isArray(scope.entities) ? scope.entities : [scope.entity];
  return entities.some((entity) => {
    if (!isObject(entity)) return true;
    const plain = isObject(entity.__entity) ? entity.__entity : entity;
    const own = names[String(plain.type)];
    return own === undefined || own.includes(String(plain.id));
  });
}
