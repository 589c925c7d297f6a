import type { ProgressUpdate } from '../../../kernel/call.ts';
import type { Clock } from '../../../kernel/clock.ts';
import { InvalidRequest } from '../../../kernel/errors.ts';
import type { Principal } from '../../../kernel/principal.ts';
import type { Collection, Collections } from '../collections/collections.ts';
import { hasDocument } from '../documents/store.ts';
import { NotWritable, PageUnavailable, UnknownCollection } from '../errors.ts';
import type { Reader } from '../read/index.ts';
import type { FetchPage } from '../sources/index.ts';
import { everyone } from '../types.ts';
import { hashOf, keepDocument, type Stores } from './keep.ts';
import type { IngestNews } from './news.ts';

export interface AddedDocument {
  collection: string;
  /** What it is called there; its ending helps to see what it is. */
  name: string;
  bytes: Uint8Array;
  mediaType?: string;
  title?: string;
}

/** A page that is fetched. */
export interface AddedPage {
  collection: string;
  url: string;
  /** Its address when absent. */
  name?: string;
  title?: string;
}

export interface KeptDocument {
  document: number;
  passages: number;
  title: string;
  warnings: string[];
}

type Tell = (update: ProgressUpdate) => void;

interface Deps {
  stores: Stores;
  collections: Collections;
  reader: Reader;
  fetchPage: FetchPage;
  clock: Clock;
  subjectsOf(principal: Principal): string[];
  news: Pick<IngestNews, 'indexed'>;
}

/** The source of documents that were sent in. */
export const sentIn = 'upload';

const nobodyListens: Tell = () => undefined;

/** Adds single documents for those who may write. */
export function createAdding(deps: Deps) {
  const { stores, collections, reader, fetchPage, clock, subjectsOf, news } = deps;

  const writable = async (principal: Principal, name: string): Promise<Collection> => {
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

  const contentOf = async (document: AddedDocument | AddedPage, signal: AbortSignal, progress: Tell) => {
    if ('bytes' in document) {
      const { name, bytes, mediaType } = document;
      return { uri: name, name, bytes, mediaType, changedAt: clock.now(), url: undefined };
    }
    const url = addressOf(document.url);
    const page = await fetchPage(url, signal);
    if ('refused' in page) throw page.blocked ?? PageUnavailable({ host: url.host, reason: page.refused });
    const { name, bytes, mediaType, changedAt } = page;
    progress({ progress: 1, message: `fetched: ${bytes.byteLength} bytes` });
    // Where redirects led is not kept: it may be good for minutes only, and for whoever has it.
    const told = {
      name,
      bytes,
      changedAt: changedAt ?? clock.now(),
      mediaType: mediaType === '' ? undefined : mediaType,
    };
    return { ...told, uri: document.name ?? url.href, url: url.href };
  };

  const add = async (
    principal: Principal,
    document: AddedDocument | AddedPage,
    signal: AbortSignal,
    progress: Tell = nobodyListens,
  ): Promise<KeptDocument> => {
    const { org } = principal;
    const { title } = document;
    const arrivedAt = performance.now();
    const { id: collection, settings } = await writable(principal, document.collection); // before anything is fetched
    const { uri, name, bytes, mediaType, changedAt, url } = await contentOf(document, signal, progress);
    const { language } = settings;
    const read = await reader.read({ bytes, name, language, ...(mediaType ? { mediaType } : {}) }, signal);
    const passages = read.chunks.length;
    const total = passages + 2;
    const inWords = `${passages} passage${passages === 1 ? '' : 's'}`;
    progress({ progress: 2, total, message: `read: ${inWords}` });
    const arrival = {
      ...{ collection, source: sentIn, uri, bytes: bytes.byteLength, readers: [everyone] },
      hash: hashOf(bytes, language, uri, mediaType ?? '', title ?? ''),
      ...{ changedAt, metadata: { sentBy: principal.id } },
      ...(url === undefined ? {} : { url }),
      ...(title === undefined ? {} : { title }),
    };
    const change = (await hasDocument(stores.db, org, arrival)) ? 'changed' : 'added';
    const kept = await keepDocument(stores, org, arrival, read, clock.now(), (done) => {
      signal.throwIfAborted();
      if (done < passages) progress({ progress: 2 + done, total, message: `kept: ${done} of ${inWords}` });
    });
    progress({ progress: total, total, message: `kept: ${passages} of ${inWords}` });
    const ref = { org, collection: document.collection, collectionId: collection, source: sentIn, document: kept };
    news.indexed(ref, change, performance.now() - arrivedAt);
    return { document: kept, passages, title: title ?? read.title, warnings: read.warnings };
  };

  return { add, /** A collection in which somebody may write. @throws UnknownCollection, NotWritable */ writable };
}

/** The fragment is a place within the page. */
function addressOf(text: string): URL {
  if (!URL.canParse(text)) throw InvalidRequest({ faults: ['url must be an http or https address'] });
  const url = new URL(text);
  url.hash = '';
  return url;
}
