import { hash } from 'node:crypto';
import type { OrgId } from '../../../kernel/principal.ts';
import { audienceOf, countChange } from '../collections/store.ts';
import { buryDocuments, type NewDocument, putDocument } from '../documents/store.ts';
import { closedDocument } from '../sealing/index.ts';
import type { ReadDocument } from '../types.ts';
import { addPassages, forgetContents, inTurn, type Stores, sealOf } from './contents.ts';
import { keepLong, type Progress, passagesAtOnce } from './long.ts';

export type { Stores } from './contents.ts';

/** A document as it comes, beside what was read of it. */
export type Arrival = Pick<NewDocument, 'collection' | 'source' | 'uri' | 'hash' | 'bytes'> &
  Partial<Pick<NewDocument, 'revision' | 'url' | 'changedAt' | 'metadata' | 'title' | 'told' | 'toldKeys'>> & {
    /** Subjects who may read it. */
    readers: readonly string[];
  };

/** Of the bytes, and of all that decides what is made of them. */
export function hashOf(bytes: Uint8Array, ...ways: readonly string[]): string {
  return `${hash('sha256', bytes)}:${hash('sha256', JSON.stringify(ways)).slice(0, 16)}`;
}

/**
 * Puts a document in the place of what was there before: whoever reads finds the one or the other, whole.
 *
 * @param progress told of the passages of a long document as they are written; what it throws ends the work
 */
export async function keepDocument(
  stores: Stores,
  org: OrgId,
  arrival: Arrival,
  read: ReadDocument,
  now: number,
  progress?: Progress,
): Promise<number> {
  const { lexical } = stores;
  const { readers, ...given } = arrival;
  const { kind, language, chunks } = read;
  const plain = {
    ...{ ...given, title: arrival.title ?? read.title, kind, language },
    ...{ metadata: { ...read.metadata, ...arrival.metadata }, confirmedAt: now, indexedAt: now },
  };
  const seal = await sealOf(stores, stores.db, org, plain.collection);
  const row = seal ? closedDocument(seal, org, plain) : plain;
  if (chunks.length > passagesAtOnce) return await keepLong(stores, org, row, readers, chunks, progress);
  return await inTurn(stores, org, row.collection, async (trx) => {
    const audience = await audienceOf(trx, org, readers);
    const document = await putDocument(trx, org, { ...row, audience }, chunks.length);
    await forgetContents(trx, lexical, org, row.collection, [document]);
    await addPassages(trx, stores, org, { ...row, document, audience }, chunks);
    await countChange(trx, org, row.collection);
    return document;
  });
}

/** The embedded database does nothing else while a transaction is open. */
export const removedAtOnce = 20;

/** Takes documents out of what can be found, and leaves a tombstone of each. */
export async function removeDocuments(
  stores: Stores,
  org: OrgId,
  collection: number,
  documents: readonly number[],
  now: number,
): Promise<void> {
  for (let at = 0; at < documents.length; at += removedAtOnce) {
    const gone = documents.slice(at, at + removedAtOnce);
    await inTurn(stores, org, collection, async (trx) => {
      await buryDocuments(trx, org, gone, now);
      await forgetContents(trx, stores.lexical, org, collection, gone);
      await countChange(trx, org, collection);
    });
  }
}
