import type { Db } from '../../../platform/db/types.ts';
import type { Language } from '../types.ts';
import type { Stem } from './lex.ts';
import { lexize } from './store.ts';

/** Some megabytes for each language; the words of a team's documents are mostly the same ones. */
const mostWords = 100_000;

/** Lexemes by the dictionaries of Postgres, asked once for each word. */
export function createStems() {
  const known = new Map<Language, Map<string, string>>();

  return async function stemsFor(db: Db, language: Language, words: Iterable<string>): Promise<Stem> {
    if (language === 'simple') return (word) => word;
    const kept = known.get(language);
    const stemOf = kept && kept.size <= mostWords ? kept : new Map<string, string>();
    known.set(language, stemOf);
    const missing = [...new Set(words)].filter((word) => !stemOf.has(word));
    if (missing.length > 0) {
      const lexemes = await lexize(db, language, missing);
      for (const [at, word] of missing.entries()) stemOf.set(word, lexemes[at] ?? word);
    }
    return (word) => stemOf.get(word) ?? word;
  };
}

export type Stems = ReturnType<typeof createStems>;
