import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';
import { type Fill, type FillDeps, fill, isFilled } from './filler.ts';
import { createQueryVectors } from './query-vectors.ts';
import { asQuestion, searchVectors, type VectorHit, type VectorSearch } from './search/search.ts';
import { listEmbeddings, makeIndexes, raiseGeneration, release, removeUnused } from './spaces/store.ts';
import { type CollectionVectors, countPending, readVectors } from './store.ts';

export interface Vectors {
  /** The passages nearest to what is asked that the subjects may read; none without a model, or while it does not answer. */
  search(db: Db, org: OrgId, search: VectorSearch, signal: AbortSignal): Promise<VectorHit[]>;
  /** A question as the usual model has it; undefined without one, or while it does not answer. */
  vectorOf(question: string): Promise<Float32Array | undefined>;
  /** What collections have of vectors, by their ids. */
  read(org: OrgId): Promise<Map<number, CollectionVectors>>;
  /** Passages that wait for their vector. */
  pending(org: OrgId, collection: number): Promise<number>;
  /** Has all vectors of a collection made anew beside those that are searched. False where it has no model. */
  rebuild(org: OrgId, collection: number, settings: unknown): Promise<boolean>;
  /** A document can be found by its words: its vectors are made next. */
  indexed(org: OrgId, collection: number, document: number): void;
  /** Settings changed: looks at all now. */
  changed(): void;
  start(): void;
  stop(): Promise<void>;
}

interface Deps extends FillDeps {
  /** Up to so many passages that may be read, all are looked at; by measurement when absent. */
  allUpTo?: number;
  /** How often is looked at what is to be done. */
  lookMs?: number;
}

const usualLookMs = 5_000;
/** Documents that come one after the other are taken together. */
const gatherMs = 100;
/** What changes all the time is gone through whole no oftener; what is new in it is not waited for. */
const wholeEveryMs = 30_000;
const shortestRestMs = 1_000;
const longestRestMs = 5 * 60_000;

/** Vectors of passages: made behind the ingestion, which never waits for a model, and searched. */
export function createVectors(deps: Deps): Vectors {
  const { db, embedders, log, replica, lookMs = usualLookMs } = deps;
  const queries = createQueryVectors(deps);
  const stopping = new AbortController();
  const fresh = new Map<string, Required<Fill>>();
  const wholeAt = new Map<string, number>();
  const resting = new Map<string, { untilMs: number; restMs: number }>();
  let going: string | undefined;
  let isStarted = false;
  let isDue = true;
  let isIndexed = false;
  let timer: NodeJS.Timeout | undefined;
  let freshTimer: NodeJS.Timeout | undefined;
  let working = Promise.resolve();
  let workingFresh = Promise.resolve();
  const keyOf = ({ org, collection }: Fill) => `${org} ${collection}`;
  const isResting = (key: string) => (resting.get(key)?.untilMs ?? 0) > performance.now();

  const run = async (what: Fill) => {
    const key = keyOf(what);
    try {
      await fill(deps, what, stopping.signal);
      if (resting.delete(key)) log.info({ orgId: what.org, collection: what.collection }, 'vectors are made again');
    } catch (err) {
      if (stopping.signal.aborted) return;
      const before = resting.get(key);
      const restMs = Math.min(longestRestMs, before ? before.restMs * 2 : shortestRestMs);
      resting.set(key, { restMs, untilMs: performance.now() + restMs });
      wholeAt.delete(key); // the rest is pause enough
      const about = { err, orgId: what.org, collection: what.collection };
      if (before) log.debug(about, 'vectors still cannot be made');
      else log.warn(about, 'vectors of passages cannot be made: they are found by words alone until it goes again');
    } finally {
      if (what.documents === undefined || going !== key)
        await release(db, what.org, what.collection, replica).catch(() => {}); // it is taken over in time
    }
  };

  /** Whether there may be something to do later. */
  const look = async (): Promise<boolean> => {
    if (!isIndexed) await makeIndexes(db);
    isIndexed = true;
    let isOpen = embedders.all.length > 0;
    for (const one of await listEmbeddings(db)) {
      if (stopping.signal.aborted) return false;
      const { org, collection } = one;
      const key = keyOf({ org, collection });
      if (isFilled(deps, one)) continue;
      isOpen = true;
      if (isResting(key)) continue;
      const isNews =
        one.filledVersion !== undefined && one.live && isFilled(deps, { ...one, filledVersion: one.version });
      if (isNews && performance.now() - (wholeAt.get(key) ?? Number.NEGATIVE_INFINITY) < wholeEveryMs) continue;
      wholeAt.set(key, performance.now());
      going = key;
      await run({ org, collection });
      going = undefined;
    }
    await removeUnused(db);
    return isOpen;
  };

  const next = (afterMs: number) => {
    clearTimeout(timer);
    if (stopping.signal.aborted || !isStarted) return;
    timer = setTimeout(() => {
      working = working
        .then(async () => {
          isDue = false;
          return await look();
        })
        .catch((err: unknown) => {
          if (!stopping.signal.aborted) log.warn({ err }, 'what passages lack of vectors could not be looked at');
          return true;
        })
        .then((isOpen) => {
          if (isDue) next(0);
          else if (isOpen) next(lookMs);
        });
    }, afterMs).unref();
  };

  const takeFresh = async () => {
    const taken = [...fresh.values()];
    fresh.clear();
    for (const what of taken) {
      const key = keyOf(what);
      // A pass that is under way comes to what is new by itself; after an outage one goes through all.
      if (!stopping.signal.aborted && going !== key && !isResting(key)) await run(what);
    }
  };

  const changed = () => {
    isDue = true;
    next(0);
  };

  return {
    // Without any model nothing can be asked for by its meaning, whatever vectors there are.
    search: async (on, org, search, signal) =>
      embedders.all.length === 0 ? [] : await searchVectors({ ...deps, db: on, queries }, org, search, signal),
    vectorOf: async (question) => embedders.usual && (await queries.of(embedders.usual.model, asQuestion(question))),
    read: async (org) => new Map((await readVectors(db, org)).map((one) => [one.collection, one])),
    pending: (org, collection) => countPending(db, org, collection),
    async rebuild(org, collection, settings) {
      if (!embedders.named(deps.modelOf(settings))) return false;
      await raiseGeneration(db, org, collection);
      changed();
      return true;
    },
    indexed(org, collection, document) {
      if (!isStarted || embedders.all.length === 0) return;
      const what = { org, collection, documents: [document] };
      const before = fresh.get(keyOf(what));
      fresh.set(keyOf(what), { ...what, documents: [...(before?.documents ?? []), document] });
      freshTimer ??= setTimeout(() => {
        freshTimer = undefined;
        workingFresh = workingFresh
          .then(takeFresh)
          .catch((err: unknown) => log.warn({ err }, 'new documents could not be looked at'));
      }, gatherMs).unref();
    },
    changed,
    start() {
      isStarted = true;
      next(0);
    },
    async stop() {
      stopping.abort();
      queries.stop();
      clearTimeout(timer);
      clearTimeout(freshTimer);
      await Promise.all([working, workingFresh]);
    },
  };
}
