import type { SearchableTool } from './fields.ts';
import { type Inverted, invert } from './inverted.ts';
import { type ReadQuery, readQuery } from './query.ts';
import { bestOf, createRanker } from './rank.ts';
import { createThesaurus, type Thesaurus } from './thesaurus.ts';
import { atOnce, inTurns, type Turns } from './turns.ts';
import { varied } from './variety.ts';
import { fused, nearestTools } from './vectors.ts';
import { viewOf } from './view.ts';
import { rankWeights } from './weights.ts';

export interface FoundTool {
  id: string;
  /** Greater is better; comparable within one search only. */
  score: number;
  /** The words of the query that led to it; none when only its embedding did. */
  matched: string[];
}

export interface SearchOptions {
  /** Only tools of this toolset. */
  toolset?: string;
  /** At most so many, 5 unless told, 100 at most. */
  limit?: number;
  /** What it says no to is left out before anything is ranked: it is never found and takes nobody's place. */
  allow?: (id: string) => boolean;
  /** The query's embedding, by the model that made the tools'. Without it words alone decide. */
  vector?: ArrayLike<number>;
}

export interface IndexOptions {
  /** Embeddings of tools by id (see `embeddingText`); those without one are found by their words. */
  embed?: { vectors: ReadonlyMap<string, ArrayLike<number>> };
}

/** Finds tools for a query. Does not change: a changed catalog gets a new one. */
export interface ToolIndex {
  search(query: string, options?: SearchOptions): FoundTool[];
}

export const usualLimit = 5;
export const largestLimit = 100;

/** Makes an index of each catalog, and another when it changed. */
export interface ToolIndexer {
  /** In turns of some ten milliseconds, between which the process goes on with whatever else it does. */
  build(tools: readonly SearchableTool[], options?: IndexOptions): Promise<ToolIndex>;
}

export function createToolIndexer(): ToolIndexer {
  const thesaurus = createThesaurus(); // the same for every catalog
  return { build: (tools, options) => inTurns(indexOf([...tools], thesaurus, options)) };
}

/** The same at once: thousands of tools keep the process busy for a quarter of a second. */
export function createToolIndex(tools: readonly SearchableTool[], options?: IndexOptions): ToolIndex {
  return atOnce(indexOf(tools, createThesaurus(), options));
}

function* indexOf(
  tools: readonly SearchableTool[],
  thesaurus: Thesaurus,
  { embed }: IndexOptions = {},
): Turns<ToolIndex> {
  const sorted = tools.toSorted((a, b) => (a.id < b.id ? -1 : 1)); // equals stand by id, not by the caller's order
  const inverted = yield* invert(sorted, thesaurus);
  const ranker = createRanker(inverted);
  const byName = new Map<string, Set<number>>();
  for (const [number, { id, name }] of sorted.entries())
    for (const key of [id.toLowerCase(), name.toLowerCase()])
      byName.set(key, (byName.get(key) ?? new Set()).add(number));
  const vectors = sorted.map(({ id }) => embed?.vectors.get(id));

  return {
    search(query, { toolset, limit = usualLimit, allow, vector } = {}) {
      let open: Uint8Array | undefined;
      if (toolset !== undefined || allow !== undefined)
        open = Uint8Array.from(sorted, (tool) =>
          (toolset === undefined || tool.toolset === toolset) && (allow?.(tool.id) ?? true) ? 1 : 0,
        );
      const view = viewOf(inverted, open);
      const read = readQuery(query, { inverted, thesaurus, view });
      const byWords = ranker.rank(read, view);
      const exact = byName.get(query.trim().toLowerCase());
      for (const each of byWords) {
        if (exact?.has(each.tool)) each.score *= rankWeights.exact;
        if (read.toolsets.has(sorted[each.tool]?.toolset ?? '')) each.score *= rankWeights.hintedToolset;
      }
      const words = bestOf(byWords, largestLimit);
      const ranked = vector ? bestOf(fused(words, nearestTools(vector, vectors, view.isOpen)), largestLimit) : words;
      const places = Math.max(0, Math.min(largestLimit, Math.floor(limit) || 0));
      return varied(ranked, places, inverted).map(({ tool, score }) => ({
        id: sorted[tool]?.id ?? '',
        score,
        matched: wordsFor(tool, read, inverted),
      }));
    },
  };
}

/** What an embedding of a tool should be made of. */
export function embeddingText({
  name,
  title,
  description,
}: Pick<SearchableTool, 'name' | 'title' | 'description'>): string {
  return [title, name.replace(/[^\p{L}\p{N}]+/gu, ' '), description?.slice(0, 1_000)].filter(Boolean).join('\n');
}

function wordsFor(tool: number, { concepts }: ReadQuery, { terms }: Inverted): string[] {
  const words = concepts
    .filter(
      ({ word, terms: meanings }) => word !== '' && meanings.some(({ term }) => isIn(terms.get(term)?.tools, tool)),
    )
    .map(({ word }) => word);
  return [...new Set(words)];
}

/** @param tools ascending */
function isIn(tools: Uint32Array | undefined, tool: number): boolean {
  let low = 0;
  let high = tools?.length ?? 0;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((tools?.[middle] ?? 0) < tool) low = middle + 1;
    else high = middle;
  }
  return tools?.[low] === tool;
}
