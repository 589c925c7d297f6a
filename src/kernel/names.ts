import { createHash } from 'node:crypto';

/** A toolset's name: short, and free of the characters that wire names use as separators. */
export const toolsetPattern = /^[a-z][a-z0-9-]{0,23}$/;

/** The toolset of Fairlead's own resources; no upstream can take this name. */
export const ownToolset = 'fairlead';

/** Tools by which callers learn what became of calls that wait for consent. */
export const approvalToolIds: ReadonlySet<string> = new Set([
  `${ownToolset}.approval_status`,
  `${ownToolset}.approval_result`,
]);

/** The one that the team's documents are asked by. */
export const knowledgeToolset = 'knowledge';

/**
 * The tools by which policy and audit know the reading of a toolset's resources, the getting of its prompts and the
 * completing of arguments. No tool of an upstream may have such a name.
 */
export const pseudoNames = ['@read', '@prompt', '@complete'] as const;
export type PseudoName = (typeof pseudoNames)[number];

const wireLimit = 64; // several model APIs refuse longer tool names

/** The toolset and the name of a canonical id, which splits at its first dot. */
export function splitToolId(id: string): { toolset: string; name: string } | undefined {
  const dot = id.indexOf('.');
  return dot <= 0 || dot === id.length - 1 ? undefined : { toolset: id.slice(0, dot), name: id.slice(dot + 1) };
}

/** A name with only `[A-Za-z0-9_-]`. */
export function wireSafe(name: string): string {
  return name.replace(/[^A-Za-z0-9_-]/g, '_');
}

/** A wire name that stays apart: cut, and ended by `_` and 8 hex digits of the id's SHA-256. */
export function suffixedName(plain: string, id: string): string {
  const suffix = `_${createHash('sha256').update(id).digest('hex').slice(0, 8)}`;
  return plain.slice(0, wireLimit - suffix.length) + suffix;
}

/**
 * The wire name of every item, in one go, since all who want the same name are suffixed:
 * which of them came first must not matter.
 *
 * @param items canonical id and the name wanted on the wire before cleaning
 * @param options `keepLegal` says which names stay as they are, dots and all, where MCP itself allows it
 * @returns wire name by canonical id
 */
export function wireNames(
  items: readonly { id: string; wanted: string }[],
  { keepLegal = () => false }: { keepLegal?: (wanted: string) => boolean } = {},
): Map<string, string> {
  const names = new Map(
    items.map(({ id, wanted }) => [id, mcpName.test(wanted) && keepLegal(wanted) ? wanted : wireSafe(wanted)]),
  );
  const suffixed = new Set<string>();
  // A suffixed name can meet one that was chosen to look like it: repeat until nobody is left to move.
  for (let moved = true; moved; ) {
    const uses = new Map<string, number>();
    for (const name of names.values()) uses.set(name, (uses.get(name) ?? 0) + 1);
    moved = false;
    for (const [id, name] of names) {
      if (suffixed.has(id) || (name.length <= wireLimit && uses.get(name) === 1)) continue;
      names.set(id, suffixedName(name, id));
      suffixed.add(id);
      moved = true;
    }
  }
  return names;
}

const mcpName = /^[A-Za-z0-9_.-]{1,64}$/;
