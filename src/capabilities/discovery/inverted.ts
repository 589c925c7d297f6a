import { type FieldName, fieldNames, fieldsOf, isDeprecated, type SearchableTool } from './fields.ts';
import { createLexicon, type Lexicon } from './lexicon.ts';
import { type Spellings, spellingsOf } from './spelling.ts';
import type { Thesaurus } from './thesaurus.ts';
import type { Turns } from './turns.ts';
import type { Action } from './verbs.ts';
import { fieldWeights, rankWeights, saturation } from './weights.ts';
import { rootOf } from './words.ts';

/** Where a term stands. */
export interface Postings {
  /** Numbers of tools, ascending. */
  tools: Uint32Array;
  /** What the term is worth in each of them: BM25F, saturated, without its rarity. */
  impacts: Float32Array;
  /** 1 where it is part of the name or title. */
  heads: Uint8Array;
  rarity: number;
}

/** What does not change while a set of tools is searched. */
export interface Inverted {
  terms: ReadonlyMap<string, Postings>;
  /** Single-word terms by their root. */
  families: ReadonlyMap<string, readonly string[]>;
  /** Words as they are written. */
  spellings: Spellings;
  /** Single-word terms in alphabetical order. */
  sorted: readonly string[];
  tools: readonly Profile[];
  toolsets: ReadonlySet<string>;
}

export interface Profile {
  /** Stems of the name and title. */
  head: ReadonlySet<string>;
  /** Those that are no stop words. */
  headWords: readonly string[];
  /** What those weigh together, by rarity. */
  headMass: number;
  /** What the tool does, as far as its name says. */
  action: Action | undefined;
  isDeprecated: boolean;
}

type Document = Readonly<Record<FieldName, readonly number[]>>;

// Name, title and lead say the same thing: whoever says it three times is not three times as right.
const saidOnce: ReadonlySet<FieldName> = new Set(['name', 'title', 'lead']);

export function* invert(tools: readonly SearchableTool[], thesaurus: Thesaurus): Turns<Inverted> {
  const lexicon = createLexicon(thesaurus);
  const documents = yield* documentsOf(tools, lexicon);
  const postings = yield* postingsOf(documents, lexicon);
  const terms = new Map<string, Postings>();
  for (const [term, each] of postings.entries()) if (each) terms.set(lexicon.terms[term] ?? '', each);
  yield;
  const sorted = [...terms.keys()].filter((term) => !term.includes(' ')).sort();
  yield;
  const families = Map.groupBy(sorted, rootOf);
  const spellings = spellingsOf(lexicon.words);
  const profiles: Profile[] = [];
  for (const [at, tool] of tools.entries()) {
    yield;
    const { name = [], title = [] } = documents[at] ?? {};
    const head = new Set([...name, ...title].filter((term) => !lexicon.isPhrase(term)));
    const said = [...head].filter((term) => !lexicon.isStopWord(term));
    const wordOf = (term: number) => lexicon.terms[term] ?? '';
    profiles.push({
      head: new Set([...head].map(wordOf)),
      headWords: said.map(wordOf),
      headMass: said.reduce((sum, term) => sum + (postings[term]?.rarity ?? 0), 0),
      action: actionOf(title.map(wordOf), thesaurus) ?? actionOf(name.map(wordOf), thesaurus),
      isDeprecated: isDeprecated(tool),
    });
  }
  return {
    terms,
    spellings,
    sorted,
    families,
    toolsets: new Set(tools.map(({ toolset }) => toolset)),
    tools: profiles,
  };
}

function* documentsOf(tools: readonly SearchableTool[], lexicon: Lexicon): Turns<Document[]> {
  const prose = (text: string) => lexicon.read(text, { isIdentifier: false, keepsStopWords: false });
  const documents: Document[] = [];
  for (const fields of yield* fieldsOf(tools)) {
    documents.push({
      name: lexicon.read(fields.name, { isIdentifier: true, keepsStopWords: true }), // or `help` could not be found
      title: lexicon.read(fields.title, { isIdentifier: false, keepsStopWords: true }),
      lead: prose(fields.lead),
      body: prose(fields.body),
      parameters: lexicon.read(fields.parameters, { isIdentifier: true, keepsStopWords: false }),
      details: prose(fields.details),
      examples: prose(fields.examples),
      toolset: prose(fields.toolset),
    });
    yield;
  }
  return documents;
}

interface Collected {
  tools: number[];
  impacts: number[];
  heads: number[];
}

/** By the number of the term; none where it stands nowhere. */
function* postingsOf(documents: readonly Document[], { terms }: Lexicon): Turns<(Postings | undefined)[]> {
  const average = new Map(
    fieldNames.map((field) => {
      const sum = documents.reduce((all, document) => all + document[field].length, 0);
      return [field, sum / documents.length || 1];
    }),
  );
  const collected = terms.map((): Collected => ({ tools: [], impacts: [], heads: [] }));
  const frequencies = new Float64Array(terms.length);
  for (const [number, document] of documents.entries()) {
    yield;
    const touched: number[] = [];
    for (const field of fieldNames) {
      const { weight, b } = fieldWeights[field];
      const list = document[field];
      const each = weight / (1 - b + (b * list.length) / (average.get(field) ?? 1));
      const isSaidOnce = saidOnce.has(field);
      for (const term of list) {
        const before = frequencies[term] ?? 0;
        if (before === 0) touched.push(term);
        frequencies[term] = isSaidOnce ? Math.max(before, each) : before + each;
      }
    }
    const head = new Set([...document.name, ...document.title]);
    for (const term of touched) {
      const frequency = frequencies[term] ?? 0;
      frequencies[term] = 0;
      const list = collected[term];
      list?.tools.push(number);
      list?.impacts.push(((saturation + 1) * frequency) / (saturation + frequency));
      list?.heads.push(head.has(term) ? 1 : 0);
    }
  }
  const postings: (Postings | undefined)[] = [];
  for (const { tools, impacts, heads } of collected) {
    postings.push(tools.length === 0 ? undefined : packed({ tools, impacts, heads }, documents.length));
    yield;
  }
  return postings;
}

function packed({ tools, impacts, heads }: Collected, count: number): Postings {
  return {
    tools: Uint32Array.from(tools),
    impacts: Float32Array.from(impacts),
    heads: Uint8Array.from(heads),
    rarity: rarityAmong(count, tools.length),
  };
}

/** What it says of a tool to have a term that `having` of `count` tools have. */
export function rarityAmong(count: number, having: number): number {
  return Math.log(1 + (count - having + 0.5) / (having + 0.5)) ** rankWeights.rarity;
}

/** A name says what the tool does by its first verb. */
function actionOf(head: readonly string[], thesaurus: Thesaurus): Action | undefined {
  for (const [at, term] of head.entries()) {
    const action = thesaurus.actionOf(term, at === 0);
    if (action) return action;
  }
  return undefined;
}
