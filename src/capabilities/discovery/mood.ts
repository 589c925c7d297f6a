import type { Thesaurus } from './thesaurus.ts';
import type { Unit } from './units.ts';
import { type Action, asksForOne, openers } from './verbs.ts';
import { rankWeights } from './weights.ts';
import { wordSet } from './words.ts';

/** How a query is put. Places are those of its units; -1 where nothing stands. */
export interface Mood {
  action: Action;
  /** How sure the action is, up to 1. */
  certainty: number;
  /** The verb that says what is wanted. */
  verb: number;
  /** What the verb is about: the last word before the next small one, since what describes it comes first. */
  object: number;
  /** `I need a …`, which asks for something new without a verb. */
  isNew: boolean;
}

const participle = /(?:ed|en|wn)$/;
const isRaw = wordSet('open need feed embed speed'); // what only looks like one
// Before these words `deleted` is what is to happen; anywhere else it says which things are meant.
const beforeParticiple = wordSet('be being get gets getting want wants have');
const beforeVerb = wordSet('to not and or must should shall i we you they then please');
const beforeNoun = wordSet('a an the this that these those my our your its of with for in on at by from about');

/** Tells an order from a question, and the verb of either from a word that only says which thing is meant. */
export function moodOf(query: string, units: readonly Unit[], thesaurus: Thesaurus): Mood {
  const wordAt = (at: number) => units[at]?.word ?? '';
  const found = (action: Action, verb: number): Mood => ({
    action,
    certainty: 1,
    verb,
    object: objectOf(units, verb, thesaurus),
    isNew: false,
  });
  if (openers.has(wordAt(0).split(' ')[0] ?? '')) return found('read', -1);
  for (const [at, { word, term, first }] of units.entries()) {
    if (first.isValue || word === '') continue;
    const action = thesaurus.actionOf(term, at === 0);
    if (!action) continue;
    const isResult = participle.test(word) && !isRaw.has(word);
    const isOrder = isResult
      ? beforeParticiple.has(wordAt(at - 1)) || beforeParticiple.has(wordAt(at - 2))
      : at === 0 || beforeVerb.has(wordAt(at - 1)) || (action !== 'read' && !beforeNoun.has(wordAt(at - 1)));
    if (isOrder) return found(action, at);
  }
  if (asksForOne.test(query)) return { ...found('create', -1), isNew: true };
  return { ...found('read', -1), certainty: rankWeights.guess };
}

function objectOf(units: readonly Unit[], verb: number, thesaurus: Thesaurus): number {
  const isSmall = (at: number) => thesaurus.isStopWord(units[at]?.term ?? '');
  let at = verb + 1;
  while (at < units.length && isSmall(at)) at++;
  while (units[at + 1]?.first.isValue === false && !isSmall(at + 1)) at++;
  if (units[at]?.first.isValue === false) return at;
  return units.findIndex(({ word }) => word === ''); // what a file name or an address hints at
}
