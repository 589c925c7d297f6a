import { type Inverted, rarityAmong } from './inverted.ts';

/** The index as one caller may know it: tools that policy hides from them make no word more common, and none known. */
export interface View {
  isOpen(tool: number): boolean;
  /** Whether any tool that may be found has the term. */
  isLive(term: string): boolean;
  rarityOf(term: string): number;
  /** What the words of a tool's name and title weigh together. */
  headMassOf(tool: number): number;
}

/** @param open 1 for each tool that may be found, by its number; absent when all may */
export function viewOf(inverted: Inverted, open?: Uint8Array): View {
  const { terms, tools } = inverted;
  if (!open)
    return {
      isOpen: () => true,
      isLive: (term) => terms.has(term),
      rarityOf: (term) => terms.get(term)?.rarity ?? 0,
      headMassOf: (tool) => tools[tool]?.headMass ?? 0,
    };
  const isOpen = (tool: number) => open[tool] === 1;
  const countOpen = open.reduce((sum, one) => sum + one, 0);
  const rarities = new Map<string, number>();
  const rarityOf = (term: string): number => {
    let rarity = rarities.get(term);
    if (rarity === undefined) {
      let count = 0;
      for (const tool of terms.get(term)?.tools ?? []) count += open[tool] ?? 0;
      rarity = rarityAmong(countOpen, count);
      rarities.set(term, rarity);
    }
    return rarity;
  };
  return {
    isOpen,
    isLive: (term) => terms.get(term)?.tools.some(isOpen) ?? false,
    rarityOf,
    headMassOf: (tool) => (tools[tool]?.headWords ?? []).reduce((sum, term) => sum + rarityOf(term), 0),
  };
}
