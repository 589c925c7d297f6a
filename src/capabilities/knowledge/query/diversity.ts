import type { Passage } from '../documents/store.ts';

/** Passages of one document before those of others come. */
const mostOfOne = 3;
/** What has no word that the other lacks, and so many of its runs of words, tells nothing new. */
const sameFrom = 0.85;
const runOfWords = 3;

/**
 * The best passages, with room for more than one document: after some of one document those of others come first, and
 * what tells nothing that a better one does not tell is left out.
 */
export function spread<P extends Pick<Passage, 'document' | 'text'>>(ranked: readonly P[], limit: number): P[] {
  const told: Said[] = [];
  const perDocument = new Map<number, number>();
  const first: P[] = [];
  const later: P[] = [];
  for (const passage of ranked) {
    if (first.length >= limit) break;
    const said = saidIn(passage.text);
    if (told.some((known) => isTold(said, known))) continue;
    told.push(said);
    const before = perDocument.get(passage.document) ?? 0;
    perDocument.set(passage.document, before + 1);
    (before < mostOfOne ? first : later).push(passage);
  }
  return [...first, ...later].slice(0, limit);
}

interface Said {
  words: ReadonlySet<string>;
  runs: ReadonlySet<string>;
}

function saidIn(text: string): Said {
  const words = text
    .toLowerCase()
    .split(/[.,;:]*(?:\s+|$)/u)
    .filter(Boolean);
  const starts = Math.max(1, words.length - runOfWords + 1);
  const runs = Array.from({ length: starts }, (_, at) => words.slice(at, at + runOfWords).join(' '));
  return { words: new Set(words), runs: new Set(runs) };
}

/** One other word, such as another environment or number, makes it something else. */
function isTold({ words, runs }: Said, known: Said): boolean {
  if (!words.isSubsetOf(known.words)) return false;
  return runs.intersection(known.runs).size >= sameFrom * runs.size;
}
