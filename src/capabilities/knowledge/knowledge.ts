import type { CollectionSettings, SearchSettings, SourceSettings } from '../../config/schema.ts';
import type { OwnToolset } from '../../kernel/call.ts';
import type { Clock } from '../../kernel/clock.ts';
import { digestOf } from '../../kernel/digest.ts';
import { NotFound } from '../../kernel/errors.ts';
import type { OrgId, Principal } from '../../kernel/principal.ts';
import type { Db } from '../../platform/db/types.ts';
import type { Reranker } from '../../platform/models/index.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import { type Collection, type Collections, createCollections } from './collections/collections.ts';
import { anyCollection } from './collections/store.ts';
import { type CollectionSize, hasDocument, readSizes, readSources } from './documents/store.ts';
import { NotWritable, UnknownCollection } from './errors.ts';
import { followPass } from './ingest/follow.ts';
import { hashOf, keepDocument, type Stores } from './ingest/keep.ts';
import { createLag, type SourceLag } from './ingest/lag.ts';
import { forgetOtherSources } from './ingest/lost.ts';
import type { IngestNews } from './ingest/news.ts';
import { createPace } from './ingest/pace.ts';
import { latestRuns, type Run } from './ingest/store.ts';
import { createLexical } from './lexical/index.ts';
import { type Asker, createQueries } from './query/query.ts';
import type { Reader } from './read/index.ts';
import { createSchedule, type TimedFeed } from './schedule.ts';
import { createSealing, type KeyVault } from './sealing/index.ts';
import type { Source } from './sources/index.ts';
import { createKnowledgeToolset } from './toolset.ts';
import { everyone } from './types.ts';
import { createUpkeep } from './upkeep/upkeep.ts';
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
  /** What disagrees within a collection; nothing does, unless something is broken. @throws UnknownCollection */
  verify(org: OrgId, collection: string): Promise<Disagreement[]>;
  declared(): Declared;
  /** @param places so many sources are read at once from now on */
  redeclare(declared: Declared, search?: SearchSettings, places?: number): Promise<void>;
  /** Of each declared collection, how long ago the source that waits longest was seen whole. For many calls. */
  lags(): Iterable<SourceLag>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface AddedDocument {
  collection: string;
  /** What it is called there; its ending helps to see what it is. */
  name: string;
  bytes: Uint8Array;
  mediaType?: string;
  title?: string;
}

export interface KeptDocument {
  document: number;
  passages: number;
  title: string;
  warnings: string[];
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
  openSource(org: OrgId, settings: SourceSettings): Source;
  /** Everything by which somebody may be given rights: see `subjects` in the settings. */
  subjectsOf(principal: Principal): string[];
  /** Finds what speaks to a model in a text, in words. */
  findInstructions(text: string): string[];
  news: KnowledgeNews;
  /** Keeps the keys of encrypted collections. */
  vault: KeyVault;
  /** Sources that are read at once. */
  places: number;
}

export interface KnowledgeNews extends IngestNews {
  /** With all that was in it. */
  collectionRemoved(org: OrgId, collection: string): void;
}

/** Each tells of itself every second. */
const goneAfterMs = 15_000;
/** Longer than any single step of a source may take: a fetch of a repository has 15 minutes. */
const stallMs = 20 * 60_000;
/** The source of documents that were sent in. */
const sentIn = 'upload';

/** The team's documents: kept up to date with their sources, and found by who may read them. */
export function createKnowledge(deps: KnowledgeDeps): Knowledge {
  const { db, reader, clock, log, replica, alone, waiting, subjectsOf, findInstructions, news, openSource } = deps;
  let { declared, places, search } = deps;
  const sealing = createSealing({ vault: deps.vault });
  const collections = createCollections({ db, sealing, changed: () => lookAround() });
  const lexical = createLexical(sealing);
  const stores: Stores = { db, lexical, sealing, ...(alone ? { pace: createPace(waiting) } : {}) };
  const queries = createQueries({
    db,
    ...{ lexical, sealing, log },
    settings: () => search,
    ...(deps.reranker ? { reranker: deps.reranker } : {}),
  });
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

  /** A collection in which somebody may write. @throws UnknownCollection, NotWritable */
  const writable = async (principal: Principal, name: string) => {
    const subjects = subjectsOf(principal);
    const all = await collections.list(principal.org);
    const mayUse = (rights: readonly string[]) => rights.some((subject) => subjects.includes(subject));
    const one = all.find((each) => each.name === name && mayUse([...each.settings.readers, ...each.settings.writers]));
    if (!one) {
      const known = all.filter(({ settings }) => mayUse(settings.writers)).map((each) => each.name);
      throw UnknownCollection({ name: name.slice(0, 100), known });
    }
    if (!mayUse(one.settings.writers)) throw NotWritable({ name });
    return one;
  };

  /** @throws NotFound */
  const feedsNamed = (org: OrgId, one: Collection, source: string | undefined): TimedFeed[] => {
    const feeds = feedsOf(org, one).filter((feed) => source === undefined || feed.name === source);
    if (source !== undefined && feeds.length === 0) throw NotFound({ what: 'source', id: source.slice(0, 100) });
    return feeds;
  };

  const add: Knowledge['add'] = async (principal, { collection: name, name: uri, bytes, mediaType, title }, signal) => {
    const arrivedAt = performance.now();
    const { org } = principal;
    const one = await writable(principal, name);
    const read = await reader.read(
      { bytes, name: uri, language: one.settings.language, ...(mediaType ? { mediaType } : {}) },
      signal,
    );
    const arrival = {
      ...{ collection: one.id, source: sentIn, uri, bytes: bytes.byteLength, readers: [everyone] },
      ...{
        hash: hashOf(bytes, one.settings.language, uri, mediaType ?? '', title ?? ''),
        metadata: { sentBy: principal.id },
      },
      ...{ changedAt: clock.now(), ...(title === undefined ? {} : { title }) },
    };
    const change = (await hasDocument(db, org, arrival)) ? 'changed' : 'added';
    const document = await keepDocument(stores, org, arrival, read, clock.now(), () => signal.throwIfAborted());
    news.indexed({ org, collection: name, source: sentIn, document }, change, performance.now() - arrivedAt);
    return { document, passages: read.chunks.length, title: title ?? read.title, warnings: read.warnings };
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
      sources: ({ org, subjects }) => readSources(db, org, subjects),
      ingest: async (principal, { text, ...document }, signal) =>
        await add(principal, { ...document, bytes: Buffer.from(text) }, signal),
      async sync(principal, { collection, source, forMs }, report, signal) {
        const one = await writable(principal, collection);
        const feeds = feedsNamed(principal.org, one, source);
        return await followPass({
          sources: feeds.map((feed) => feed.name),
          latest: () => latestRuns(db, principal.org, [one.id]),
          begin: () => schedule.begin(feeds, { again: false }),
          ...{ report, signal, forMs },
        });
      },
      askerOf,
      findInstructions,
      clock,
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
    verify: async (org, name) => await findDisagreements(db, org, (await known(org, name)).id),
    declared: () => declared,
    async redeclare(next, ranked = search, nextPlaces = places) {
      declared = next;
      search = ranked;
      places = nextPlaces;
      await collections.declare(next);
      schedule.lookNow();
    },
    lags: lag.read,
    async start() {
      await collections.declare(declared);
      await lookAround();
      await upkeep.start();
      schedule.start();
    },
    async stop() {
      await schedule.stop();
      await upkeep.stop();
      await reader.stop();
    },
  };
}
