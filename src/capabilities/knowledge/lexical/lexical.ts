import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';
import type { Sealing } from '../sealing/index.ts';
import { indexChunks, unindexChunks } from './index-chunks.ts';
import type { LexicalEntry } from './lex.ts';
import { type LexicalSearch, searchLexical } from './search.ts';
import { createStems } from './stems.ts';
import { purgeLexical } from './store.ts';

/**
 * Keyword search. It holds nothing but lexemes of words that were met, which depend on nobody's documents.
 *
 * @param sealing where collections may be encrypted
 */
export function createLexical(sealing?: Sealing) {
  const stems = createStems();
  const sealOf = async (db: Db, org: OrgId, collection: number) =>
    (await sealing?.of(db, org, [collection]))?.get(collection);
  return {
    indexChunks: async (trx: Db, org: OrgId, collection: number, entries: readonly LexicalEntry[]) =>
      await indexChunks(trx, org, collection, entries, stems, await sealOf(trx, org, collection)),
    unindexChunks: async (trx: Db, org: OrgId, collection: number, chunks: readonly number[]) =>
      await unindexChunks(trx, org, collection, chunks, await sealOf(trx, org, collection)),
    /** Removes everything of one organisation. */
    purge: purgeLexical,
    search: (db: Db, org: OrgId, search: LexicalSearch) => searchLexical(db, org, search, stems, sealing),
  };
}

export type Lexical = ReturnType<typeof createLexical>;
