import { type Spellings, spellingsOf } from './spelling.ts';
import { fixedPhrases, synonyms } from './synonyms.ts';
import {
  type Action,
  actionWords,
  ambiguousVerbs,
  questionWords,
  separableVerbs,
  stopWords,
  valueMarkers,
} from './verbs.ts';
import { senses } from './vocabulary/index.ts';
import { meaningWeights } from './weights.ts';
import { rootOf, stemOf, wordsOf } from './words.ts';

/** A term (a stem, or several with spaces between them) and how well it stands for what was meant. */
export interface Meaning {
  term: string;
  weight: number;
}

export interface Thesaurus {
  /** Other terms under which a query's term is looked up. */
  meaningsOf(term: string): readonly Meaning[];
  /** Known phrases that begin with a stem, the longest first. */
  phrasesFrom(stem: string): readonly (readonly string[])[];
  /** Second halves of a verb that may stand further on. */
  particlesOf(stem: string): ReadonlySet<string> | undefined;
  /** What a verb does; one that is as often a noun counts only at the beginning. */
  actionOf(term: string, isFirst: boolean): Action | undefined;
  isVerb(term: string): boolean;
  isStopWord(stem: string): boolean;
  isQuestionWord(stem: string): boolean;
  isValueMarker(word: string): boolean;
  /** Every word that it has an entry for. */
  spellings: Spellings;
  isKnown(stem: string): boolean;
  /** Whether the words of a phrase are not what they are elsewhere. */
  isFixed(term: string): boolean;
}

export function createThesaurus(): Thesaurus {
  const phrases = new Map<string, string[][]>();
  const words = new Map<string, string>();
  const termOf = (entry: string): string => {
    const parts = wordsOf(entry).map((word) => {
      const stem = stemOf(word);
      words.set(word, stem);
      return stem;
    });
    const [first = ''] = parts;
    if (parts.length > 1) phrases.set(first, [...(phrases.get(first) ?? []), parts]);
    return parts.join(' ');
  };

  const actions = new Map<string, Action>();
  for (const [action, verbs] of Object.entries(actionWords))
    for (const term of entriesOf(verbs).map(termOf)) if (!actions.has(term)) actions.set(term, action as Action);
  const meanings = readMeanings(termOf);
  // What only means verbs does what the first of them does, and what means a verb with its thing does that.
  const derived = new Map<string, Action>();
  for (const [term, list] of meanings) {
    const verb =
      list.find(({ weight }) => weight === impliedWeight) ??
      (list.every((each) => actions.has(each.term)) ? list[0] : undefined);
    const action = actions.get(verb?.term ?? '');
    if (action && !actions.has(term)) derived.set(term, action);
  }
  const kin = Map.groupBy(meanings.keys(), rootOf);
  const particles = new Map<string, Set<string>>();
  for (const [verb = '', particle = ''] of entriesOf(separableVerbs).map((entry) => termOf(entry).split(' ')))
    particles.set(verb, (particles.get(verb) ?? new Set()).add(particle));
  const ambiguous = stemsOf(ambiguousVerbs);
  const stops = stemsOf(stopWords);
  const questions = stemsOf(questionWords);
  const markers = new Set(entriesOf(valueMarkers));
  for (const list of phrases.values()) list.sort((a, b) => b.length - a.length);

  const fixed = new Set(entriesOf(fixedPhrases).map(termOf));
  const stems = new Set(words.values());

  return {
    spellings: spellingsOf(words),
    isKnown: (stem) => stems.has(stem),
    isFixed: (term) => fixed.has(term),
    meaningsOf(term) {
      const own = meanings.get(term);
      if (own) return own;
      return (kin.get(rootOf(term)) ?? []).flatMap((relative) =>
        (meanings.get(relative) ?? []).map((each) => ({ ...each, weight: each.weight * meaningWeights.kin })),
      );
    },
    phrasesFrom: (stem) => phrases.get(stem) ?? [],
    particlesOf: (stem) => particles.get(stem),
    actionOf: (term, isFirst) =>
      isFirst || !ambiguous.has(term) ? (actions.get(term) ?? derived.get(term)) : undefined,
    isVerb: (term) => actions.has(term),
    isStopWord: (stem) => stops.has(stem),
    isQuestionWord: (stem) => questions.has(stem),
    isValueMarker: (word) => markers.has(word),
  };
}

const impliedWeight = meaningWeights.sense * meaningWeights.implied;

function readMeanings(termOf: (entry: string) => string): Map<string, Meaning[]> {
  const weights = new Map<string, Map<string, number>>();
  const mean = (from: string, to: string, weight: number) => {
    if (from === to) return;
    const known = weights.get(from) ?? new Map<string, number>();
    known.set(to, Math.max(weight, known.get(to) ?? 0));
    weights.set(from, known);
  };
  for (const line of synonyms.trim().split('\n')) {
    const terms = entriesOf(line).map(termOf);
    for (const from of terms) for (const to of terms) mean(from, to, meaningWeights.synonym);
  }
  for (const { meant, deed, said } of senses)
    for (const from of said.map(termOf)) {
      mean(from, termOf(meant), meaningWeights.sense);
      if (deed) mean(from, termOf(deed), impliedWeight);
    }
  return new Map([...weights].map(([from, to]) => [from, [...to].map(([term, weight]) => ({ term, weight }))]));
}

function stemsOf(entries: string): Set<string> {
  return new Set(entriesOf(entries).map(stemOf));
}

function entriesOf(text: string): string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}
