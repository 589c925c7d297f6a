import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ToolIndex } from '../../src/capabilities/discovery/index.ts';

/** What somebody wants, and every tool that would do. */
export interface Intent {
  intent: string;
  tools: readonly string[];
}

export interface Miss {
  intent: string;
  /** Where the first acceptable tool stands, from 1; none among the first hundred. */
  rank?: number;
  wanted: readonly string[];
  found: readonly string[];
}

const places = 5;

export function readIntents(half: 'open' | 'sealed'): Intent[] {
  return JSON.parse(readFileSync(join(import.meta.dirname, `intents.${half}.json`), 'utf8'));
}

/** The share of intents whose right tool comes first, and among the first five; and those where it does not. */
export function recallOf(index: ToolIndex, intents: readonly Intent[]): { at1: number; at5: number; misses: Miss[] } {
  const misses: Miss[] = [];
  let first = 0;
  for (const { intent, tools } of intents) {
    const found = index.search(intent, { limit: 100 }).map(({ id }) => id);
    const at = found.findIndex((id) => tools.includes(id));
    if (at === 0) first++;
    if (at < 0 || at >= places)
      misses.push({ intent, rank: at < 0 ? undefined : at + 1, wanted: tools, found: found.slice(0, places) });
  }
  return { at1: first / intents.length, at5: 1 - misses.length / intents.length, misses };
}
