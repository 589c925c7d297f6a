import type { Mood } from './mood.ts';
import type { Meaning, Thesaurus } from './thesaurus.ts';
import type { Token } from './tokens.ts';
import type { Unit } from './units.ts';
import { meaningWeights, placeWeights } from './weights.ts';
import { isPlural, stemOf, wordSet } from './words.ts';

/** What a query asks for by how it is put, rather than by a word. */
export interface Aside {
  weight: number;
  terms: readonly Meaning[];
  /** It counts even for a tool that nothing else speaks for. */
  isAlone: boolean;
}

const ownTerms = best('authenticated current me own whoami');
const rightsTerms = best('permission access collaborator restriction protection role allowed');
const personTerms = best('user username member collaborator assignee person people');
const modals = wordSet('may must allowed permitted let can should able');
const speakers = wordSet('i we you me us');
const noSubjects = wordSet('i we you that it');
const selfWords = wordSet('my mine me myself');
const beforeSelf = wordSet('am do have did was can');

/** Something plural asks for a list, `may Ann merge` for rights, a name for tools that take a person, `my` for one's own. */
export function asidesOf(tokens: readonly Token[], units: readonly Unit[], mood: Mood, thesaurus: Thesaurus): Aside[] {
  const asides: Aside[] = [];
  const add = (weight: number, terms: readonly Meaning[], isAlone = false) => asides.push({ weight, terms, isAlone });
  if (mood.isNew) add(placeWeights.need, verbTerms('create', thesaurus));
  if (mood.action === 'read' && isPlural(units[mood.object]?.word ?? ''))
    add(placeWeights.plural, verbTerms('list', thesaurus));
  if (speaksOfRights(units)) add(placeWeights.rights, rightsTerms, true);
  if (tokens.some(({ isName }) => isName)) add(placeWeights.person, personTerms);
  if (speaksOfSelf(tokens)) add(placeWeights.self, ownTerms);
  return asides;
}

/** Whether it says or asks what somebody else may or must. */
function speaksOfRights(units: readonly Unit[]): boolean {
  return units.some(
    ({ word }, at) =>
      word.split(' ').some((part) => modals.has(part)) &&
      !speakers.has(units[at + 1]?.word ?? '') &&
      !noSubjects.has(units[at - 1]?.word ?? ''),
  );
}

function speaksOfSelf(tokens: readonly Token[]): boolean {
  return tokens.some(
    ({ word }, at) => selfWords.has(word) || (word === 'i' && beforeSelf.has(tokens[at - 1]?.word ?? '')),
  );
}

function verbTerms(verb: string, thesaurus: Thesaurus): Meaning[] {
  const term = stemOf(verb);
  return [{ term, weight: 1 }, ...thesaurus.meaningsOf(term)];
}

function best(words: string): Meaning[] {
  return words.split(' ').map((word) => ({ term: stemOf(word), weight: meaningWeights.best }));
}
