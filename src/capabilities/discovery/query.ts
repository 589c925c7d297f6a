import type { Reader } from './reader.ts';
import type { Meaning, Thesaurus } from './thesaurus.ts';
import { type Token, tokensOf } from './tokens.ts';
import type { Action } from './verbs.ts';
import { meaningWeights, placeWeights, rankWeights } from './weights.ts';
import { widen } from './widen.ts';
import { isPlural, stemOf } from './words.ts';

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

const ownTerms = ['authenticated', 'current', 'me', 'own', 'whoami'].map((word) => ({
  term: stemOf(word),
  weight: meaningWeights.best,
}));
const selfWords = new Set(['my', 'mine', 'me', 'myself']);
const beforeSelf = new Set(['am', 'do', 'have', 'did', 'was', 'can']);
const asksForOne = /\b(?:want|need)s? (?:a|an|another|some)\b/i;

/** What a query asks for. */
export function readQuery(query: string, reader: Reader): ReadQuery {
  const { inverted, thesaurus, isLive } = reader;
  const tokens = tokensOf(query, thesaurus);
  const stems = tokens.map(({ stem }) => stem);
  const concepts: Concept[] = [];
  const toolsets = new Set<string>();
  const used = new Set<number>();
  let action: Action | undefined;
  const object = objectOf(tokens, thesaurus);
  const add = (word: string, weight: number, terms: readonly Meaning[], { isObject = false, isAside = false } = {}) => {
    const live = terms.filter(({ term }) => isLive(term));
    if (live.length > 0) concepts.push({ word, weight, terms: live, isObject, isAside });
  };

  for (const [at, token] of tokens.entries()) {
    if (used.has(at)) continue;
    const places = phrasePlaces(stems, at, thesaurus);
    for (const place of places) used.add(place);
    const isObject = places.includes(object);
    const term = places.map((place) => stems[place]).join(' ');
    const isVerb = thesaurus.isVerb(term);
    if (!token.isValue && token.word !== '') action ??= thesaurus.actionOf(term, at === 0);
    if (places.length > 1) {
      const word = places.map((place) => tokens[place]?.word).join(' ');
      add(word, placeOf(token) * (isVerb ? placeWeights.verb : 1), phraseTerms(term, isVerb, thesaurus), { isObject });
      continue;
    }
    const isQuestion = thesaurus.isQuestionWord(term) && thesaurus.meaningsOf(term).length > 0;
    if (thesaurus.isStopWord(term) && !isQuestion) continue;
    const isToolset = inverted.toolsets.has(token.word);
    if (isToolset) toolsets.add(token.word);
    const kind = isToolset ? 'toolset' : isQuestion ? 'question' : isVerb ? 'verb' : undefined;
    add(token.word, placeOf(token) * (kind ? placeWeights[kind] : 1), widen(token, stems[at + 1], reader), {
      isObject,
    });
  }
  if (action === undefined && asksForOne.test(query)) {
    action = 'create';
    add('', placeWeights.need, phraseTerms(stemOf('create'), true, thesaurus), { isAside: true });
  }
  if ((action ?? 'read') === 'read' && isPlural(tokens[object]?.word ?? ''))
    add('', placeWeights.plural, phraseTerms(stemOf('list'), true, thesaurus), { isAside: true });
  if (speaksOfSelf(tokens)) add('', placeWeights.self, ownTerms, { isAside: true });
  // Nothing but stop words: then they are what is wanted.
  if (concepts.every(({ isAside }) => isAside))
    for (const { word, stem } of tokens) add(word, 1, [{ term: stem, weight: 1 }]);
  return { concepts: claimed(concepts), action: action ?? 'read', certainty: action ? 1 : rankWeights.guess, toolsets };
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

function speaksOfSelf(tokens: readonly Token[]): boolean {
  return tokens.some(
    ({ word }, at) => selfWords.has(word) || (word === 'i' && beforeSelf.has(tokens[at - 1]?.word ?? '')),
  );
}

function placeOf({ word, isValue }: Token): number {
  if (word === '') return placeWeights.hint;
  return isValue ? placeWeights.value : 1;
}

/** Where the words stand that belong to the one at `at`. */
function phrasePlaces(stems: readonly string[], at: number, thesaurus: Thesaurus): number[] {
  const phrase = thesaurus
    .phrasesFrom(stems[at] ?? '')
    .find((parts) => parts.every((part, step) => stems[at + step] === part));
  if (phrase) return phrase.map((_, step) => at + step);
  const particles = thesaurus.particlesOf(stems[at] ?? '');
  if (particles)
    for (let next = at + 2; next <= at + 6 && next < stems.length; next++)
      if (particles.has(stems[next] ?? '')) return [at, next];
  return [at];
}

/** A phrase, what else it means and, unless it is a verb like `get rid of`, its words. */
function phraseTerms(term: string, isVerb: boolean, thesaurus: Thesaurus): Meaning[] {
  const parts = isVerb ? [] : term.split(' ').filter((part) => !thesaurus.isStopWord(part));
  return [
    { term, weight: 1 },
    ...thesaurus.meaningsOf(term),
    ...parts.map((part) => ({ term: part, weight: meaningWeights.part })),
  ];
}

/** Where the verb's object stands: the last word before the next small one, since what describes it comes first. */
function objectOf(tokens: readonly Token[], thesaurus: Thesaurus): number {
  const isSmall = (at: number) => thesaurus.isStopWord(tokens[at]?.stem ?? '');
  const isVerb = ({ word, stem, isValue }: Token, at: number) =>
    word !== '' && !isValue && thesaurus.actionOf(stem, at === 0) !== undefined;
  let at = tokens.findIndex(isVerb) + 1;
  while (at < tokens.length && isSmall(at)) at++;
  while (tokens[at + 1]?.isValue === false && !isSmall(at + 1)) at++;
  return tokens[at]?.isValue === false ? at : -1;
}
