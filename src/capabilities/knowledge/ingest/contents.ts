import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';
import { addChunks, dropChunks, type NewDocument } from '../documents/store.ts';
import { retireEditions } from '../editions/store.ts';
import type { Lexical } from '../lexical/index.ts';
import type { Chunk } from '../types.ts';
import type { Pace } from './pace.ts';

export interface Stores {
  db: Db;
  lexical: Lexical;
  /** Everybody at once, without it. */
  pace?: Pace;
}

/** One step of writing, in a transaction of its own. */
export function inTurn<T>({ db, pace }: Stores, step: (trx: Db) => Promise<T>): Promise<T> {
  if (!pace) return db.transaction().execute(step);
  return pace.turn((begun) =>
    db.transaction().execute((trx) => {
      begun();
      return step(trx);
    }),
  );
}

/** Adds passages to a document, and to what is found by their words. */
export async function addPassages(
  trx: Db,
  lexical: Lexical,
  org: OrgId,
  of: Pick<NewDocument, 'collection' | 'audience' | 'language' | 'title'> & { document: number },
  chunks: readonly Chunk[],
): Promise<void> {
  const { document, collection, audience, language, title } = of;
  const ids = await addChunks(trx, org, { document, collection, audience }, chunks);
  const entries = chunks.map(({ headings, text }, at) => ({
    ...{ chunkId: ids[at] as number, documentId: document, audience, language },
    ...{ title, headings, text },
  }));
  await lexical.indexChunks(trx, org, collection, entries);
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
