import type { Reader } from './reader.ts';
import { nearest } from './spelling.ts';
import type { Meaning } from './thesaurus.ts';
import type { Token } from './tokens.ts';
import { meaningWeights } from './weights.ts';
import { rootOf, stemOf } from './words.ts';

const mostLonger = 20;
const mostCorrections = 4;

/** Every term of the tools that a word of the query may mean. `next` is the stem after it. */
export function widen({ word, stem, isValue, isLiteral }: Token, next: string | undefined, reader: Reader): Meaning[] {
  const { inverted, thesaurus } = reader;
  const { isLive } = reader.view;
  if (isLiteral) return isLive(stem) ? [{ term: stem, weight: 1 }] : [];
  const found = new Map<string, number>();
  const add = (term: string, weight: number) => {
    if (weight > (found.get(term) ?? 0) && isLive(term)) found.set(term, weight);
  };
  const addWithMeanings = (from: string, weight: number) => {
    add(from, weight);
    for (const relative of inverted.families.get(rootOf(from)) ?? []) add(relative, weight * meaningWeights.family);
    for (const meaning of thesaurus.meaningsOf(from)) {
      add(meaning.term, weight * meaning.weight);
      const parts = meaning.term.split(' ').filter((part) => !thesaurus.isStopWord(part));
      for (const part of parts) add(part, weight * meaning.weight * meaningWeights.part);
    }
  };

  const isKnown = isLive(stem) || thesaurus.isKnown(stem);
  addWithMeanings(stem, 1);
  if (next !== undefined) add(stem + next, meaningWeights.joined); // `web hook` for `webhook`
  const had = found.size;
  let guessed = 0;
  if (stem.length >= (isKnown ? 4 : 3)) {
    const weight = isKnown ? meaningWeights.longer : meaningWeights.longerOfUnknown;
    for (const longer of withPrefix(inverted.sorted, stem, isLive)) add(longer, weight);
    if (found.size > had) guessed = meaningWeights.best;
  }
  if (!isKnown && !isValue && found.size === 0) {
    if (stem.startsWith('re')) addWithMeanings(stem.slice(2), meaningWeights.again); // `rebuild` is a build
    for (const { term, weight } of correctionsOf(word, reader)) addWithMeanings(term, weight);
    for (let at = 3; at <= stem.length - 3; at++) {
      const halves = [stem.slice(0, at), stemOf(stem.slice(at))];
      if (halves.every(isLive)) for (const half of halves) add(half, meaningWeights.half);
    }
  }
  // A word that no tool uses is worth as much as any other, by its best meaning.
  const best = Math.max(guessed, ...found.values());
  const scale = best < meaningWeights.best ? meaningWeights.best / best : 1;
  return [...found].map(([term, weight]) => ({ term, weight: weight * scale }));
}

/** What a mistyped word may have meant, of what tools say and of what is known to mean something they say. */
function correctionsOf(word: string, { inverted, thesaurus, view }: Reader): Meaning[] {
  const found = nearest(word, thesaurus.spellings);
  for (const [stem, weight] of nearest(word, inverted.spellings))
    if (view.isLive(stem)) found.set(stem, Math.max(weight, found.get(stem) ?? 0));
  return [...found]
    .map(([term, weight]) => ({ term, weight }))
    .sort((a, b) => b.weight - a.weight || (a.term < b.term ? -1 : 1))
    .slice(0, mostCorrections);
}

function withPrefix(sorted: readonly string[], prefix: string, isLive: (term: string) => boolean): string[] {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? '') <= prefix) low = middle + 1;
    else high = middle;
  }
  const found: string[] = [];
  for (let at = low; found.length < mostLonger && sorted[at]?.startsWith(prefix); at++) {
    const term = sorted[at] ?? '';
    if (isLive(term)) found.push(term);
  }
  return found;
}
