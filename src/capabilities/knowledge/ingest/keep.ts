import { hash } from 'node:crypto';
import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';
import { audienceOf, countChange } from '../collections/store.ts';
import { addChunks, buryDocuments, dropChunks, type NewDocument, putDocument } from '../documents/store.ts';
import type { Lexical } from '../lexical/index.ts';
import type { ReadDocument } from '../types.ts';

/** A document as it comes, beside what was read of it. */
export type Arrival = Pick<NewDocument, 'collection' | 'source' | 'uri' | 'hash' | 'bytes'> &
  Partial<Pick<NewDocument, 'revision' | 'url' | 'changedAt' | 'metadata' | 'title' | 'told' | 'toldKeys'>> & {
    /** Subjects who may read it. */
    readers: readonly string[];
  };

export interface Stores {
  db: Db;
  lexical: Lexical;
}

/** Of the bytes, and of all that decides what is made of them. */
export function hashOf(bytes: Uint8Array, ...ways: readonly string[]): string {
  return `${hash('sha256', bytes)}:${hash('sha256', JSON.stringify(ways)).slice(0, 16)}`;
}

/** Puts a document in the place of what was there before: whoever reads finds the one or the other, whole. */
export async function keepDocument(
  { db, lexical }: Stores,
  org: OrgId,
  arrival: Arrival,
  read: ReadDocument,
  now: number,
): Promise<number> {
  const { readers, ...given } = arrival;
  const title = arrival.title ?? read.title;
  return await db.transaction().execute(async (trx) => {
    const audience = await audienceOf(trx, org, readers);
    const { kind, language } = read;
    const metadata = { ...read.metadata, ...arrival.metadata };
    const row = { ...given, title, kind, language, metadata, audience, confirmedAt: now, indexedAt: now };
    const document = await putDocument(trx, org, row, read.chunks.length);
    await forgetChunks(trx, lexical, org, arrival.collection, [document]);
    const ids = await addChunks(trx, org, { document, collection: arrival.collection, audience }, read.chunks);
    const entries = read.chunks.map(({ headings, text }, at) => ({
      chunkId: ids[at] as number,
      documentId: document,
      audience,
      language,
      title,
      headings,
      text,
    }));
    await lexical.indexChunks(trx, org, arrival.collection, entries);
    await countChange(trx, org, arrival.collection);
    return document;
  });
}

/** The embedded database does nothing else while a transaction is open. */
export const removedAtOnce = 20;

/** Takes documents out of what can be found, and leaves a tombstone of each. */
export async function removeDocuments(
  { db, lexical }: Stores,
  org: OrgId,
  collection: number,
  documents: readonly number[],
  now: number,
): Promise<void> {
  for (let at = 0; at < documents.length; at += removedAtOnce) {
    const gone = documents.slice(at, at + removedAtOnce);
    await db.transaction().execute(async (trx) => {
      await buryDocuments(trx, org, gone, now);
      await forgetChunks(trx, lexical, org, collection, gone);
      await countChange(trx, org, collection);
    });
  }
}

async function forgetChunks(
  trx: Db,
  lexical: Lexical,
  org: OrgId,
  collection: number,
  documents: readonly number[],
): Promise<void> {
  const gone = await dropChunks(trx, org, documents);
  if (gone.length > 0) await lexical.unindexChunks(trx, org, collection, gone);
}
