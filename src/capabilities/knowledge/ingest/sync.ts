import { setTimeout as pause } from 'node:timers/promises';
import { FairleadError } from '../../../kernel/errors.ts';
import type { OrgId } from '../../../kernel/principal.ts';
import { audienceOf } from '../collections/store.ts';
import { confirmDocuments, type KnownDocument, knownDocuments } from '../documents/store.ts';
import type { Reader } from '../read/index.ts';
import { closedTold } from '../sealing/index.ts';
import type { Source, SourceItem } from '../sources/index.ts';
import { everyone, type Language } from '../types.ts';
import { type AccountDeps, openAccount } from './account.ts';
import { sealOf } from './contents.ts';
import { type Arrival, hashOf, keepDocument, removeDocuments, removedAtOnce, type Stores } from './keep.ts';
import type { DocumentRef, IngestNews } from './news.ts';
import { unlessAborted, watchStall } from './stall.ts';
import { lastCursor, type RunCounts, type RunProblem } from './store.ts';
import { type ToldNews, takeUpTold } from './told/store.ts';
import { digestOfTold, hasSameTitle, toldOf } from './told/told.ts';

/** A source with where its documents go. */
export interface Feed {
  org: OrgId;
  collection: number;
  collectionName: string;
  /** Its name within the collection. */
  name: string;
  /** Throws where its settings are of no use: that costs this feed only. */
  open(): Source;
  /** Of documents that are too short to tell. */
  language: Language;
}

export interface SyncDeps extends AccountDeps, Stores {
  reader: Reader;
  news: IngestNews;
  /** A pass in which no document is seen, kept or known to be gone for so long has failed. */
  stallMs: number;
}

export interface SyncEnd {
  /** `busy`: a run of the same source is under way elsewhere. */
  state: 'done' | 'stopped' | 'failed' | 'busy';
  counts?: RunCounts;
  problems?: RunProblem[];
  reason?: string;
}

/** How long a source that was ended in the middle may take to put away what it holds. */
const closingMs = 1_000;
/** Documents that are fetched and read at the same time. */
const atOnce = 4;
/** Raised when the same bytes would be read otherwise than before. */
const readingVersion = '2';

/**
 * Brings a collection up to date with one of its sources. What has not changed costs a look at its revision or one
 * hash; each document is kept by itself, so a run that was cut off goes on where it was when it is begun again.
 */
export async function syncFeed(feed: Feed, deps: SyncDeps, signal: AbortSignal): Promise<SyncEnd> {
  const { db, clock, log, news } = deps;
  const { org, collection, name } = feed;
  let same: number[] = [];
  let told: ToldNews[] = [];
  const confirm = async () => {
    const [confirmed, toldNow] = [same, told];
    same = [];
    told = [];
    await confirmDocuments(db, org, confirmed, clock.now());
    await takeUpTold(db, org, collection, toldNow);
  };
  const account = await openAccount(deps, { org, collection, source: name }, confirm);
  if (!account) return { state: 'busy' };

  const { counts, problems } = account;
  const stall = watchStall(deps.stallMs);
  const stopped = AbortSignal.any([signal, account.lost]);
  const over = AbortSignal.any([stopped, stall.signal]);
  const working = new Set<Promise<void>>();
  let scan: ReturnType<Source['scan']> | undefined;
  const problem = (uri: string, reason: string) => {
    account.problem(uri, reason);
    news.failed();
  };
  try {
    const known = await knownDocuments(db, org, collection, name);
    const cursor = cursorOf(feed, await lastCursor(db, org, collection, name));
    if (cursor === undefined && known.size > 0) counts.expected = known.size;
    const take = await taker(feed, deps, known, over);
    const met = new Set<string>();
    const drop = async (gone: readonly KnownDocument[]) => {
      for (let at = 0; at < gone.length; at += removedAtOnce) {
        const ids = gone.slice(at, at + removedAtOnce).map(({ id }) => id);
        await removeDocuments(deps, org, collection, ids, clock.now());
        counts.removed += ids.length;
        for (const id of ids) news.removed(refOf(feed, id));
        stall.moved();
      }
    };
    scan = feed.open().scan({
      cursor,
      signal: over,
      problem(uri, reason) {
        met.add(uri); // it is there, if not to be read now
        problem(uri, reason);
      },
      skipped(uri, reason) {
        account.skipped(uri, reason);
        stall.moved();
      },
    });
    const items = scan;
    const next = () => unlessAborted(items.next(), over);
    let step = await next();
    for (; !step.done; step = await next()) {
      const found = step.value;
      if ('gone' in found) {
        const before = known.get(found.gone);
        if (before) await drop([before]);
        continue;
      }
      counts.seen += 1;
      met.add(found.uri);
      const work = take(found)
        .then((taken) => {
          const { end, document } = taken;
          counts[end] += 1;
          stall.moved();
          if (end !== 'unchanged') return news.indexed(refOf(feed, document), end, taken.tookMs);
          same.push(document);
          if (taken.told) told.push(taken.told);
        })
        .catch((error: unknown) => {
          if (!over.aborted) problem(found.uri, reasonOf(error));
        })
        .finally(() => working.delete(work));
      working.add(work);
      if (working.size >= atOnce) await Promise.race(working);
    }
    await Promise.all(working);
    over.throwIfAborted();
    if (step.value.whole && met.size === 0 && known.size > 0) {
      // More likely a folder that is not mounted than one of which everything was removed.
      const reason =
        'It lists nothing any more. What was found before stays: remove the source, or the collection, to forget it.';
      await account.end({ state: 'failed', reason });
      return { state: 'failed', counts, problems, reason };
    }
    // What could not be read this time is still there; only what the source did not name is gone.
    if (step.value.whole) await drop([...known].filter(([uri]) => !met.has(uri)).map(([, document]) => document));
    // Of what failed the source would not speak again until it changes.
    const left = counts.failed === 0 ? step.value.cursor : undefined;
    await account.end({ state: 'done', ...(left === undefined ? {} : { cursor: `${wayOf(feed)}${left}` }) });
    return { state: 'done', counts, problems };
  } catch (error) {
    await Promise.all(working); // each ends by itself: it heeds the signal, or is being kept
    await Promise.race([scan?.return({ whole: false }).catch(() => {}), pause(closingMs, undefined, { ref: false })]);
    const state = stopped.aborted ? 'stopped' : 'failed';
    const reason = stall.signal.aborted ? stalledFor(deps.stallMs) : reasonOf(error);
    if (state === 'failed') log.warn({ err: error, orgId: org, source: name }, 'a source could not be read whole');
    await account.end({ state, ...(state === 'failed' ? { reason } : {}) });
    return { state, counts, problems, ...(state === 'failed' ? { reason } : {}) };
  } finally {
    stall.end();
  }
}

function stalledFor(ms: number): string {
  return `Nothing came of it for ${Math.max(1, Math.round(ms / 60_000))} minutes, so it was ended.`;
}

function refOf({ org, collection: collectionId, collectionName, name }: Feed, document: number): DocumentRef {
  return { org, collection: collectionName, collectionId, source: name, document };
}

/** How documents are read now. What was kept of another way neither spares reading nor says where to go on. */
function wayOf({ language }: Feed): string {
  return `${readingVersion} ${language} `;
}

function cursorOf(feed: Feed, kept: string | undefined): string | undefined {
  return kept?.startsWith(wayOf(feed)) ? kept.slice(wayOf(feed).length) : undefined;
}

type Taken =
  | { end: 'added' | 'changed'; document: number; tookMs: number }
  | { end: 'unchanged'; document: number; told?: ToldNews };

/** What is done with each item of the source. */
async function taker(
  feed: Feed,
  deps: SyncDeps,
  known: ReadonlyMap<string, KnownDocument>,
  signal: AbortSignal,
): Promise<(item: SourceItem) => Promise<Taken>> {
  const { org, collection, name: source, language } = feed;
  const { db, clock, reader } = deps;
  const usual = await audienceOf(db, org, [everyone]);
  const seal = await sealOf(deps, db, org, collection);
  const asKept = (text: string) => (seal ? seal.hash(text) : text);
  return async (item) => {
    const { uri, name, mediaType, title, readers = [everyone] } = item;
    const revision = item.revision === undefined ? undefined : `${wayOf(feed)}${item.revision}`;
    const before = known.get(uri);
    const told = toldOf(item);
    const digest = digestOfTold(told, title);
    const digestKept = seal ? closedTold(seal, digest) : digest;
    // What an encrypted document has beside its content is closed as a whole: it is kept anew.
    const isTold = (one: KnownDocument) =>
      !seal || (one.told === digestKept && one.revision === (revision === undefined ? undefined : asKept(revision)));
    const unchanged = ({ id, told: was, revision: called }: KnownDocument): Taken => {
      if (seal || (was === digest && called === revision)) return { end: 'unchanged', document: id };
      return { end: 'unchanged', document: id, told: { document: id, digest, revision, ...told } };
    };
    const audience = item.readers ? await audienceOf(db, org, readers) : usual;
    const sameReaders = before?.audience === audience;
    if (sameReaders && revision !== undefined && before.revision === asKept(revision)) {
      // What it says beside its content is looked at all the same; a title is indexed, so it takes reading.
      const same = seal ? isTold(before) : hasSameTitle(before.told ?? digestOfTold(told, undefined), digest);
      if (same) return unchanged(before);
    }
    const bytes = await unlessAborted(item.read(signal), signal);
    const arrivedAt = performance.now();
    const hash = hashOf(bytes, wayOf(feed), name, mediaType ?? '', title ?? '');
    if (sameReaders && before.hash === asKept(hash) && isTold(before)) return unchanged(before);
    const found = await reader.read({ bytes, name, language, ...(mediaType ? { mediaType } : {}) }, signal);
    const arrival: Arrival = {
      ...{ collection, source, uri, hash, bytes: bytes.byteLength, readers, ...told },
      ...{ told: digest, toldKeys: Object.keys(told.metadata) },
      ...(revision === undefined ? {} : { revision }),
      ...(title === undefined ? {} : { title }),
    };
    const document = await keepDocument(deps, org, arrival, found, clock.now(), () => signal.throwIfAborted());
    return { end: before ? 'changed' : 'added', document, tookMs: performance.now() - arrivedAt };
  };
}

/** What may stand in a report: of anything but our own errors no word, since it could hold anything. */
function reasonOf(error: unknown): string {
  return error instanceof FairleadError ? error.message : 'it failed for a reason that only the log tells';
}
