import type { Answer, Found } from '../../query/query.ts';
import { type EvaluationQuestion, wantsNothing } from './questions.ts';

/** What came of one question. */
export interface Judgement {
  /** Position of the passage by which it is answered, from 1; absent where it did not come or nothing was wanted. */
  rank?: number;
  /** An answer came and was told to be one, or nothing was wanted and it was told that nothing fits. */
  right: boolean;
}

/** Holds what came against what was wanted. */
export function judge(question: EvaluationQuestion, { answerable, passages }: Answer): Judgement {
  if (wantsNothing(question)) return { right: !answerable };
  const rank = rankOf(question, passages);
  return { right: answerable && rank !== undefined, ...(rank === undefined ? {} : { rank }) };
}

/** Of several that are all wanted, the position of the last one. */
function rankOf({ expect, every, phrase = [] }: EvaluationQuestion, passages: readonly Found[]): number | undefined {
  const fits = (passage: Found, names: readonly string[] | undefined) =>
    (names?.some((name) => isDocument(passage, name)) ?? true) && phrase.every((words) => holds(passage, words));
  const first = (names: readonly string[] | undefined) => passages.findIndex((passage) => fits(passage, names)) + 1;
  const ranks = every && expect ? expect.map((name) => first([name])) : [first(expect)];
  return ranks.includes(0) ? undefined : Math.max(...ranks);
}

/** By address, `collection/address`, or title. */
export function isDocument(
  { uri, url, title, collection }: Pick<Found, 'uri' | 'url' | 'title' | 'collection'>,
  name: string,
): boolean {
  return [uri, url, `${collection}/${uri}`].includes(name) || plain(title) === plain(name);
}

function holds({ text, headings, title }: Found, words: string): boolean {
  return plain([title, ...headings, text].join('\n')).includes(plain(words));
}

const plain = (text: string) => text.normalize('NFKC').toLowerCase().replace(/\s+/g, ' ').trim();

/** What counts towards the figures. */
export interface Counted extends Judgement {
  answerable: boolean;
  /** Whether there is an answer to be found. */
  wanted: boolean;
}

export interface Figures {
  questions: number;
  right: number;
  /** Of questions that have an answer, how many have it as the first passage, among five, among all that came. */
  hitRateAt1: number | null;
  hitRateAt5: number | null;
  hitRate: number | null;
  /** Mean of one by the rank. */
  mrr: number | null;
  /** Of questions that were told to have no answer, how many have none; and the other way round. */
  abstentionPrecision: number | null;
  abstentionRecall: number | null;
}

/** A figure is null where there is nothing to count. */
export function figuresOf(counted: readonly Counted[]): Figures {
  const wanted = counted.filter((one) => one.wanted);
  const abstained = counted.filter((one) => !one.answerable);
  const rightlySo = abstained.filter((one) => !one.wanted).length;
  const within = (most: number) => share(wanted.filter(({ rank = Infinity }) => rank <= most).length, wanted.length);
  const reciprocal = wanted.reduce((sum, { rank }) => sum + (rank === undefined ? 0 : 1 / rank), 0);
  return {
    questions: counted.length,
    right: counted.filter((one) => one.right).length,
    hitRateAt1: within(1),
    hitRateAt5: within(5),
    hitRate: within(Number.MAX_SAFE_INTEGER),
    mrr: share(reciprocal, wanted.length),
    abstentionPrecision: share(rightlySo, abstained.length),
    abstentionRecall: share(rightlySo, counted.length - wanted.length),
  };
}

const share = (part: number, of: number) => (of === 0 ? null : Math.round((part / of) * 10_000) / 10_000);
