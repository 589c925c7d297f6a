import { asidesOf } from './asides.ts';
import { moodOf } from './mood.ts';
import type { Reader } from './reader.ts';
import type { Meaning, Thesaurus } from './thesaurus.ts';
import { type Token, tokensOf } from './tokens.ts';
import { unitsOf } from './units.ts';
import type { Action } from './verbs.ts';
import { meaningWeights, placeWeights } from './weights.ts';
import { widen } from './widen.ts';

/** One thing that a query asks for, under all the terms by which a tool may say it. */
export interface Concept {
  /** As the query has it; empty for what only follows from it. */
  word: string;
  weight: number;
  terms: readonly Meaning[];
  /** What the verb of the query is about: the word that says most, however common. */
  isObject: boolean;
  /** It comes last, and counts only for a tool that something else speaks for. */
  isAside: boolean;
}

export interface ReadQuery {
  concepts: readonly Concept[];
  action: Action;
  /** How sure the action is, up to 1. */
  certainty: number;
  /** Those that the query names. */
  toolsets: ReadonlySet<string>;
}

/** What a query asks for. */
export function readQuery(query: string, reader: Reader): ReadQuery {
  const { inverted, thesaurus, view } = reader;
  const tokens = tokensOf(query, thesaurus);
  const units = unitsOf(tokens, thesaurus);
  const mood = moodOf(query, units, thesaurus);
  const concepts: Concept[] = [];
  const toolsets = new Set<string>();
  const add = (word: string, weight: number, terms: readonly Meaning[], { isObject = false, isAside = false } = {}) => {
    const live = terms.filter(({ term }) => view.isLive(term));
    if (live.length > 0) concepts.push({ word, weight, terms: live, isObject, isAside });
  };

  for (const [at, { word, term, first, next, isPhrase }] of units.entries()) {
    const isObject = at === mood.object;
    const isVerb = thesaurus.isVerb(term);
    if (isPhrase) {
      const isSmall = term.split(' ').every((part) => thesaurus.isStopWord(part));
      const place = isVerb ? placeWeights.verb : isSmall ? placeWeights.smallPhrase : 1;
      add(word, placeOf(first, isObject) * place, phraseTerms(term, isVerb, reader), { isObject });
      continue;
    }
    const isQuestion = thesaurus.isQuestionWord(term) && thesaurus.meaningsOf(term).length > 0;
    if (thesaurus.isStopWord(term) && !isQuestion) continue;
    const isToolset = inverted.toolsets.has(word);
    if (isToolset) toolsets.add(word);
    const kind = isToolset ? 'toolset' : isQuestion ? 'question' : isVerb ? 'verb' : undefined;
    const terms = widen(first, next, reader);
    const meant = isVerb && at !== mood.verb ? terms.map((each) => asState(each, term, thesaurus)) : terms;
    add(word, placeOf(first, isObject) * (kind ? placeWeights[kind] : 1), meant, { isObject });
  }
  for (const { weight, terms, isAlone } of asidesOf(tokens, units, mood, thesaurus))
    add('', weight, terms, { isAside: !isAlone });
  // Nothing but stop words: then they are what is wanted.
  if (concepts.every(({ isAside }) => isAside))
    for (const { word, stem } of tokens) add(word, 1, [{ term: stem, weight: 1 }]);
  return { concepts: claimed(concepts), action: mood.action, certainty: mood.certainty, toolsets };
}

/** A verb that is not the query's own says in which state a thing is: other verbs for it mean little. */
function asState(meaning: Meaning, own: string, thesaurus: Thesaurus): Meaning {
  const isOther = meaning.term !== own && thesaurus.isVerb(meaning.term);
  return isOther ? { term: meaning.term, weight: meaning.weight * meaningWeights.state } : meaning;
}

/** A term speaks for the word that means it most; what another word means by it as well is said already. */
function claimed(concepts: readonly Concept[]): Concept[] {
  const owners = new Map<string, { concept: Concept; weight: number }>();
  for (const concept of concepts)
    for (const { term, weight } of concept.terms)
      if (weight > (owners.get(term)?.weight ?? 0)) owners.set(term, { concept, weight });
  return concepts.map((concept) => ({
    ...concept,
    terms: concept.terms.map(({ term, weight }) => ({
      term,
      weight: owners.get(term)?.concept === concept ? weight : weight * meaningWeights.claimed,
    })),
  }));
}

function placeOf({ word, isValue }: Token, isObject: boolean): number {
  if (word === '') return isObject ? 1 : placeWeights.hint;
  return isValue ? placeWeights.value : 1;
}

/** A phrase, what else it means and, unless it is a verb like `get rid of`, its words: the more so if no tool has the phrase. */
function phraseTerms(term: string, isVerb: boolean, { thesaurus, view }: Reader): Meaning[] {
  const parts = isVerb ? [] : term.split(' ').filter((part) => !thesaurus.isStopWord(part));
  const weight = view.isLive(term) ? meaningWeights.part : meaningWeights.loosePart;
  return [{ term, weight: 1 }, ...thesaurus.meaningsOf(term), ...parts.map((part) => ({ term: part, weight }))];
}
