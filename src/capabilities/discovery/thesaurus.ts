import { senses } from './senses.ts';
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
  isValueMarker(stem: string): boolean;
  /** Every word that it has an entry for, with its stem. */
  words: ReadonlyMap<string, string>;
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
  const meanings = readMeanings(termOf, (stem) => actions.has(stem));
  // A verb that only has a sense does what the first word of it does.
  const derived = new Map<string, Action>();
  for (const [term, [first]] of meanings) {
    const action = actions.get(first?.term ?? '');
    if (action && !actions.has(term) && first?.weight === meaningWeights.sense) derived.set(term, action);
  }
  const kin = Map.groupBy(meanings.keys(), rootOf);
  const particles = new Map<string, Set<string>>();
  for (const [verb = '', particle = ''] of entriesOf(separableVerbs).map((entry) => termOf(entry).split(' ')))
    particles.set(verb, (particles.get(verb) ?? new Set()).add(particle));
  const ambiguous = stemsOf(ambiguousVerbs);
  const stops = stemsOf(stopWords);
  const questions = stemsOf(questionWords);
  const markers = stemsOf(valueMarkers);
  for (const list of phrases.values()) list.sort((a, b) => b.length - a.length);

  const fixed = new Set(entriesOf(fixedPhrases).map(termOf));
  const stems = new Set(words.values());

  return {
    words,
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
    isValueMarker: (stem) => markers.has(stem),
  };
}

function readMeanings(termOf: (entry: string) => string, isVerb: (stem: string) => boolean): Map<string, Meaning[]> {
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
  for (const entry of senses.trim().split('\n')) {
    const [word = '', others = ''] = entry.split(':');
    const from = termOf(word);
    for (const other of entriesOf(others)) {
      const [verb = '', ...objects] = other.split(' ');
      if (objects.length === 0 || !isVerb(stemOf(verb))) mean(from, termOf(other), meaningWeights.sense);
      else {
        // `create release` is no phrase, or `create` would be lost wherever the two meet.
        mean(from, termOf(objects.join(' ')), meaningWeights.sense);
        mean(from, termOf(verb), meaningWeights.sense * meaningWeights.implied);
      }
    }
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
