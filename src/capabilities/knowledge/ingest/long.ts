import type { OrgId } from '../../../kernel/principal.ts';
import { audienceOf, countChange } from '../collections/store.ts';
import { dropChunks, type NewDocument, putDocument, reserveDocument } from '../documents/store.ts';
import {
  abandonEdition,
  claimEdition,
  deleteEdition,
  type Edition,
  findLeftEdition,
  openEdition,
  publishEdition,
  touchEdition,
} from '../editions/store.ts';
import { DocumentOvertaken } from '../errors.ts';
import type { Chunk } from '../types.ts';
import { addPassages, forgetContents, inTurn, type Stores } from './contents.ts';

/** Passages that are written, or cleared, in one transaction: nobody else is served by the embedded database meanwhile. */
export const passagesAtOnce = 100;

/** Told of a document while it is written, in passages, and awaited between its steps. */
export type Progress = (done: number, total: number) => void | Promise<void>;

/**
 * Keeps a document of many passages: they are written in steps, found by nobody until one short transaction puts them in
 * the place of what was there before. Ended in the middle, it leaves that as it was.
 */
export async function keepLong(
  stores: Stores,
  org: OrgId,
  document: Omit<NewDocument, 'audience'>,
  readers: readonly string[],
  chunks: readonly Chunk[],
  progress: Progress = () => {},
): Promise<number> {
  const { lexical } = stores;
  const { collection } = document;
  const edition = await inTurn(stores, org, collection, async (trx) => {
    const row = { ...document, audience: await audienceOf(trx, org, readers) };
    return await openEdition(trx, org, { collection, document: await reserveDocument(trx, org, row) });
  });
  try {
    for (let at = 0; at < chunks.length; at += passagesAtOnce) {
      const some = chunks.slice(at, at + passagesAtOnce);
      await inTurn(stores, org, collection, async (trx) => {
        if (!(await touchEdition(trx, org, edition))) throw DocumentOvertaken();
        await addPassages(trx, stores, org, { ...document, ...edition }, some);
      });
      await progress(at + some.length, chunks.length);
    }
    return await inTurn(stores, org, collection, async (trx) => {
      const audience = await audienceOf(trx, org, readers);
      const id = await putDocument(trx, org, { ...document, audience }, chunks.length);
      if (!(await publishEdition(trx, org, edition, readers))) throw DocumentOvertaken();
      await forgetContents(trx, lexical, org, collection, [id], edition.audience);
      await countChange(trx, org, collection);
      return id;
    });
  } catch (error) {
    // Where this fails, too, it is taken for abandoned after a while.
    await abandonEdition(stores.db, org, edition).catch(() => undefined);
    throw error;
  }
}

/** How long nothing may be heard of whoever makes an edition, before it is taken for abandoned. */
const abandonedAfterMs = 5 * 60_000;

/**
 * Clears what was replaced, and what was never finished, in steps; returns how many passages went.
 *
 * @param goneAfterMs how long nothing may have been heard of one that is being made
 */
export async function clearEditions(
  stores: Stores,
  signal?: AbortSignal,
  goneAfterMs = abandonedAfterMs,
): Promise<number> {
  let cleared = 0;
  for (;;) {
    const left = await findLeftEdition(stores.db, goneAfterMs);
    if (!left) return cleared;
    for (;;) {
      if (signal?.aborted) return cleared;
      const gone = await clearSome(stores, left.org, left, goneAfterMs);
      if (gone === 'busy') return cleared;
      if (gone === 0) break;
      cleared += gone;
    }
  }
}

/** One step; 0 when nothing was left of it. */
function clearSome(stores: Stores, org: OrgId, edition: Edition, goneAfterMs: number): Promise<number | 'busy'> {
  return inTurn(stores, org, edition.collection, async (trx) => {
    if (!(await claimEdition(trx, org, edition, goneAfterMs))) return 'busy';
    const gone = await dropChunks(trx, org, { edition, most: passagesAtOnce });
    await stores.lexical.unindexChunks(trx, org, edition.collection, gone);
    if (gone.length === 0) await deleteEdition(trx, org, edition);
    return gone.length;
  });
}
