import type { Passage } from '../documents/store.ts';

/** Passages of one document before those of others come. */
const mostOfOne = 3;

/**
 * The best passages, with room for more than one document: after some of one document those of others come first, and
 * what says the same as a better one is left out.
 */
export function spread<P extends Pick<Passage, 'document' | 'text'>>(ranked: readonly P[], limit: number): P[] {
  const texts = new Set<string>();
  const perDocument = new Map<number, number>();
  const first: P[] = [];
  const later: P[] = [];
  for (const passage of ranked) {
    const text = passage.text.toLowerCase().replace(/\s+/g, ' ').trim();
    if (texts.has(text)) continue;
    texts.add(text);
    const before = perDocument.get(passage.document) ?? 0;
    perDocument.set(passage.document, before + 1);
    (before < mostOfOne ? first : later).push(passage);
  }
  return [...first, ...later].slice(0, limit);
}
