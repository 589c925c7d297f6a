import type { Language } from '../types.ts';
import type { Counts } from './postings.ts';
import { type Word, wordsOf } from './words.ts';

/** A chunk as it is indexed. */
export interface LexicalEntry {
  chunkId: number;
  documentId: number;
  audience: number;
  language: Language;
  title: string;
  headings: readonly string[];
  text: string;
}

/** What the index keeps of an entry. */
export interface Lexed {
  entry: LexicalEntry;
  counts: Map<string, Counts>;
  /** In words that are not stop words. */
  bodyLength: number;
  /**
   * A line for each term with its places, in their order: what a tsvector has, but Postgres gives a part of a text without
   * taking all of it apart.
   */
  lexemes: string;
}

/** Gives a word its lexeme; empty for a stop word. */
export type Stem = (word: string) => string;

type Field = keyof Counts;
const fields: readonly Field[] = ['title', 'headings', 'body'];
/** Between fields, so that the end of one and the begin of the next are no phrase. */
const gap = 16;
const mostBytes = 512 * 1024;

export type EntryWords = Record<Field, { words: Word[]; length: number }>;

export function wordsOfEntry({ title, headings, text }: LexicalEntry): EntryWords {
  return { title: wordsOf(title), headings: wordsOf(headings.join(' / ')), body: wordsOf(text) };
}

/** What is beyond the size of any sensible chunk is left out of the index. */
export function lexEntry(entry: LexicalEntry, words: EntryWords, stem: Stem): Lexed {
  const counts = new Map<string, Counts>();
  const places = new Map<string, string[]>();
  let bodyLength = 0;
  let bytes = 0;
  let start = 0;
  for (const field of fields) {
    for (const { word, at, isWhole } of words[field].words) {
      const term = stem(word);
      if (term === '' || bytes > mostBytes) continue;
      const place = `${start + at}`;
      bytes += place.length + 1;
      const known = counts.get(term);
      if (!known) bytes += Buffer.byteLength(term) + 2;
      const count = known ?? { title: 0, headings: 0, body: 0 };
      count[field]++;
      counts.set(term, count);
      const placesOfTerm = places.get(term);
      if (placesOfTerm) placesOfTerm.push(place);
      else places.set(term, [place]);
      if (field === 'body' && !isWhole) bodyLength++;
    }
    start += words[field].length + gap;
  }
  const lexemes = `${[...places].map(([term, at]) => `\n${term} ${at.join(',')}`).join('')}\n`;
  return { entry, counts, bodyLength, lexemes };
}

/** Where a term stands, by the lexemes of a chunk; nothing where it does not. */
export function placesIn(lexemes: string, term: string): number[] | undefined {
  const before = `\n${term} `;
  const found = lexemes.indexOf(before);
  if (found < 0) return undefined;
  const start = found + before.length;
  return lexemes
    .slice(start, lexemes.indexOf('\n', start))
    .split(',')
    .map((place) => Number.parseInt(place, 10));
}

/** Every term with the number of its places. */
export function termsIn(lexemes: string): [term: string, count: number][] {
  return lexemes
    .trim()
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [term = '', places = ''] = line.split(' ');
      return [term, places.split(',').length];
    });
}
