import type { Stem } from './lex.ts';
import { wordsOf } from './words.ts';

/** A word of a query, with what it is in each language of the collections that are searched. */
export interface QueryTerm {
  word: string;
  lexemes: string[];
  /** How often the query has it. */
  weight: number;
  /** Nothing has the word: its lexemes are those of words that look like it. */
  isNear?: boolean;
}

/** Two words that follow each other in the query, but for stop words. */
export interface QueryPair {
  first: QueryTerm;
  second: QueryTerm;
  isQuoted: boolean;
}

export interface Query {
  terms: QueryTerm[];
  pairs: QueryPair[];
}

const mostCharacters = 4_000;
/** More than anybody asks; what is pasted beyond that costs nothing. */
const mostTerms = 64;

/** The words of a query text, apart by what is in quotes and what is not. */
function passagesOf(text: string): { text: string; isQuoted: boolean }[] {
  return text
    .slice(0, mostCharacters)
    .split('"')
    .map((passage, at, all) => ({ text: passage, isQuoted: at % 2 === 1 && at < all.length - 1 }));
}

export function queryWords(text: string): string[] {
  return passagesOf(text).flatMap((passage) => wordsOf(passage.text).words.map(({ word }) => word));
}

export function parseQuery(text: string, stems: readonly Stem[]): Query {
  const terms = new Map<string, QueryTerm>();
  const pairs = new Map<string, QueryPair>();
  let before: QueryTerm | undefined;
  for (const passage of passagesOf(text)) {
    if (passage.isQuoted) before = undefined;
    for (const { word, isWhole } of wordsOf(passage.text).words) {
      const lexemes = [...new Set(stems.map((stem) => stem(word)))].filter((lexeme) => lexeme !== '');
      if (lexemes.length === 0) continue;
      const key = lexemes.join(' ');
      const term = terms.get(key) ?? { word, lexemes, weight: 0 };
      if (term.weight === 0 && terms.size >= mostTerms) continue;
      term.weight++;
      terms.set(key, term);
      if (isWhole) continue;
      if (before && before !== term) addPair(pairs, before, term, passage.isQuoted);
      before = term;
    }
    if (passage.isQuoted) before = undefined;
  }
  return { terms: [...terms.values()], pairs: [...pairs.values()] };
}

function addPair(pairs: Map<string, QueryPair>, first: QueryTerm, second: QueryTerm, isQuoted: boolean): void {
  const key = `${first.word} ${second.word}`;
  const known = pairs.get(key);
  pairs.set(key, { first, second, isQuoted: isQuoted || (known?.isQuoted ?? false) });
}
