import type { ItemKind } from './snapshot.ts';

/** Something that was listed and is not taken into the catalog. */
export interface Refused {
  kind: ItemKind;
  /** As it was listed, cut; empty where it has none. */
  name: string;
  /** In words that name nothing of the provider's. */
  reason: string;
  /** What exactly, for those who operate. */
  detail?: string;
  /** Set when it stands for more than one. */
  more?: true;
}

/** What is left out, in one text that any caller may read: how many of what, and why. Undefined for nothing. */
export function leftOutOf(refused: readonly Refused[]): string | undefined {
  if (refused.length === 0) return undefined;
  const kinds = [...Map.groupBy(refused, ({ kind }) => kind)];
  const counts = kinds.map(([kind, those]) => {
    if (those.some(({ more }) => more)) return `some ${kind}s`;
    return `${those.length} ${kind}${those.length === 1 ? '' : 's'}`;
  });
  const reasons = [...new Set(refused.map(({ reason }) => reason))];
  return `left out: ${counts.join(', ')} (${reasons.join('; ')})`;
}
