import type { EntityJson, TypeAndId } from '@cedar-policy/cedar-wasm/nodejs';
import type { Operation } from '../../kernel/call.ts';
import type { Principal } from '../../kernel/principal.ts';
import type { Tool } from '../../kernel/tool.ts';

/** An entity as Cedar takes it, its name always spelled out. */
export type Entity = EntityJson & { uid: TypeAndId };

export function principalEntity({ id, kind, org, roles, teams = [], scopes }: Principal): Entity {
  const organisation = { type: 'Organisation', id: org };
  return {
    uid: { type: 'Principal', id },
    attrs: { kind, org: { __entity: organisation }, scopes: [...scopes] },
    parents: [
      organisation,
      ...roles.map((role) => ({ type: 'Role', id: role })),
      ...teams.map((team) => ({ type: 'Team', id: team })),
    ],
  };
}

/** The tool names its organisation as a parent of its own, which spares handing over the toolset as an entity. */
export function toolEntity(tool: Tool): Entity {
  const organisation = { type: 'Organisation', id: tool.org };
  return {
    uid: { type: 'Tool', id: tool.id },
    attrs: {
      toolset: tool.toolset,
      name: tool.name,
      org: { __entity: organisation },
      readOnly: tool.annotations.readOnly,
      destructive: tool.annotations.destructive,
      idempotent: tool.annotations.idempotent,
      openWorld: tool.annotations.openWorld,
      tags: [...tool.tags],
      status: tool.status,
      operation: operationOf(tool),
    },
    parents: [{ type: 'Toolset', id: tool.toolset }, organisation],
  };
}

/** What is done with it: resources, prompts and completions are used under pseudo tools. */
export function operationOf({ name }: Tool): Operation {
  if (name === '@read') return 'read';
  if (name === '@prompt') return 'prompt';
  return name === '@complete' ? 'complete' : 'tool';
}
