import type { SearchSettings } from '../../../config/schema.ts';
import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';
import { listCollections } from '../collections/store.ts';
import { type Passage, readDocument, readPassages, readStretch } from '../documents/store.ts';
import { UnknownCollection, UnknownPassage } from '../errors.ts';
import { defaultFeedback, type Filters, type Lexical } from '../lexical/index.ts';
import { spread } from './diversity.ts';
import { answerableFrom } from './limits.ts';
import { within } from './passages.ts';

/** Who asks: the organisation, and everything by which rights are given. */
export interface Asker {
  org: OrgId;
  subjects: readonly string[];
}

export interface Question {
  query: string;
  /** Names; all that the asker may read when absent. */
  collections?: readonly string[];
  limit: number;
  maxTokens: number;
  filters?: Filters;
}

export interface Found extends Passage {
  score: number;
  confidence: number;
  matched: string[];
}

export interface Answer {
  answerable: boolean;
  /** Of the best passage, from 0 to 1. */
  confidence: number;
  passages: Found[];
}

/** So many candidates for each passage that is wanted, of which some say the same as others. */
const candidatesEach = 5;

export interface QueryDeps {
  db: Db;
  lexical: Lexical;
  /** As they are now. */
  search(): SearchSettings;
}

export function createQueries({ db, lexical, search: settingsNow }: QueryDeps) {
  /** @throws UnknownCollection for a name that there is not, or not for this asker */
  const collectionsOf = async ({ org, subjects }: Asker, names: readonly string[] | undefined) => {
    const readable = await listCollections(db, org, subjects);
    if (!names) return readable.map(({ id }) => id);
    return names.map((name) => {
      const one = readable.find((each) => each.name === name);
      if (!one) throw UnknownCollection({ name: name.slice(0, 100), known: readable.map((each) => each.name) });
      return one.id;
    });
  };

  const passageOf = async ({ org, subjects }: Asker, id: number): Promise<Passage> => {
    const [passage] = await readPassages(db, org, subjects, [id]);
    if (!passage) throw UnknownPassage({ id });
    return passage;
  };

  const search = async (asker: Asker, question: Question): Promise<Found[]> => {
    const collections = await collectionsOf(asker, question.collections);
    if (collections.length === 0) return [];
    const settings = settingsNow();
    const hits = await lexical.search(db, asker.org, {
      settings,
      ...(settings.feedback ? { feedback: defaultFeedback } : {}),
      collections,
      subjects: asker.subjects,
      query: question.query,
      limit: question.limit * candidatesEach,
      ...(question.filters ? { filters: question.filters } : {}),
    });
    const passages = new Map(
      (
        await readPassages(
          db,
          asker.org,
          asker.subjects,
          hits.map(({ chunkId }) => chunkId),
        )
      ).map((one) => [one.id, one]),
    );
    return hits.flatMap(({ chunkId, score, share: confidence, matched }) => {
      const passage = passages.get(chunkId);
      return passage ? [{ ...passage, score, confidence, matched }] : [];
    });
  };

  return {
    async query(asker: Asker, question: Question): Promise<Answer> {
      const found = await search(asker, question);
      const confidence = Math.max(0, ...found.slice(0, question.limit).map((one) => one.confidence));
      const passages = within(spread(found, question.limit), question.maxTokens);
      return { answerable: confidence >= answerableFrom, confidence, passages };
    },

    /** A whole document, as far as it goes into the budget. */
    async document({ org, subjects }: Asker, collection: string, id: number, maxTokens: number): Promise<Passage[]> {
      return page(await readDocument(db, org, subjects, collection, id, pageChunks), maxTokens).passages;
    },

    /** Passages of other documents that speak of the same. */
    async related(asker: Asker, id: number, limit: number): Promise<Found[]> {
      const passage = await passageOf(asker, id);
      const query = [passage.title, ...passage.headings, passage.text].join('\n').slice(0, 4_000);
      const found = await search(asker, { query, limit: limit + 1, maxTokens: Number.POSITIVE_INFINITY });
      return spread(
        found.filter(({ document }) => document !== passage.document),
        limit,
      );
    },

    /** The passages before and after, its section, or the document from some ordinal on; in order. */
    async around(
      asker: Asker,
      id: number,
      extent: 'neighbours' | 'section' | 'document',
      { from = 0, maxTokens }: { from?: number; maxTokens: number },
    ): Promise<{ passages: Passage[]; next?: number }> {
      const passage = await passageOf(asker, id);
      const { document, ordinal } = passage;
      const stretch = (start: number, end: number) => readStretch(db, asker.org, asker.subjects, document, start, end);
      if (extent === 'neighbours') return { passages: await stretch(ordinal - 1, ordinal + 1) };
      // Of a long document no more than can be told.
      if (extent === 'document') return page(await stretch(from, from + pageChunks), maxTokens);
      const all = await stretch(Math.max(0, ordinal - pageChunks), ordinal + pageChunks);
      return { passages: page(sectionOf(all, passage), maxTokens).passages };
    },
  };
}

const pageChunks = 400;

/** As many from the beginning as fit, and where the next begins. */
function page(passages: Passage[], maxTokens: number): { passages: Passage[]; next?: number } {
  let left = maxTokens;
  const count = passages.findIndex(({ tokens }, at) => {
    left -= tokens;
    return at > 0 && left < 0;
  });
  const kept = count < 0 ? passages : passages.slice(0, count);
  const last = kept.at(-1);
  return { passages: kept, ...(last && last.ordinal + 1 < last.of ? { next: last.ordinal + 1 } : {}) };
}

/** The unbroken run of passages around one that stand under the same headings or deeper ones. */
function sectionOf(passages: readonly Passage[], one: Passage): Passage[] {
  const isWithin = ({ headings }: Passage) => one.headings.every((heading, at) => headings[at] === heading);
  const at = passages.findIndex(({ id }) => id === one.id);
  let start = at;
  while (start > 0 && isWithin(passages[start - 1] as Passage)) start -= 1;
  let end = at;
  while (end < passages.length - 1 && isWithin(passages[end + 1] as Passage)) end += 1;
  return passages.slice(start, end + 1);
}
