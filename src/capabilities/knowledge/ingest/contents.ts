import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';
import { lockCollection } from '../collections/store.ts';
import { addChunks, dropChunks, type NewDocument } from '../documents/store.ts';
import { retireEditions } from '../editions/store.ts';
import type { Lexical } from '../lexical/index.ts';
import { closedChunk, openedTitle, type Seal, type Sealing } from '../sealing/index.ts';
import type { Chunk } from '../types.ts';
import type { Pace } from './pace.ts';

export interface Stores {
  db: Db;
  lexical: Lexical;
  /** For encrypted collections, which cannot be told apart without it. */
  sealing?: Sealing;
  /** Everybody at once, without it. */
  pace?: Pace;
}

/** One step of writing into a collection, in a transaction of its own. */
export function inTurn<T>(
  { db, pace }: Stores,
  org: OrgId,
  collection: number,
  step: (trx: Db) => Promise<T>,
): Promise<T> {
  const work = async (trx: Db) => {
    await lockCollection(trx, org, collection);
    return await step(trx);
  };
  if (!pace) return db.transaction().execute(work);
  return pace.turn((begun) =>
    db.transaction().execute((trx) => {
      begun();
      return work(trx);
    }),
  );
}

export async function sealOf({ sealing }: Stores, db: Db, org: OrgId, collection: number): Promise<Seal | undefined> {
  return (await sealing?.of(db, org, [collection]))?.get(collection);
}

/** Adds passages to a document, and to what is found by their words. */
export async function addPassages(
  trx: Db,
  stores: Stores,
  org: OrgId,
  of: Pick<NewDocument, 'collection' | 'audience' | 'language' | 'source' | 'uri' | 'title'> & { document: number },
  chunks: readonly Chunk[],
): Promise<void> {
  const { document, collection, audience, language } = of;
  const seal = await sealOf(stores, trx, org, collection);
  const title = seal ? openedTitle(seal, org, of) : of.title;
  const kept = seal ? chunks.map((chunk) => closedChunk(seal, org, collection, document, chunk)) : chunks;
  const ids = await addChunks(trx, org, { document, collection, audience }, kept);
  const entries = chunks.map(({ headings, text }, at) => ({
    ...{ chunkId: ids[at] as number, documentId: document, audience, language },
    ...{ title, headings, text },
  }));
  await stores.lexical.indexChunks(trx, org, collection, entries);
}

/** From the end of the transaction on nothing of these documents is found. What is much of it is cleared later. */
export async function forgetContents(
  trx: Db,
  lexical: Lexical,
  org: OrgId,
  collection: number,
  documents: readonly number[],
  butEdition?: number,
): Promise<void> {
  await retireEditions(trx, org, documents, butEdition);
  const gone = await dropChunks(trx, org, { documents });
  if (gone.length > 0) await lexical.unindexChunks(trx, org, collection, gone);
}
