import type { JsonObject } from '../../kernel/json.ts';
import { ownToolset } from '../../kernel/names.ts';
import { type Imitation, imitationsOf } from './review/imitation.ts';
import { keyOf, type Standings } from './standing.ts';

/** What a tool may be taken for. */
export type Lookalike = Pick<Imitation, 'of' | 'reason'>;

interface Item {
  toolset: string;
  kind: string;
  name: string;
  definition: JsonObject;
}

/**
 * Of all that upstreams offer, what each tool may be taken for, by tool id. What was accepted first counts as the
 * original. Toolsets often have tools of the same name; those are told apart by their toolset, so they are not named here.
 */
export function lookalikesOf(items: readonly Item[], standings: Standings): Map<string, Lookalike[]> {
  const since = (item: Item) => {
    if (item.toolset === ownToolset || item.kind !== 'tool') return 0;
    return standings.get(keyOf({ ...item, kind: 'tool' }))?.accepted?.at ?? Number.POSITIVE_INFINITY;
  };
  const tools = items
    .filter(({ kind }) => kind === 'tool')
    .map((item) => ({ ...titledOf(item), since: since(item) }))
    .sort((a, b) => (a.since === b.since ? 0 : a.since < b.since ? -1 : 1));
  const found = new Map<string, Lookalike[]>();
  for (const { tool, of, reason } of imitationsOf(tools)) {
    if (reason !== 'same') found.set(tool, [...(found.get(tool) ?? []), { of, reason }]);
  }
  return found;
}

function titledOf({ toolset, name, definition: { title } }: Item) {
  return { toolset, name, ...(typeof title === 'string' ? { title } : {}) };
}
