import type { Stem } from '../lexical/lex.ts';
import { wordsOf } from '../lexical/words.ts';
import { plainly } from './literals.ts';
import { isNumber } from './numbers.ts';
import { isDenial } from './polarity.ts';
import { blocksOf, splitSentences } from './sentences.ts';

/** What a sentence is held against. */
export interface Evidence {
  title: string;
  headings: readonly string[];
  text: string;
}

export interface Segment {
  text: string;
  stems: ReadonlySet<string>;
}

/** A passage as the check looks at it. */
export interface ReadEvidence {
  /** All of it, to the letter. */
  plain: string;
  /** Title and headings. */
  frame: Segment;
  /** Sentences, items, rows and lines of code. */
  segments: Segment[];
  /** Some segments that follow each other, one window beginning at each. */
  windows: Segment[];
  /** Of all of it. */
  stems: ReadonlySet<string>;
}

const windowSize = 3;
/** Of a word that is part of a longer one, as compounds and derivations are. */
const partlyThere = 0.8;
const shortestPart = 5;

/** What says how and not what, and is no stop word everywhere. */
const light = new Set(
  (
    'must may might shall need needs could would also thus therefore hence happens ' +
    'muss müssen soll sollen kann können darf dürfen sowie dabei daher ' +
    'faut doit doivent peut peuvent aussi ainsi donc debe deben puede pueden hay también'
  ).split(' '),
);
/** A sentence that begins with one of these speaks of what the one before named. */
const anaphor =
  /^[^\p{L}]*(it|its|this|that|these|those|they|he|she|es|er|sie|dies|diese|dieser|dieses|das|il|elle|ils|elles|ce|cela|cette|ces|este|esta|esto|estos|ese|eso|ello)(?!\p{L})/iu;

export function readEvidence({ title, headings, text }: Evidence, stem: Stem): ReadEvidence {
  const frame = segmentOf([title, ...headings].join('\n'), stem);
  const segments = blocksOf(text).flatMap(({ text: said, kind }) =>
    (kind === 'code' ? said.split('\n') : splitSentences(said)).map((each) => segmentOf(each, stem)),
  );
  return {
    ...{ frame, segments },
    windows: segments.map((_, at) => joined(segments.slice(at, at + windowSize))),
    plain: plainly(`${frame.text}\n${text}`),
    stems: joined([frame, ...segments]).stems,
  };
}

/** Each segment with the one before it where it would not say of what it speaks. */
export function wholeSegments({ segments }: ReadEvidence): Segment[] {
  return segments.map((segment, at) => {
    const before = segments[at - 1];
    return before && anaphor.test(segment.text) ? joined([before, segment]) : segment;
  });
}

export function joined(segments: readonly Segment[]): Segment {
  return {
    text: segments.map(({ text }) => text).join('\n'),
    stems: new Set(segments.flatMap(({ stems }) => [...stems])),
  };
}

function segmentOf(text: string, stem: Stem): Segment {
  return { text, stems: stemsOf(text, stem) };
}

/** Lexemes of the words that tell something; numbers are compared by what they mean. */
export function stemsOf(text: string, stem: Stem): Set<string> {
  const words = wordsOf(text).words.filter(
    ({ word, isWhole }) => !isWhole && !isDenial(word) && !light.has(word) && !isNumber(word),
  );
  return new Set(words.map(({ word }) => stem(word)).filter((lexeme) => lexeme !== ''));
}

/** 1 where it is, somewhat less where it is a part of a longer word or has one as its part, 0 where it is not. */
export function presence(lexeme: string, stems: ReadonlySet<string>): number {
  if (stems.has(lexeme)) return 1;
  if (lexeme.length < shortestPart) return 0;
  for (const each of stems) {
    if (each.length < shortestPart) continue;
    const [short, long] = each.length < lexeme.length ? [each, lexeme] : [lexeme, each];
    if (long.startsWith(short) || long.endsWith(short)) return partlyThere;
  }
  return 0;
}

/** Every word by which the check compares, for a stemmer that has to know them before. */
export function comparedWords(texts: Iterable<string>): Set<string> {
  const words = new Set<string>();
  for (const text of texts) for (const { word } of wordsOf(text).words) words.add(word);
  return words;
}
