import { meaningWeights } from './weights.ts';

const shortest = 4;
const longest = 24; // what is longer is no word that somebody mistyped

/** Words by their length, so that only those are compared that may be near. */
export type Spellings = ReadonlyMap<number, readonly Spelling[]>;

interface Spelling {
  word: string;
  stem: string;
  /** The set of its letters, as bits. */
  letters: number;
}

/** @param words with their stems */
export function spellingsOf(words: ReadonlyMap<string, string>): Spellings {
  const all = [...words].map(([word, stem]) => ({ word, stem, letters: lettersOf(word) }));
  return Map.groupBy(all, ({ word }) => word.length);
}

/**
 * Stems of words that a mistyped one may have meant, with what each is worth: one mistake in up to 7 letters, in 4 only a
 * swap; two from 8 on.
 */
export function nearest(word: string, spellings: Spellings): Map<string, number> {
  const found = new Map<string, number>();
  if (word.length < shortest || word.length > longest) return found;
  const limit = word.length >= 8 ? 2 : 1;
  const letters = lettersOf(word);
  for (let length = word.length - limit; length <= word.length + limit; length++)
    for (const { word: other, stem, letters: others } of spellings.get(length) ?? []) {
      // Each mistake changes at most two letters of the set: most words are ruled out without being compared.
      if (countBits(letters ^ others) > 2 * limit) continue;
      const distance = distanceOf(word, other, limit);
      if (distance > limit || (word.length === shortest && !isSwap(word, other))) continue;
      const weight = distance === 1 ? meaningWeights.oneMistake : meaningWeights.twoMistakes;
      const initial = other[0] === word[0] ? 1 : meaningWeights.otherInitial;
      found.set(stem, Math.max(found.get(stem) ?? 0, weight * initial));
    }
  return found;
}

function isSwap(a: string, b: string): boolean {
  return a.length === b.length && [...a].sort().join('') === [...b].sort().join('');
}

/** The set of a word's letters, as bits. */
function lettersOf(word: string): number {
  let set = 0;
  for (let at = 0; at < word.length; at++) set |= 1 << (word.charCodeAt(at) % 32);
  return set;
}

function countBits(set: number): number {
  let count = 0;
  for (let rest = set; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/** Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment); too low above `limit`. */
function distanceOf(a: string, b: string, limit: number): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + change);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      next.push(cost);
    }
    if (Math.min(...next) > limit) return limit + 1;
    before = row;
    row = next;
  }
  return row[b.length] ?? 0;
}
