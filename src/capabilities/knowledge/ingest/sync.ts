import { FairleadError } from '../../../kernel/errors.ts';
import type { OrgId } from '../../../kernel/principal.ts';
import { audienceOf } from '../collections/store.ts';
import { confirmDocuments, type KnownDocument, knownDocuments, reviseDocument } from '../documents/store.ts';
import type { Reader } from '../read/index.ts';
import type { Source, SourceItem } from '../sources/index.ts';
import { everyone, type Language } from '../types.ts';
import { type AccountDeps, openAccount } from './account.ts';
import { type Arrival, hashOf, keepDocument, removeDocuments, type Stores } from './keep.ts';
import { lastCursor, type RunCounts, type RunProblem } from './store.ts';

/** A source with where its documents go. */
export interface Feed {
  org: OrgId;
  collection: number;
  /** Its name within the collection. */
  name: string;
  /** Throws where its settings are of no use: that costs this feed only. */
  open(): Source;
  /** Of documents that are too short to tell. */
  language: Language;
}

export interface SyncDeps extends AccountDeps, Stores {
  reader: Reader;
  /** Told of each document that can be found from now on. */
  indexed(org: OrgId, collection: number, document: number): void;
}

export interface SyncEnd {
  /** `busy`: a run of the same source is under way elsewhere. */
  state: 'done' | 'stopped' | 'failed' | 'busy';
  counts?: RunCounts;
  problems?: RunProblem[];
  reason?: string;
}

/** Documents that are fetched and read at the same time. */
const atOnce = 4;
/** Raised when the same bytes would be read otherwise than before. */
const readingVersion = '1';

/**
 * Brings a collection up to date with one of its sources. What has not changed costs a look at its revision or one
 * hash; each document is kept by itself, so a run that was cut off goes on where it was when it is begun again.
 */
export async function syncFeed(feed: Feed, deps: SyncDeps, signal: AbortSignal): Promise<SyncEnd> {
  const { db, clock, log } = deps;
  const { org, collection, name } = feed;
  let same: number[] = [];
  const confirm = async () => {
    const confirmed = same;
    same = [];
    await confirmDocuments(db, org, confirmed, clock.now());
  };
  const account = await openAccount(deps, { org, collection, source: name }, confirm);
  if (!account) return { state: 'busy' };

  const { counts, problems } = account;
  const stopped = AbortSignal.any([signal, account.lost]);
  try {
    const known = await knownDocuments(db, org, collection, name);
    const kept = await lastCursor(db, org, collection, name);
    const take = await taker(feed, deps, known, stopped);
    const met = new Set<string>();
    const drop = async (gone: readonly KnownDocument[]) => {
      const ids = gone.map(({ id }) => id);
      await removeDocuments(deps, org, collection, ids, clock.now());
      counts.removed += gone.length;
    };
    const scan = feed.open().scan({
      cursor: cursorOf(feed, kept),
      signal: stopped,
      problem(uri, reason) {
        met.add(uri); // it is there, if not to be read now
        account.problem(uri, reason);
      },
      skipped: account.skipped,
    });
    const working = new Set<Promise<void>>();
    let step = await scan.next();
    for (; !step.done; step = await scan.next()) {
      stopped.throwIfAborted();
      const found = step.value;
      if ('gone' in found) {
        const before = known.get(found.gone);
        if (before) await drop([before]);
        continue;
      }
      counts.seen += 1;
      met.add(found.uri);
      const work = take(found)
        .then(({ end, document }) => {
          counts[end] += 1;
          if (end === 'unchanged') same.push(document);
          else deps.indexed(org, collection, document);
        })
        .catch((error: unknown) => {
          if (!stopped.aborted) account.problem(found.uri, reasonOf(error));
        })
        .finally(() => working.delete(work));
      working.add(work);
      if (working.size >= atOnce) await Promise.race(working);
    }
    await Promise.all(working);
    stopped.throwIfAborted();
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
    const next = counts.failed === 0 ? step.value.cursor : undefined;
    await account.end({ state: 'done', ...(next === undefined ? {} : { cursor: `${wayOf(feed)}${next}` }) });
    return { state: 'done', counts, problems };
  } catch (error) {
    const state = stopped.aborted ? 'stopped' : 'failed';
    const reason = reasonOf(error);
    if (state === 'failed') log.warn({ err: error, orgId: org, source: name }, 'a source could not be read whole');
    await account.end({ state, ...(state === 'failed' ? { reason } : {}) });
    return { state, counts, problems, ...(state === 'failed' ? { reason } : {}) };
  }
}

/** How documents are read now. What was kept of another way neither spares reading nor says where to go on. */
function wayOf({ language }: Feed): string {
  return `${readingVersion} ${language} `;
}

function cursorOf(feed: Feed, kept: string | undefined): string | undefined {
  return kept?.startsWith(wayOf(feed)) ? kept.slice(wayOf(feed).length) : undefined;
}

type Taken = { end: 'added' | 'changed' | 'unchanged'; document: number };

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
  return async (item) => {
    const { uri, name, mediaType, title, readers = [everyone], read, revision: given, ...told } = item;
    const revision = given === undefined ? undefined : `${wayOf(feed)}${given}`;
    const before = known.get(uri);
    const audience = item.readers ? await audienceOf(db, org, readers) : usual;
    const sameReaders = before?.audience === audience;
    if (sameReaders && revision !== undefined && before.revision === revision) {
      return { end: 'unchanged', document: before.id };
    }
    const bytes = await read(signal);
    const hash = hashOf(bytes, wayOf(feed), name, mediaType ?? '', title ?? '');
    if (sameReaders && before.hash === hash) {
      await reviseDocument(db, org, before.id, revision);
      return { end: 'unchanged', document: before.id };
    }
    const found = await reader.read({ bytes, name, language, ...(mediaType ? { mediaType } : {}) }, signal);
    const arrival: Arrival = {
      ...{ collection, source, uri, hash, bytes: bytes.byteLength, readers, ...told },
      ...(revision === undefined ? {} : { revision }),
      ...(title === undefined ? {} : { title }),
    };
    const document = await keepDocument(deps, org, arrival, found, clock.now());
    return { end: before ? 'changed' : 'added', document };
  };
}

/** What may stand in a report: of anything but our own errors no word, since it could hold anything. */
function reasonOf(error: unknown): string {
  return error instanceof FairleadError ? error.message : 'it failed for a reason that only the log tells';
}
