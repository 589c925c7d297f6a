import type { SearchSettings } from '../../../config/schema.ts';
import type { Db } from '../../../platform/db/types.ts';
import type { Reranker } from '../../../platform/models/index.ts';
import type { Log } from '../../../platform/telemetry/index.ts';
import type { Passage } from '../documents/store.ts';
import { defaultFeedback, type Filters, type Lexical } from '../lexical/index.ts';
import { passageReading, type Sealing } from '../sealing/index.ts';
import type { Asker } from './asker.ts';
import { confidenceOf, farFrom, type Nearness } from './confidence.ts';
import { type Candidate, fuse, type MeaningHit } from './fuse.ts';
import type { Turns } from './turns.ts';

/** Finds passages by what they mean, within what the asker may read; none where there is no model, or none that answers. */
export interface Meanings {
  search(db: Db, org: string, search: MeaningSearch, signal: AbortSignal): Promise<MeaningHit[]>;
}

export interface MeaningSearch {
  collections: readonly number[];
  subjects: readonly string[];
  query: string;
  limit: number;
  filters?: Filters;
  /** Told where a model that should have been asked did not answer. */
  missed?(): void;
}

/** What each way of ranking says of a passage, in its own unit. */
export interface ScoreParts {
  /** BM25. */
  words?: number;
  /** Cosine of question and passage. */
  meaning?: number;
  /** As the reranker has it. */
  rerank?: number;
}

export interface Retrieved {
  chunkId: number;
  /** How sure it is that it answers, from 0 to 1. */
  confidence: number;
  /** The words of the question that it has. */
  matched: string[];
  parts: ScoreParts;
}

export interface Retrieval {
  ranked: Retrieved[];
  /** False where a model that should have been asked did not answer. */
  isWhole: boolean;
}

export interface RetrievalDeps {
  db: Db;
  lexical: Lexical;
  meanings?: Meanings;
  reranker?: Reranker;
  /** Where collections may be encrypted. */
  sealing?: Sealing;
  /** All at once, without it. */
  turns?: Turns;
  log: Pick<Log, 'warn'>;
  settings(): SearchSettings;
}

export interface Search {
  query: string;
  /** Ids. */
  collections: readonly number[];
  filters?: Filters;
  /** Passages at most. */
  depth: number;
  /** No model is to see the query: words alone decide. */
  byWords?: boolean;
  /** When the question came of which this is a try or a part, in milliseconds that only grow. */
  arrived: number;
}

/** Both lists are asked for so many at least: what is far down in one may be high up in the other. */
const leastEach = 50;
/** Rerankers read the beginning. */
const rerankedCharacters = 2_000;
const rerankPatienceMs = 2_500;
const restAfterFailureMs = 30_000;

/** One ranking of passages for one question: by words, by meaning, and by a reranker, as far as they are there. */
export function createRetrieval({ db, lexical, meanings, reranker, sealing, turns, log, settings }: RetrievalDeps) {
  const { readPassages } = passageReading(sealing);
  let restUntil = 0;

  /** What the reranker says of the first of them, by chunk; undefined when it does not answer. */
  const rerank = async (reranker: Reranker, asker: Asker, query: string, ids: number[], signal: AbortSignal) => {
    if (performance.now() < restUntil) return undefined;
    const passages = await readPassages(db, asker.org, asker.subjects, ids);
    try {
      const patience = AbortSignal.any([signal, AbortSignal.timeout(rerankPatienceMs)]);
      const scores = await reranker.rank(query, passages.map(textOf), patience);
      return new Map(passages.map(({ id }, at) => [id, scores[at] ?? 0]));
    } catch (error) {
      if (signal.aborted) throw error;
      restUntil = performance.now() + restAfterFailureMs;
      log.warn({ err: error, model: reranker.model }, 'passages could not be reranked: they stay in the order found');
      return undefined;
    }
  };

  return async function retrieve(asker: Asker, search: Search, signal: AbortSignal): Promise<Retrieval> {
    const { k1, b, boosts, feedback, fusion, vectorWeight, rerank: reranked } = settings();
    const { org, subjects } = asker;
    const { query, collections, filters, depth, byWords = false, arrived } = search;
    const asked = { collections, subjects, query, limit: Math.max(depth, leastEach), ...(filters ? { filters } : {}) };
    const ranking = { settings: { k1, b, boosts }, ...(feedback ? { feedback: defaultFeedback } : {}) };
    let isMeant = true;
    const missed = () => {
      isMeant = false;
    };
    const byWord = () => lexical.search(db, org, { ...asked, ...ranking });
    const [words, near] = await Promise.all([
      turns ? turns.take(byWord, signal, arrived) : byWord(),
      vectorWeight === 0 || byWords ? [] : (meanings?.search(db, org, { ...asked, missed }, signal) ?? []),
    ]);
    const candidates = fuse(words, near, { kind: fusion, vectorWeight }).slice(0, depth);
    const far = farFrom(near);
    const first = candidates.slice(0, reranked).map(({ chunkId }) => chunkId);
    if (!reranker || byWords || first.length < 2)
      return { ranked: candidates.map((one) => toRetrieved(one, far)), isWhole: isMeant };
    const scores = await rerank(reranker, asker, query, first, signal);
    const scoreOf = ({ chunkId }: Candidate) => scores?.get(chunkId) ?? Number.NEGATIVE_INFINITY;
    // What it was not asked about comes after what it was, as found.
    const ordered = candidates.toSorted((a, b) => (scoreOf(a) === scoreOf(b) ? 0 : scoreOf(b) - scoreOf(a)));
    return {
      ranked: ordered.map((one) => toRetrieved(one, far, scores?.get(one.chunkId))),
      isWhole: isMeant && scores !== undefined,
    };
  };
}

function toRetrieved({ chunkId, words, meaning }: Candidate, far: Nearness | undefined, rerank?: number): Retrieved {
  return {
    chunkId,
    confidence: confidenceOf(words?.features, meaning ?? far),
    matched: words?.matched ?? [],
    parts: {
      ...(words ? { words: words.score } : {}),
      ...(meaning ? { meaning: meaning.similarity } : {}),
      ...(rerank === undefined ? {} : { rerank }),
    },
  };
}

const textOf = ({ title, headings, text }: Passage): string =>
  [...new Set([title, ...headings]), text].join('\n').slice(0, rerankedCharacters);
