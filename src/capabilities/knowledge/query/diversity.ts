/** Passages of one document before those of others come. */
const mostOfOne = 3;
/** What has no word that the other lacks, and so many of its runs of words, tells nothing new. */
const sameFrom = 0.85;
const runOfWords = 3;

/** What a passage says, as far as it is held against others: its words and runs of words as numbers, in order, each once. */
export interface Said {
  document: number;
  words: Uint32Array;
  runs: Uint32Array;
}

/**
 * The best passages, with room for more than one document: after some of one document those of others come first, and
 * what tells nothing that a better one does not tell is left out.
 */
export function spread<P extends { said: Said }>(ranked: readonly P[], limit: number): P[] {
  const told: Said[] = [];
  const perDocument = new Map<number, number>();
  const first: P[] = [];
  const later: P[] = [];
  for (const passage of ranked) {
    if (first.length >= limit) break;
    const { said } = passage;
    if (told.some((known) => isTold(said, known))) continue;
    told.push(said);
    const before = perDocument.get(said.document) ?? 0;
    perDocument.set(said.document, before + 1);
    (before < mostOfOne ? first : later).push(passage);
  }
  return [...first, ...later].slice(0, limit);
}

export function saidIn({ document, text }: { document: number; text: string }): Said {
  const words = text
    .toLowerCase()
    .split(/[.,;:]*(?:\s+|$)/u)
    .filter(Boolean)
    .map(numberOf);
  const starts = Math.max(1, words.length - runOfWords + 1);
  const runs = Array.from({ length: starts }, (_, at) => {
    let run = 0;
    for (let one = at; one < Math.min(at + runOfWords, words.length); one++) run = mixed(run, words[one] ?? 0);
    return run >>> 0;
  });
  return { document, words: inOrder(words), runs: inOrder(runs) };
}

/** One other word, such as another environment or number, makes it something else. */
function isTold({ words, runs }: Said, known: Said): boolean {
  if (inCommon(words, known.words, words.length) < words.length) return false;
  const enough = Math.ceil(sameFrom * runs.length);
  return inCommon(runs, known.runs, enough) >= enough;
}

/** How many numbers both have; no more than can still come to `wanted` are compared. */
function inCommon(some: Uint32Array, others: Uint32Array, wanted: number): number {
  let count = 0;
  let other = 0;
  for (let at = 0; at < some.length; at++) {
    if (count + some.length - at < wanted) return count;
    const one = some[at] ?? 0;
    while (other < others.length && (others[other] ?? 0) < one) other++;
    if (others[other] === one) count++;
  }
  return count;
}

function inOrder(numbers: readonly number[]): Uint32Array {
  return Uint32Array.from(new Set(numbers)).sort();
}

/** FNV-1a: of two different words one in four billion pairs has the same number. */
function numberOf(word: string): number {
  let number = 0x811c9dc5;
  for (let at = 0; at < word.length; at++) number = mixed(number, word.charCodeAt(at));
  return number >>> 0;
}

const mixed = (number: number, more: number): number => Math.imul(number ^ more, 0x01000193);
