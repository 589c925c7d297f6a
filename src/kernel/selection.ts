import { ownToolset } from './names.ts';
import { type Principal, subjectBehind } from './principal.ts';
import type { Tool } from './tool.ts';

/** Whose calls a rule is for, in all that it says. */
export interface Callers {
  principals?: readonly string[] | undefined;
  kinds?: readonly string[] | undefined;
  roles?: readonly string[] | undefined;
  teams?: readonly string[] | undefined;
}

/** Which calls a rule is for, in all that it says. */
export interface Targets {
  /** Ids; `*` at the end stands for any rest. */
  tools?: readonly string[] | undefined;
  toolsets?: readonly string[] | undefined;
  endpoints?: readonly string[] | undefined;
}

/** Whether a tool is meant, whichever endpoint it is called by. Where none is named, all but those of our own toolset are. */
export function toolsMeant(targets: Targets | undefined): (tool: Pick<Tool, 'id' | 'toolset'>) => boolean {
  const { tools, toolsets } = targets ?? {};
  if (!tools && !toolsets) return ({ toolset }) => toolset !== ownToolset; // search, plans: their calls count themselves
  const exact = new Set(tools?.filter((pattern) => !pattern.endsWith('*')));
  const beginnings = (tools ?? []).filter((pattern) => pattern.endsWith('*')).map((pattern) => pattern.slice(0, -1));
  return ({ id, toolset }) =>
    (!toolsets || toolsets.includes(toolset)) &&
    (!tools || exact.has(id) || beginnings.some((beginning) => id.startsWith(beginning)));
}

export function isMeant(callers: Callers | undefined, principal: Principal): boolean {
  if (!callers) return true;
  const { principals, kinds, roles, teams } = callers;
  if (principals && !principals.includes(principal.id) && !principals.includes(subjectBehind(principal))) return false;
  if (kinds && !kinds.some((kind) => kind === principal.kind)) return false;
  if (roles && !roles.some((role) => principal.roles.includes(role))) return false;
  return !teams || teams.some((team) => principal.teams?.includes(team));
}

const longestPart = 200;

/** An id as a part of a key: whatever stands in it, it cannot be taken for another one, nor for several parts. */
export function keyPart(text: string): string {
  return encodeURIComponent(text.toWellFormed()).slice(0, longestPart);
}
