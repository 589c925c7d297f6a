import { idfOf } from '../lexical/bm25.ts';
import type { Stem } from '../lexical/lex.ts';
import type { Language } from '../types.ts';
import { contraryOf } from './contrary.ts';
import {
  comparedWords,
  type Evidence,
  joined,
  presence,
  type ReadEvidence,
  readEvidence,
  type Segment,
  stemsOf,
  wholeSegments,
} from './evidence.ts';
import { holds, type Literals, literalsOf, plainly } from './literals.ts';
import { datesOf, isAmong, type NumberFound, numbersOf, spellingsOf } from './numbers.ts';
import { clausesOf } from './polarity.ts';
import type { Sentence } from './sentences.ts';

export type Verdict =
  | {
      isSupported: true;
      /** Those of its citations that have any part in it. */
      citations: number[];
      share: number;
    }
  | { isSupported: false; reason: string; share?: number };

/**
 * How much of what a sentence says by its telling words must stand together in what it cites: chosen on one half of the
 * cases of the test, which prints what the check is worth on the other half.
 */
export const supportedFrom = 0.66;

/** The same for each of its clauses, so that nothing is added to a long sentence that is true otherwise. */
const clauseFrom = 0.45;
/** Words are weighed as if there were so many passages, however many there are: the share then means the same. */
const usualPassages = 6;
/** A word that the passages use everywhere still tells something. */
const leastWeight = 0.3;
/** Windows of each passage from which a sentence may draw. */
const mostWindows = 2;
/** A cited passage with less of the sentence than this has no part in it. */
const partFrom = 0.25;
/** Between statements that have numbers of their own. */
const clauseEnd = /[,;:]\s|\s(?:and|or|und|oder|et|ou|y|o)\s/iu;
/** Telling words on either side of a number that say of what it is, and how much of them must stand with it. */
const aroundNumber = 5;
const withNumber = 0.75;

/** Clauses are compared each with each. */
const longestSentence = 1_000;

interface Cited {
  number: number;
  read: ReadEvidence;
  /** Where the sentence comes from, title and headings first. */
  drawn: Segment[];
}

/**
 * Judges sentences by what they cite, by rule: what must stand there to the letter, what must not be turned around, and how
 * much of the rest is there at all.
 */
export function createCheck(passages: readonly Evidence[], stem: Stem, language: Language) {
  const read = passages.map((evidence) => readEvidence(evidence, stem));
  const weights = new Map<string, number>();
  const weightOf = (lexeme: string) => {
    const known = weights.get(lexeme);
    if (known !== undefined) return known;
    const count = read.filter(({ stems }) => stems.has(lexeme)).length;
    const weight = Math.max(leastWeight, idfOf(Math.min(count, usualPassages), usualPassages));
    weights.set(lexeme, weight);
    return weight;
  };
  const amountOf = (wanted: Iterable<string>, { stems }: Segment) => {
    let amount = 0;
    for (const each of wanted) amount += weightOf(each) * presence(each, stems);
    return amount;
  };
  const shareOf = (wanted: ReadonlySet<string>, segment: Segment) => {
    let all = 0;
    for (const each of wanted) all += weightOf(each);
    return all === 0 ? 0 : amountOf(wanted, segment) / all;
  };

  /** The windows of a passage that have most of what is wanted, each for what the others lack. */
  const drawnFrom = (wanted: ReadonlySet<string>, { windows, frame }: ReadEvidence): Segment[] => {
    const drawn: Segment[] = [];
    const missing = new Set([...wanted].filter((each) => !frame.stems.has(each)));
    while (drawn.length < mostWindows && missing.size > 0) {
      const amounts = windows.map((window) => amountOf(missing, window));
      const most = Math.max(0, ...amounts);
      const best = windows[amounts.indexOf(most)];
      if (!best || most === 0) break;
      drawn.push(best);
      for (const each of best.stems) missing.delete(each);
    }
    return [frame, ...(drawn.length > 0 ? drawn : windows.slice(0, 1))];
  };

  /** The first number, with its unit and what it is of, that does not stand so in what is cited. */
  const strangeNumber = (rest: string, cited: readonly Cited[]): NumberFound | undefined => {
    const source = joined(cited.flatMap(({ drawn }) => drawn)).text;
    const isNamed = (unit: string) => spellingsOf(unit).some((each) => holds(plainly(source), each));
    const segments = cited.flatMap((each) => [each.read.frame, ...wholeSegments(each.read)]);
    return numbersOf(rest).find((number) => {
      if (!isAmong(number, numbersOf(source), isNamed)) return true;
      const around = aroundOf(rest, number, stem);
      const amounts = segments.map((segment) => amountOf(around, segment));
      const having = amounts.filter((_, at) => isAmong(number, numbersOf(segments[at]?.text ?? ''), isNamed));
      return Math.max(0, ...having) < Math.max(0, ...amounts) * withNumber;
    });
  };

  return ({ text, isCode, citations }: Pick<Sentence, 'text' | 'isCode' | 'citations'>): Verdict => {
    if (citations.length === 0) return refused('It cites no passage.');
    const unknown = citations.filter((each) => each < 1 || each > read.length);
    if (unknown.length > 0) return refused(`It cites [${unknown.join('], [')}], which there is not.`);
    const named = citations.map((number) => ({ number, read: read[number - 1] as ReadEvidence }));
    if (isCode) return codeVerdict(text, named);
    if (text.length > longestSentence) return refused('It is too long to be checked.');
    const literals = literalsOf(text);
    const strange = strangeLiteral(literals, named.map((each) => each.read.plain).join('\n'), stem, language);
    if (strange !== undefined) return refused(`"${strange}" does not stand in what it cites.`);

    const wanted = stemsOf(text, stem);
    if (wanted.size === 0) return refused('It says nothing that could be compared.');
    const cited: Cited[] = named.map((each) => ({ ...each, drawn: drawnFrom(wanted, each.read) }));
    const drawn = joined(cited.flatMap((each) => each.drawn));
    const share = shareOf(wanted, drawn);
    const number = strangeNumber(literals.rest, cited);
    if (number) return refused(`It says ${number.text} where what it cites does not.`, share);
    const dates = datesOf(drawn.text);
    const date = datesOf(literals.rest).find((each) => !dates.includes(each));
    if (date !== undefined) return refused(`It says ${date} where what it cites does not.`, share);
    const segments = named.flatMap((each) => each.read.segments);
    const contrary = contraryOf(text, wanted, segments, { stem, weightOf });
    if (contrary !== undefined) return refused(contrary, share);
    if (share < supportedFrom) return refused('Too little of it stands in what it cites.', share);
    const clauses = clausesOf(text).map((each) => ({ said: each.text.trim(), stems: stemsOf(each.text, stem) }));
    const added = clauses.find(({ stems }) => stems.size > 1 && shareOf(stems, drawn) < clauseFrom);
    if (added) return refused(`Too little of "${added.said}" stands in what it cites.`, share);
    const parts = cited.filter((each) => shareOf(wanted, joined(each.drawn)) >= partFrom);
    return { isSupported: true, citations: parts.map((each) => each.number), share };
  };
}

/** The telling words of its clause, or, where that says nothing, those next to it. */
function aroundOf(text: string, { at }: NumberFound, stem: Stem): Set<string> {
  const before = text.slice(0, at);
  const after = text.slice(at);
  const [near = ''] = before.split(clauseEnd).slice(-1);
  const [next = ''] = after.split(clauseEnd);
  const clause = stemsOf(`${near} ${next}`, stem);
  if (clause.size > 1) return clause;
  return new Set([
    ...[...stemsOf(before, stem)].slice(-aroundNumber),
    ...[...stemsOf(after, stem)].slice(0, aroundNumber),
  ]);
}

function refused(reason: string, share?: number): Verdict {
  return { isSupported: false, reason, ...(share === undefined ? {} : { share }) };
}

function codeVerdict(text: string, cited: readonly Omit<Cited, 'drawn'>[]): Verdict {
  const lines = text
    .split('\n')
    .map(plainly)
    .filter((line) => /[\p{L}\p{N}]/u.test(line));
  const strange = lines.find((line) => !cited.some(({ read }) => holds(read.plain, line)));
  if (strange !== undefined || lines.length === 0)
    return refused(`The code "${strange ?? ''}" does not stand in what it cites.`);
  const parts = cited.filter(({ read }) => lines.some((line) => holds(read.plain, line)));
  return { isSupported: true, citations: parts.map(({ number }) => number), share: 1 };
}

/** What a sentence has to the letter and the passages have not. */
function strangeLiteral(
  { quoted, identifiers, names }: Literals,
  plain: string,
  stem: Stem,
  language: Language,
): string | undefined {
  const strange =
    quoted.find((quote) => !quote.split(/…|\.\.\./).every((part) => holds(plain, plainly(part)))) ??
    identifiers.find((each) => !spellings(each).some((spelling) => holds(plain, plainly(spelling))));
  // In German every noun looks like a name.
  if (strange !== undefined || language === 'german') return strange;
  const words = comparedWords([plain]);
  const stems = new Set([...words].map(stem));
  return names.find((name) => {
    const word = name.toLowerCase();
    return stem(word) !== '' && !words.has(word) && presence(stem(word), stems) === 0;
  });
}

/** An abbreviation may have its plural. */
function spellings(identifier: string): string[] {
  const isAbbreviation = /^\p{Lu}{2,}s?$/u.test(identifier);
  return isAbbreviation ? [identifier, identifier.replace(/s$/, ''), `${identifier}s`] : [identifier];
}
