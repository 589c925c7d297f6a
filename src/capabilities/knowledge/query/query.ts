import { type Reach, readReach } from '../collections/store.ts';
import type { Passage } from '../documents/store.ts';
import { UnknownCollection, UnknownPassage } from '../errors.ts';
import type { Filters } from '../lexical/index.ts';
import { passageReading } from '../sealing/index.ts';
import type { Asker } from './asker.ts';
import { createGathering, type Found } from './gathering.ts';
import { within } from './passages.ts';
import { type Ask, createRanking, type RankingDeps } from './ranking.ts';

export type { Asker } from './asker.ts';
export type { Found } from './gathering.ts';

export interface Question {
  query: string;
  /** Names; all that the asker may read when absent. */
  collections?: readonly string[];
  limit: number;
  maxTokens: number;
  filters?: Filters;
}

export interface Answer {
  answerable: boolean;
  /** Of the best passage, from 0 to 1. */
  confidence: number;
  passages: Found[];
  /** The questions that the question consists of, where it is more than one. */
  parts?: { question: string; answerable: boolean; confidence: number }[];
}

type Wanted = Question & Pick<Ask, 'isPassage' | 'byWords' | 'arrived'> & { except?: number };

/** So many candidates for each passage that is wanted, of which some say the same as others. */
const candidatesEach = 5;
/** So often a question is asked anew when documents are replaced under it. */
const mostTries = 10;

export type QueryDeps = RankingDeps & {
  /** Told of each question with its answer. */
  answered?(asker: Asker, question: Question, answer: Answer): void;
};

export function createQueries(deps: QueryDeps) {
  const { db } = deps;
  const { readDocument, readPassages, readStretch } = passageReading(deps.sealing);
  const rank = createRanking(deps);
  const gather = createGathering(deps);

  /** @throws UnknownCollection for a name that there is not, or not for this asker */
  const reachOf = async ({ org, subjects }: Asker, names: readonly string[] | undefined): Promise<Reach> => {
    const reach = await readReach(db, org, subjects);
    if (!names) return reach;
    const collections = names.map((name) => {
      const one = reach.collections.find((each) => each.name === name);
      if (!one)
        throw UnknownCollection({ name: name.slice(0, 100), known: reach.collections.map((each) => each.name) });
      return one;
    });
    return { ...reach, collections };
  };

  const passageOf = async ({ org, subjects }: Asker, id: number): Promise<Passage> => {
    const [passage] = await readPassages(db, org, subjects, [id]);
    if (!passage) throw UnknownPassage({ id });
    return passage;
  };

  const attempt = async (asker: Asker, wanted: Wanted, signal: AbortSignal) => {
    const { collections, limit, maxTokens: _, except, ...ask } = wanted;
    const reach = await reachOf(asker, collections);
    const { ranked, parts } = await rank(asker, { ...ask, reach, depth: limit * candidatesEach }, signal);
    return { ...(await gather(asker, ranked, { limit, ...(except === undefined ? {} : { except }) })), parts };
  };

  /** Where a document was replaced since it was ranked, it would be missing, or there with half of what it says: once more. */
  const search = async (asker: Asker, question: Omit<Wanted, 'arrived'>, signal: AbortSignal) => {
    const arrived = performance.now();
    for (let tried = 1; ; tried++) {
      const made = await attempt(asker, { ...question, arrived }, signal);
      if (made.isWhole || tried === mostTries) return made;
    }
  };

  return {
    async query(asker: Asker, question: Question, signal = never): Promise<Answer> {
      const { found, confidence, parts } = await search(asker, question, signal);
      const { answerableFrom } = deps.settings();
      const told = parts.map((part) => ({ ...part, answerable: part.confidence >= answerableFrom }));
      const answer: Answer = {
        answerable: confidence >= answerableFrom || told.some((part) => part.answerable),
        confidence,
        passages: within(found, question.maxTokens),
        ...(told.length > 0 ? { parts: told } : {}),
      };
      deps.answered?.(asker, question, answer);
      return answer;
    },

    /** A whole document, as far as it goes into the budget. */
    async document({ org, subjects }: Asker, collection: string, id: number, maxTokens: number): Promise<Passage[]> {
      return page(await readDocument(db, org, subjects, collection, id, pageChunks), maxTokens).passages;
    },

    /** Passages of other documents that speak of the same. */
    async related(asker: Asker, id: number, limit: number, signal = never): Promise<Found[]> {
      const passage = await passageOf(asker, id);
      const query = [passage.title, ...passage.headings, passage.text].join('\n').slice(0, 4_000);
      // Models get to see of an encrypted collection what it names a model for, and what is asked or answered: not this.
      const byWords = passage.encrypted === true;
      const more = { maxTokens: Number.POSITIVE_INFINITY, isPassage: true, byWords, except: passage.document };
      return (await search(asker, { query, limit: limit + 1, ...more }, signal)).found.slice(0, limit);
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
/** Of whoever waits as long as it takes. */
const never = new AbortController().signal;

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
