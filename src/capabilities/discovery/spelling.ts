import type { Reader } from './reader.ts';
import type { Meaning } from './thesaurus.ts';
import { meaningWeights } from './weights.ts';

const mostTerms = 4;
const shortest = 4;
const longest = 24; // what is longer is no word that somebody mistyped

/** Stems of words that a mistyped one may have meant: one mistake in up to 7 letters, in 4 only a swap; two from 8 on. */
export function nearest(word: string, { inverted, thesaurus, isLive }: Reader): Meaning[] {
  if (word.length < shortest || word.length > longest) return [];
  const limit = word.length >= 8 ? 2 : 1;
  const letters = lettersOf(word);
  const found = new Map<string, number>();
  const look = (other: string, stem: string) => {
    // Each mistake changes at most two letters of the set: most words are ruled out without being compared.
    if (Math.abs(other.length - word.length) > limit || countBits(letters ^ lettersOf(other)) > 2 * limit) return;
    const distance = distanceOf(word, other, limit);
    if (distance > limit || (word.length === shortest && !isSwap(word, other))) return;
    const weight = distance === 1 ? meaningWeights.oneMistake : meaningWeights.twoMistakes;
    const initial = other[0] === word[0] ? 1 : meaningWeights.otherInitial;
    found.set(stem, Math.max(found.get(stem) ?? 0, weight * initial));
  };
  for (const [other, stem] of inverted.words) look(other, stem);
  for (const stem of found.keys()) if (!isLive(stem)) found.delete(stem);
  for (const [other, stem] of thesaurus.words) look(other, stem);
  return [...found]
    .map(([term, weight]) => ({ term, weight }))
    .sort((a, b) => b.weight - a.weight || (a.term < b.term ? -1 : 1))
    .slice(0, mostTerms);
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
