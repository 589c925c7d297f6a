import {
  type CollectionSettings,
  collectionChoice,
  type SearchSettings,
  type SourceSettings,
} from '../../config/schema.ts';
import type { OwnToolset } from '../../kernel/call.ts';
import type { Clock } from '../../kernel/clock.ts';
import { digestOf } from '../../kernel/digest.ts';
import { NotFound } from '../../kernel/errors.ts';
import type { OrgId, Principal } from '../../kernel/principal.ts';
import type { Db } from '../../platform/db/types.ts';
import type { ChatModel, Embedders, Reranker } from '../../platform/models/index.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import { createAnswers } from './answer/answer.ts';
import { createAnswerTool } from './answer/tool.ts';
import { type Collection, type Collections, createCollections } from './collections/collections.ts';
import { anyCollection } from './collections/store.ts';
import { type CollectionSize, readSizes, readSources } from './documents/store.ts';
import { NoModel, UnknownCollection } from './errors.ts';
import { type AddedDocument, createAdding, type KeptDocument, sentIn, writableCollection } from './ingest/add.ts';
import { followPass } from './ingest/follow.ts';
import type { Stores } from './ingest/keep.ts';
import { createLag, type SourceLag } from './ingest/lag.ts';
import { forgetOtherSources } from './ingest/lost.ts';
import type { IngestNews } from './ingest/news.ts';
import { createPace } from './ingest/pace.ts';
import { latestRuns, type Run } from './ingest/store.ts';
import { createLexical } from './lexical/index.ts';
import { createQuality, type Quality } from './quality/index.ts';
import { type Asker, createQueries } from './query/query.ts';
import type { Reader } from './read/index.ts';
import { createSchedule, type TimedFeed } from './schedule.ts';
import { createSealing, type KeyVault } from './sealing/index.ts';
import type { FetchPage, Source } from './sources/index.ts';
import { createKnowledgeToolset } from './toolset.ts';
import { createUpkeep } from './upkeep/upkeep.ts';
import { createVectors, type Vectors } from './vectors/index.ts';
import { type Disagreement, findDisagreements } from './verify/store.ts';

export interface Knowledge {
  collections: Collections;
  toolset: OwnToolset;
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
  /** What disagrees within a collection: nothing does, unless something is broken. Beside it, how many passages wait for a vector. @throws UnknownCollection */
  verify(org: OrgId, collection: string): Promise<{ disagreements: Disagreement[]; pending: number }>;
  vectors: Vectors;
  /** Has all vectors of a collection made anew, beside those that are searched. @throws UnknownCollection, NoModel */
  rebuild(org: OrgId, collection: string): Promise<void>;
  /** How good the answers are; see quality/. */
  quality: Quality;
  /** As whom a principal asks. */
  askerOf(principal: Principal): Asker;
  declared(): Declared;
  /** @param places so many sources are read at once from now on */
  redeclare(declared: Declared, places?: number): Promise<void>;
  /** Of each declared collection, how long ago the source that waits longest was seen whole. For many calls. */
  lags(): Iterable<SourceLag>;
  /** How passages are ranked from now on. */
  setSearch(search: SearchSettings): void;
  start(): Promise<void>;
  stop(): Promise<void>;
}

type Declared = Readonly<Record<string, CollectionSettings>>;

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
  /** Puts what was found into order, where there is such a model. */
  reranker?: Reranker;
  embedders: Embedders;
  openSource(org: OrgId, settings: SourceSettings): Source;
  /** Single pages that agents name. */
  fetchPage: FetchPage;
  /** Everything by which somebody may be given rights: see `subjects` in the settings. */
  subjectsOf(principal: Principal): string[];
  /** Finds what speaks to a model in a text, in words. */
  findInstructions(text: string): string[];
  /** Writes answers; `sampling` is the model of whoever asks. Without it there is no tool for that. */
  chat?: ChatModel | 'sampling' | undefined;
  news: KnowledgeNews;
  /** Sources that are read at once. */
  places: number;
  /** Keeps the keys of encrypted collections. */
  vault: KeyVault;
  /** Told of each answer, for figures. */
  answered(answer: { confidence: number; answerable: boolean; passages: number }): void;
}

export interface KnowledgeNews extends IngestNews {
  /** With all that was in it. */
  collectionRemoved(org: OrgId, collection: string): void;
}

/** Each tells of itself every second. */
const goneAfterMs = 15_000;
/** Longer than any single step of a source may take: a fetch of a repository has 15 minutes. */
const stallMs = 20 * 60_000;

/** The team's documents: kept up to date with their sources, and found by who may read them. */
export function createKnowledge(deps: KnowledgeDeps): Knowledge {
  const { db, reader, clock, log, replica, alone, waiting, embedders, subjectsOf, findInstructions, openSource } = deps;
  const { chat } = deps;
  let { declared, places, search } = deps;
  const sealing = createSealing({ vault: deps.vault });
  const collections = createCollections({ db, sealing, models: embedders.names, changed: () => lookAround() });
  const lexical = createLexical(sealing);
  const stores: Stores = { db, lexical, sealing, ...(alone ? { pace: createPace(waiting) } : {}) };
  const vectors: Vectors = createVectors({
    ...{ db, embedders, clock, log, replica, goneAfterMs: alone ? 0 : goneAfterMs },
    sealing,
    modelOf,
  });
  const queryDeps = {
    ...{ db, lexical, sealing, log, settings: () => search },
    ...{ meanings: vectors, vectorOf: vectors.vectorOf },
    ...(deps.reranker ? { reranker: deps.reranker } : {}),
  };
  // Evaluations ask, too, and are no questions of anybody.
  const unwatched = createQueries(queryDeps);
  const quality = createQuality({ db, clock, log, query: unwatched.query, answered: deps.answered, sentIn });
  const queries = createQueries({ ...queryDeps, answered: quality.answered });
  const news: IngestNews = {
    ...deps.news,
    indexed(ref, ...more) {
      vectors.indexed(ref.org, ref.collectionId, ref.document);
      deps.news.indexed(ref, ...more);
    },
  };
  let anywhere = false;
  const listeners = new Set<() => void>();
  /** Agents are not shown tools for what nobody has: each definition costs them tokens. */
  const lookAround = async () => {
    const before = anywhere;
    anywhere = await anyCollection(db);
    if (before !== anywhere) for (const listener of listeners) listener();
  };
  const askerOf = (principal: Principal): Asker => ({ org: principal.org, subjects: subjectsOf(principal) });

  /** The sources that the file gives to a collection. */
  const feedsOf = (org: OrgId, { id, name }: Collection): TimedFeed[] => {
    const settings = declared[name];
    if (settings?.org !== org) return [];
    return Object.entries(settings.sources).map(([sourceName, source]) => ({
      ...{ org, collection: id, collectionName: name, name: sourceName },
      ...{ everyMs: settings.syncEveryMs, language: settings.language, way: digestOf(source) },
      open: () => openSource(org, source),
    }));
  };

  let tidied: Declared | undefined;
  let listed: Declared | undefined;
  const lag = createLag({ db, clock });
  const schedule = createSchedule({
    sync: { ...stores, reader, clock, log, replica, goneAfterMs: alone ? 0 : goneAfterMs, stallMs, news },
    clock,
    log,
    places: () => places,
    async feeds() {
      await lookAround();
      listed = declared;
      const orgs = new Set(Object.values(listed).map(({ org }) => org));
      const feeds: TimedFeed[] = [];
      for (const org of orgs) for (const one of await collections.list(org)) feeds.push(...feedsOf(org, one));
      await lag.look(feeds);
      return feeds;
    },
    async tidy() {
      // What was declared since the feeds were listed may still be being read by the old declarations.
      if (tidied === declared || listed !== declared) return;
      const now = declared;
      for (const [name, { org, sources }] of Object.entries(now)) {
        const one = await collections.find(org, name);
        if (one) await forgetOtherSources({ ...stores, clock, news }, org, one, [sentIn, ...Object.keys(sources)]);
      }
      tidied = now;
    },
    async lastBegun({ org, collection, name }) {
      return (await latestRuns(db, org, [collection])).find(({ source }) => source === name)?.startedAt;
    },
  });

  const upkeep = createUpkeep({ stores, log, alone, waiting });

  const known = async (org: OrgId, name: string) => {
    const all = await collections.list(org);
    const one = all.find((each) => each.name === name);
    if (!one) throw UnknownCollection({ name: name.slice(0, 100), known: all.map((each) => each.name) });
    return one;
  };

  const add = createAdding({
    ...{ stores, collections, reader, fetchPage: deps.fetchPage, clock, subjectsOf },
    indexed: news.indexed,
  });

  /** @throws NotFound */
  const feedsNamed = (org: OrgId, one: Collection, source: string | undefined): TimedFeed[] => {
    const feeds = feedsOf(org, one).filter((feed) => source === undefined || feed.name === source);
    if (source !== undefined && feeds.length === 0) throw NotFound({ what: 'source', id: source.slice(0, 100) });
    return feeds;
  };

  return {
    collections: {
      ...collections,
      async remove(org, name) {
        await collections.remove(org, name);
        deps.news.collectionRemoved(org, name);
      },
    },
    toolset: createKnowledgeToolset({
      queries,
      sources: ({ org, subjects }) => readSources(db, org, subjects),
      ingest: add,
      async sync(principal, { collection, source, forMs }, report, signal) {
        const { org } = principal;
        const one = await writableCollection({ collections, subjectsOf }, principal, collection);
        const feeds = feedsNamed(org, one, source);
        return await followPass({
          sources: feeds.map((feed) => feed.name),
          latest: () => latestRuns(db, org, [one.id]),
          begin: () => schedule.begin(feeds, { again: false }),
          ...{ report, signal, forMs },
        });
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
    async runs(org) {
      const all = await collections.list(org);
      const nameOf = new Map(all.map(({ id, name }) => [id, name]));
      const runs = await latestRuns(db, org, [...nameOf.keys()]);
      return runs.map((run) => ({ ...run, collection: nameOf.get(run.collection) ?? '' }));
    },
    sizes: (org) => readSizes(db, org),
    async begin(org, name, source) {
      const feeds = feedsNamed(org, await known(org, name), source);
      schedule.begin(feeds);
      return feeds.map((feed) => feed.name);
    },
    add,
    async verify(org, name) {
      const { id } = await known(org, name);
      return { disagreements: await findDisagreements(db, org, id), pending: await vectors.pending(org, id) };
    },
    vectors,
    async rebuild(org, name) {
      const one = await known(org, name);
      if (!(await vectors.rebuild(org, one.id, one.settings))) throw NoModel({ name });
    },
    quality,
    askerOf,
    declared: () => declared,
    async redeclare(next, nextPlaces = places) {
      declared = next;
      places = nextPlaces;
      await collections.declare(next);
      schedule.lookNow();
      vectors.changed();
    },
    lags: lag.read,
    setSearch(next) {
      search = next;
    },
    async start() {
      await collections.declare(declared);
      await lookAround();
      await upkeep.start();
      schedule.start();
      vectors.start();
      quality.start();
    },
    async stop() {
      await schedule.stop();
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
