import { termsIn } from './lex.ts';

/** As Anserini has them (Lin et al.), which are those of most published runs. */
export interface FeedbackSettings {
  /** Of how many of the best chunks words are taken. */
  chunks: number;
  /** How many words. */
  terms: number;
  /** The part of the query itself in the new one. */
  original: number;
}

export const defaultFeedback: FeedbackSettings = { chunks: 10, terms: 10, original: 0.6 };
/** A word that stands in more of the chunks tells none apart. */
export const mostCommon = 0.1;
/** Words beyond those wanted, since some turn out to be too common. */
const spare = 3;

/**
 * The words that the best chunks for a query share, as a relevance model has them (RM3; Lavrenko and Croft 2001,
 * Abdul-Jaleel et al. 2004): probability of a term = sum over the chunks of (their part of the score) * count / length.
 */
export function feedbackTerms(
  best: readonly { score: number; lexemes: string }[],
  { terms }: FeedbackSettings,
): [term: string, probability: number][] {
  const sum = best.reduce((all, { score }) => all + score, 0);
  const model = new Map<string, number>();
  for (const { score, lexemes } of best) {
    const counted = termsIn(lexemes);
    const length = counted.reduce((all, [, count]) => all + count, 0);
    for (const [term, count] of counted)
      if (isWord(term)) model.set(term, (model.get(term) ?? 0) + (score / sum) * (count / length));
  }
  return [...model].sort(([a, p], [b, q]) => q - p || (a < b ? -1 : 1)).slice(0, terms * spare);
}

const isWord = (term: string): boolean => term.length > 1 && /^\p{L}/u.test(term);
