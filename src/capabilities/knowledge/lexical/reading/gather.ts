import type { Db } from '../../../../platform/db/types.ts';
import type { Language } from '../../types.ts';
import type { Totals } from '../bm25.ts';
import { isNear, leastSimilar, nearWeight, shortestNear } from '../near.ts';
import type { TermPostings } from '../postings.ts';
import type { Query, QueryTerm } from '../query.ts';
import { readSealedMatter, type SealedScope } from '../sealed.ts';
import type { StemByLanguage } from '../stems.ts';
import { type Matter, readSimilarTerms } from './store.ts';
import { Torn } from './torn.ts';

/** What a search is computed from. */
export interface Gathered {
  totals: Totals;
  query: Query;
  postings: ReadonlyMap<string, TermPostings>;
}

/** Of a question with more words it is found out first in which languages they are looked for. */
const mostGuessed = 64;

/**
 * Totals and postings of one moment; undefined where there is nothing to be searched. Which languages there are says what the
 * words are looked for as, so they are read in all of them together with the totals: one statement instead of two.
 *
 * @param parse makes the query of the words in these languages
 * @throws Torn when it changes under this
 */
export async function gatherMatter(
  db: Db,
  scope: SealedScope,
  words: readonly string[],
  stems: StemByLanguage,
  parse: (languages: readonly Language[]) => Query,
): Promise<Gathered | undefined> {
  const distinct = new Set(words);
  let read = distinct.size > mostGuessed ? new Set<string>() : everyLexeme(distinct, stems);
  let matter = await readSealedMatter(db, scope, [...read]);
  if (matter.totals.length === 0) return undefined;
  const query = parse(matter.totals.map(({ language }) => language));

  const lack = async (wanted: readonly string[]) => {
    if (wanted.every((lexeme) => read.has(lexeme))) return;
    read = new Set([...lexemesOf(query.terms), ...wanted]);
    const before = matter;
    matter = await readSealedMatter(db, scope, [...read]);
    if (languagesOf(matter) !== languagesOf(before)) throw new Torn();
  };
  await lack(lexemesOf(query.terms));

  const { postings } = matter;
  const missing = query.terms.filter((term) => isMissing(term, postings));
  const instead = await similarTo(db, scope, missing);
  await lack([...instead.values()].flat());
  for (const [term, similar] of instead) {
    if (!isMissing(term, matter.postings)) throw new Torn();
    term.lexemes = similar;
    term.weight *= nearWeight;
    term.isNear = true;
  }
  const sum = (of: (one: Matter['totals'][number]) => number) => matter.totals.reduce((all, one) => all + of(one), 0);
  const totals = { chunks: sum(({ chunks }) => chunks), bodyLength: sum(({ bodyLength }) => bodyLength) };
  return { totals, query, postings: matter.postings };
}

/** Words that nothing has stand for those that look like them. */
async function similarTo(db: Db, scope: SealedScope, missing: readonly QueryTerm[]): Promise<Map<QueryTerm, string[]>> {
  // `A-103` is no slip of `A-102`.
  const long = missing.filter(({ word }) => word.length >= shortestNear && !/\p{N}/u.test(word));
  if (long.length === 0) return new Map();
  const similar = await readSimilarTerms(db, scope, lexemesOf(long), leastSimilar);
  const near = similar.filter(({ word, term }) => isNear(word, term));
  return new Map(
    long.flatMap((term): [QueryTerm, string[]][] => {
      const instead = near.filter(({ word }) => term.lexemes.includes(word)).map((one) => one.term);
      return instead.length === 0 ? [] : [[term, [...new Set(instead)]]];
    }),
  );
}

export const lexemesOf = (terms: readonly QueryTerm[]): string[] => [
  ...new Set(terms.flatMap(({ lexemes }) => lexemes)),
];

const isMissing = (term: QueryTerm, postings: Matter['postings']): boolean =>
  !term.lexemes.some((one) => postings.has(one));

const languagesOf = ({ totals }: Matter): string => totals.map(({ language }) => language).join(' ');

function everyLexeme(words: ReadonlySet<string>, stems: StemByLanguage): Set<string> {
  const found = new Set<string>();
  for (const stem of Object.values(stems)) for (const word of words) found.add(stem(word));
  found.delete('');
  return found;
}
