import type { Thesaurus } from './thesaurus.ts';
import { runsOf, stemOf, wordsOf } from './words.ts';

/** Numbers for terms, so that thousands of texts are read without keeping their words. */
export interface Lexicon {
  /** Terms by their numbers. */
  terms: readonly string[];
  /** Every word as it was written, in lower case, with its stem. */
  words: ReadonlyMap<string, string>;
  isPhrase(term: number): boolean;
  isStopWord(term: number): boolean;
  /** The numbers of a text's stems, and of the phrases that they make. */
  read(text: string, options: { isIdentifier: boolean; keepsStopWords: boolean }): number[];
}

interface Term {
  isPhrase: boolean;
  /** Its words are not what they are elsewhere. */
  isFixed: boolean;
  isStopWord: boolean;
  /** The phrases that begin with it. */
  phrases: readonly (readonly string[])[];
}

export function createLexicon(thesaurus: Thesaurus): Lexicon {
  const terms: string[] = [];
  const facts: Term[] = [];
  const numbers = new Map<string, number>();
  const words = new Map<string, string>();
  const inProse = new Map<string, readonly number[]>();
  const inNames = new Map<string, readonly number[]>();

  const numberOf = (term: string): number => {
    const known = numbers.get(term);
    if (known !== undefined) return known;
    numbers.set(term, terms.length);
    facts.push({
      isPhrase: term.includes(' '),
      isFixed: thesaurus.isFixed(term),
      isStopWord: thesaurus.isStopWord(term),
      phrases: thesaurus.phrasesFrom(term),
    });
    return terms.push(term) - 1;
  };
  // Most words come again and again: each is taken apart once.
  const numbersOf = (run: string, isIdentifier: boolean): readonly number[] => {
    const known = isIdentifier ? inNames : inProse;
    let found = known.get(run);
    if (!found) {
      found = wordsOf(run, isIdentifier).map((word) => {
        const stem = stemOf(word);
        words.set(word, stem);
        return numberOf(stem);
      });
      known.set(run, found);
    }
    return found;
  };

  return {
    terms,
    words,
    isPhrase: (term) => facts[term]?.isPhrase === true && !facts[term].isFixed,
    isStopWord: (term) => facts[term]?.isStopWord === true,
    read(text, { isIdentifier, keepsStopWords }) {
      if (text === '') return [];
      const all: number[] = [];
      for (const run of runsOf(text)) for (const number of numbersOf(run, isIdentifier)) all.push(number);
      const found: number[] = [];
      let fixedUntil = 0;
      for (let at = 0; at < all.length; at++) {
        const number = all[at] ?? 0;
        const fact = facts[number];
        if (at >= fixedUntil && (keepsStopWords || !fact?.isStopWord)) found.push(number);
        for (const phrase of fact?.phrases ?? []) {
          if (!phrase.every((stem, step) => terms[all[at + step] ?? -1] === stem)) continue;
          const whole = numberOf(phrase.join(' '));
          if (facts[whole]?.isFixed) {
            found.pop();
            fixedUntil = at + phrase.length;
          }
          found.push(whole);
          break;
        }
      }
      return found;
    },
  };
}
