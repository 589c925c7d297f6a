import type { Db } from '../../../platform/db/types.ts';
import type { Language } from '../types.ts';
import type { Stem } from './lex.ts';
import { lexize } from './store.ts';

/** Some megabytes for each language; the words of a team's documents are mostly the same ones. */
const mostWords = 100_000;

/** Those that have a dictionary; in `simple` words stand as they are. */
const languages: readonly Language[] = ['english', 'german', 'french', 'spanish'];

export type StemByLanguage = Readonly<Record<Language, Stem>>;

/** Lexemes by the dictionaries of Postgres, asked once for each word: they depend on nobody's documents. */
export function createStems() {
  const known = new Map<Language, Map<string, string>>();
  const wordsOf = (language: Language) => {
    const kept = known.get(language);
    const stemOf = kept && kept.size <= mostWords ? kept : new Map<string, string>();
    known.set(language, stemOf);
    return stemOf;
  };

  /** What these words are in some languages, by one statement for those that were not met before. */
  async function stemsIn(db: Db, wanted: readonly Language[], words: ReadonlySet<string>): Promise<StemByLanguage> {
    const maps = new Map(wanted.map((language) => [language, wordsOf(language)]));
    const missing = [...maps].flatMap(([language, stemOf]) =>
      [...words].flatMap((word) => (stemOf.has(word) ? [] : [{ language, word }])),
    );
    if (missing.length > 0) {
      const lexemes = await lexize(db, missing);
      for (const [at, { language, word }] of missing.entries()) maps.get(language)?.set(word, lexemes[at] ?? word);
    }
    const stem = (language: Language): Stem => {
      const stemOf = maps.get(language);
      return stemOf ? (word) => stemOf.get(word) ?? word : (word) => word;
    };
    return Object.fromEntries(
      [...languages, 'simple' as const].map((language) => [language, stem(language)]),
    ) as StemByLanguage;
  }

  return {
    /** For words of texts in this language. */
    of: async (db: Db, language: Language, words: ReadonlySet<string>): Promise<Stem> =>
      language === 'simple' ? (word) => word : (await stemsIn(db, [language], words))[language],
    /** For words that may be of any language. */
    every: (db: Db, words: ReadonlySet<string>): Promise<StemByLanguage> => stemsIn(db, languages, words),
  };
}

export type Stems = ReturnType<typeof createStems>;
