import type { CollectionSettings, SourceSettings } from '../../config/schema.ts';
import type { Clock } from '../../kernel/clock.ts';
import { digestOf } from '../../kernel/digest.ts';
import { NotFound } from '../../kernel/errors.ts';
import type { OrgId } from '../../kernel/principal.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import type { Collection, Collections } from './collections/collections.ts';
import { sentIn } from './ingest/add.ts';
import { type Followed, followPass } from './ingest/follow.ts';
import type { Stores } from './ingest/keep.ts';
import { createLag, type SourceLag } from './ingest/lag.ts';
import { forgetOtherSources } from './ingest/lost.ts';
import type { IngestNews } from './ingest/news.ts';
import { latestRuns } from './ingest/store.ts';
import type { Reader } from './read/index.ts';
import { createSchedule, type TimedFeed } from './schedule.ts';
import type { Source } from './sources/index.ts';

export type Declared = Readonly<Record<string, CollectionSettings>>;

export interface FeedingDeps {
  stores: Stores;
  reader: Reader;
  collections: Collections;
  clock: Clock;
  log: Log;
  replica: string;
  /** A run whose replica has not been seen for so long is over. */
  goneAfterMs: number;
  news: IngestNews;
  /** As they are now. */
  declared(): Declared;
  /** Sources that are read at once. */
  places(): number;
  openSource(org: OrgId, settings: SourceSettings): Source;
  /** Awaited at each look at the sources. */
  lookAround(): Promise<void>;
}

export interface Feeding {
  /** Has the sources of a collection read, or one of them; returns their names at once. @throws NotFound */
  begin(org: OrgId, collection: Collection, source?: string): string[];
  /** Has sources read, or joins the passes that are under way, and watches them. @throws NotFound */
  follow(
    org: OrgId,
    what: { collection: Collection; source?: string; forMs: number },
    report: (passes: readonly Followed[]) => void,
    signal: AbortSignal,
  ): Promise<{ over: boolean; passes: Followed[] }>;
  /** Of each declared collection, how long ago the source that waits longest was seen whole. For many calls. */
  lags(): Iterable<SourceLag>;
  /** What is declared has changed. */
  lookNow(): void;
  start(): void;
  stop(): Promise<void>;
}

/** Longer than any single step of a source may take: a fetch of a repository has 15 minutes. */
const stallMs = 20 * 60_000;

/** Keeps collections up to date with the sources that the file gives to them. */
export function createFeeding(deps: FeedingDeps): Feeding {
  const { stores, reader, collections, clock, log, replica, goneAfterMs, news, declared, places, openSource } = deps;
  const { db } = stores;

  const feedsOf = (org: OrgId, { id, name }: Collection): TimedFeed[] => {
    const settings = declared()[name];
    if (settings?.org !== org) return [];
    return Object.entries(settings.sources).map(([sourceName, source]) => ({
      ...{ org, collection: id, collectionName: name, name: sourceName },
      ...{ everyMs: settings.syncEveryMs, language: settings.language, way: digestOf(source) },
      open: () => openSource(org, source),
    }));
  };

  const feedsNamed = (org: OrgId, one: Collection, source: string | undefined): TimedFeed[] => {
    const feeds = feedsOf(org, one).filter((feed) => source === undefined || feed.name === source);
    if (source !== undefined && feeds.length === 0) throw NotFound({ what: 'source', id: source.slice(0, 100) });
    return feeds;
  };

  let tidied: Declared | undefined;
  let listed: Declared | undefined;
  const lag = createLag({ db, clock });
  const schedule = createSchedule({
    sync: { ...stores, reader, clock, log, replica, goneAfterMs, stallMs, news },
    clock,
    log,
    places,
    async feeds() {
      await deps.lookAround();
      listed = declared();
      const orgs = new Set(Object.values(listed).map(({ org }) => org));
      const feeds: TimedFeed[] = [];
      for (const org of orgs) for (const one of await collections.list(org)) feeds.push(...feedsOf(org, one));
      await lag.look(feeds);
      return feeds;
    },
    async tidy() {
      const now = declared();
      // What was declared since the feeds were listed may still be being read by the old declarations.
      if (tidied === now || listed !== now) return;
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

  return {
    begin(org, collection, source) {
      const feeds = feedsNamed(org, collection, source);
      schedule.begin(feeds);
      return feeds.map((feed) => feed.name);
    },
    async follow(org, { collection, source, forMs }, report, signal) {
      const feeds = feedsNamed(org, collection, source);
      return await followPass({
        sources: feeds.map((feed) => feed.name),
        latest: () => latestRuns(db, org, [collection.id]),
        begin: () => schedule.begin(feeds, { again: false }),
        ...{ report, signal, forMs },
      });
    },
    lags: lag.read,
    lookNow: schedule.lookNow,
    start: schedule.start,
    stop: schedule.stop,
  };
}
