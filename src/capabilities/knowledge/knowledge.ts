import { collectionChoice, type SearchSettings, type SourceSettings } from '../../config/schema.ts';
import type { OwnToolset } from '../../kernel/call.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { OrgId, Principal } from '../../kernel/principal.ts';
import type { Db } from '../../platform/db/types.ts';
import type { ChatModel, Embedders, Reranker } from '../../platform/models/index.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import { createAnswers } from './answer/answer.ts';
import { createAnswerTool } from './answer/tool.ts';
import { type Collections, createCollections } from './collections/collections.ts';
import { anyCollection } from './collections/store.ts';
import { type CollectionSize, readSizes, readSources } from './documents/store.ts';
import { NoModel, UnknownCollection } from './errors.ts';
import { createFeeding, type Declared } from './feeding.ts';
import { type AddedDocument, createAdding, type KeptDocument, sentIn } from './ingest/add.ts';
import type { Stores } from './ingest/keep.ts';
import type { SourceLag } from './ingest/lag.ts';
import type { IngestNews } from './ingest/news.ts';
import { createPace } from './ingest/pace.ts';
import { latestRuns, type Run } from './ingest/store.ts';
import { createLexical } from './lexical/index.ts';
import { createQuality, type Quality } from './quality/index.ts';
import { rememberingJudge } from './query/judged.ts';
import { type Asker, createQueries } from './query/query.ts';
import { createSplit } from './query/split.ts';
import { createTurns } from './query/turns.ts';
import type { Reader } from './read/index.ts';
import { createSealing, type EncryptionSettings, moveKeys, type Vaults } from './sealing/index.ts';
import type { FetchPage, Source } from './sources/index.ts';
import { createKnowledgeToolset } from './toolset.ts';
import { createUpkeep } from './upkeep/upkeep.ts';
import { createVectors, type Vectors } from './vectors/index.ts';
import { type Disagreement, findDisagreements } from './verify/store.ts';

export interface Knowledge {
  collections: Collections;
  toolset: OwnToolset;
  vectors: Vectors;
  /** How good the answers are; see quality/. */
  quality: Quality;
  /** As whom a principal asks. */
  askerOf(principal: Principal): Asker;
  /** The latest run of each source. */
  runs(org: OrgId): Promise<(Omit<Run, 'collection'> & { collection: string })[]>;
  /** Documents and passages of each collection, by its id. */
  sizes(org: OrgId): Promise<Map<number, CollectionSize>>;
  /**
   * Begins a pass over the sources of a collection, or one of them; returns their names at once.
   * @throws UnknownCollection, NotFound
   */
  begin(org: OrgId, collection: string, source?: string): Promise<string[]>;
  /** Adds a document or takes the place of the one of that name. @throws UnknownCollection, NotWritable, DocumentUnreadable */
  add(principal: Principal, document: AddedDocument, signal: AbortSignal): Promise<KeptDocument>;
  /**
   * What disagrees within a collection: nothing does, unless something is broken. Beside it, how many passages wait for a
   * vector. @throws UnknownCollection
   */
  verify(org: OrgId, collection: string): Promise<{ disagreements: Disagreement[]; pending: number }>;
  /** Has all vectors of a collection made anew, beside those that are searched. @throws UnknownCollection, NoModel */
  rebuild(org: OrgId, collection: string): Promise<void>;
  /** Of each declared collection, how long ago the source that waits longest was seen whole. For many calls. */
  lags(): Iterable<SourceLag>;
  declared(): Declared;
  redeclare(declared: Declared): Promise<void>;
  /** How passages are ranked, and how many sources are read at once, from now on. */
  tune(settings: { search: SearchSettings; sources: number }): void;
  /** Wraps the keys of encrypted collections as these settings say, from now on. */
  encrypt(settings: EncryptionSettings): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface KnowledgeNews extends IngestNews {
  /** With all that was in it. */
  collectionRemoved(org: OrgId, collection: string): void;
  /** A question was answered: for figures. */
  answered(answer: { confidence: number; answerable: boolean; passages: number }): void;
}

export interface KnowledgeDeps {
  db: Db;
  reader: Reader;
  clock: Clock;
  log: Log;
  replica: string;
  /** Whether there can be no other replica on the same database. */
  alone: boolean;
  /** How many wait for the database. */
  waiting(): number;
  declared: Declared;
  search: SearchSettings;
  /** Sources that are read at once. */
  sources: number;
  embedders: Embedders;
  /** Puts what was found into order, where there is such a model. */
  reranker?: Reranker;
  /** Writes answers; `sampling` is the model of whoever asks. Without it there is no tool for that. */
  chat?: ChatModel | 'sampling' | undefined;
  openSource(org: OrgId, settings: SourceSettings): Source;
  /** Single pages that agents name. */
  fetchPage: FetchPage;
  /** Everything by which somebody may be given rights: see `subjects` in the settings. */
  subjectsOf(principal: Principal): string[];
  /** Finds what speaks to a model in a text, in words. */
  findInstructions(text: string): string[];
  news: KnowledgeNews;
  /** Keeps the keys of encrypted collections. */
  vaults: Vaults;
}

/** More of them take no less time together: the index is read and scored by one thread. */
const questionsAtOnce = 4;
/** Each tells of itself every second. */
const heardOfMs = 15_000;

/** The team's documents: kept up to date with their sources, and found by who may read them. */
export function createKnowledge(deps: KnowledgeDeps): Knowledge {
  const { db, reader, clock, log, replica, alone, waiting, embedders, subjectsOf, chat } = deps;
  const findInstructions = rememberingJudge(deps.findInstructions);
  let { declared, search, sources } = deps;
  const goneAfterMs = alone ? 0 : heardOfMs;
  const sealing = createSealing({ vaults: deps.vaults });
  const collections = createCollections({ db, sealing, models: embedders.names, changed: () => lookAround() });
  const lexical = createLexical(sealing);
  const turns = createTurns(questionsAtOnce);
  const stores: Stores = {
    db,
    lexical,
    sealing,
    pace: createPace({ alone, waiting: () => turns.waiting() + waiting() }),
  };
  const vectors = createVectors({
    ...{ db, embedders, clock, log, replica, goneAfterMs },
    ...{ sealing, modelOf },
  });
  const news: KnowledgeNews = {
    ...deps.news,
    indexed(document, change, tookMs) {
      vectors.indexed(document.org, document.collectionId, document.document);
      deps.news.indexed(document, change, tookMs);
    },
  };

  const queryDeps = {
    ...{ db, lexical, sealing, turns, log, settings: () => search, meanings: vectors, vectorOf: vectors.vectorOf },
    ...(deps.reranker ? { reranker: deps.reranker } : {}),
    ...(chat && chat !== 'sampling' ? { split: createSplit(chat, log) } : {}),
  };
  // Evaluations ask, too, and are no questions of anybody.
  const unwatched = createQueries(queryDeps);
  const quality = createQuality({ db, clock, log, query: unwatched.query, answered: news.answered, sentIn });
  const queries = createQueries({ ...queryDeps, answered: quality.answered });
  const askerOf = (principal: Principal): Asker => ({ org: principal.org, subjects: subjectsOf(principal) });

  let anywhere = false;
  const listeners = new Set<() => void>();
  /** Agents are not shown tools for what nobody has: each definition costs them tokens. */
  const lookAround = async () => {
    const before = anywhere;
    anywhere = await anyCollection(db);
    if (before !== anywhere) for (const listener of listeners) listener();
  };

  const feeding = createFeeding({
    ...{ stores, reader, collections, clock, log, replica, goneAfterMs, news, lookAround },
    declared: () => declared,
    places: () => sources,
    openSource: deps.openSource,
  });
  const adding = createAdding({ stores, collections, reader, fetchPage: deps.fetchPage, clock, subjectsOf, news });
  const upkeep = createUpkeep({ stores, log, alone, waiting });

  const wrapAnew = async () => {
    const { moved, locked } = await moveKeys(db, deps.vaults);
    if (moved > 0) log.info({ moved }, 'keys of encrypted collections are wrapped by another key now');
    if (locked > 0)
      log.error({ locked }, 'keys of encrypted collections cannot be opened: give the key or secret that wrapped them');
  };

  const known = async (org: OrgId, name: string) => {
    const all = await collections.list(org);
    const one = all.find((each) => each.name === name);
    if (!one) throw UnknownCollection({ name: name.slice(0, 100), known: all.map((each) => each.name) });
    return one;
  };

  return {
    collections: {
      ...collections,
      async remove(org, name) {
        await collections.remove(org, name);
        news.collectionRemoved(org, name);
      },
    },
    toolset: createKnowledgeToolset({
      queries,
      unwatched,
      sources: ({ org, subjects }) => readSources(db, org, subjects),
      ingest: adding.add,
      async sync(principal, { collection: name, ...what }, report, signal) {
        const collection = await adding.writable(principal, name);
        return await feeding.follow(principal.org, { ...what, collection }, report, signal);
      },
      vote: (principal, vote) => quality.vote(principal, subjectsOf(principal), vote),
      askerOf,
      findInstructions,
      clock,
      ...(chat
        ? {
            answer: createAnswerTool({
              ...{ queries, askerOf, findInstructions, clock, chat },
              answerFrom: createAnswers({ db, findInstructions }),
            }),
          }
        : {}),
      isNeeded: () => anywhere,
      onNeeded(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    }),
    vectors,
    quality,
    askerOf,
    async runs(org) {
      const all = await collections.list(org);
      const nameOf = new Map(all.map(({ id, name }) => [id, name]));
      const runs = await latestRuns(db, org, [...nameOf.keys()]);
      return runs.map((run) => ({ ...run, collection: nameOf.get(run.collection) ?? '' }));
    },
    sizes: (org) => readSizes(db, org),
    begin: async (org, name, source) => feeding.begin(org, await known(org, name), source),
    add: adding.add,
    async verify(org, name) {
      const { id } = await known(org, name);
      return { disagreements: await findDisagreements(db, org, id), pending: await vectors.pending(org, id) };
    },
    async rebuild(org, name) {
      const one = await known(org, name);
      if (!(await vectors.rebuild(org, one.id, one.settings))) throw NoModel({ name });
    },
    lags: feeding.lags,
    declared: () => declared,
    async redeclare(next) {
      declared = next;
      try {
        await collections.declare(next);
      } finally {
        vectors.changed();
        feeding.lookNow();
      }
    },
    tune(settings) {
      ({ search, sources } = settings);
    },
    async encrypt(settings) {
      deps.vaults.use(settings);
      await wrapAnew();
    },
    async start() {
      await wrapAnew();
      await collections.declare(declared);
      await lookAround();
      await upkeep.start();
      feeding.start();
      vectors.start();
      quality.start();
    },
    async stop() {
      await feeding.stop();
      await upkeep.stop();
      await vectors.stop();
      await reader.stop();
      await quality.stop();
    },
  };
}

/** Vectors tell much of a text: an encrypted collection has them only where somebody asks for them. */
function modelOf(settings: unknown): string | undefined {
  const { encrypted, model } = collectionChoice.parse(settings);
  return model ?? (encrypted ? 'none' : undefined);
}
