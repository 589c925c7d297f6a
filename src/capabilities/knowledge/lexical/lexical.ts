import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';
import { indexChunks, unindexChunks } from './index-chunks.ts';
import type { LexicalEntry } from './lex.ts';
import { type LexicalSearch, searchLexical } from './search.ts';
import { createStems } from './stems.ts';
import { purgeLexical } from './store.ts';

/** Keyword search. It holds nothing but lexemes of words that were met, which depend on nobody's documents. */
export function createLexical() {
  const stems = createStems();
  return {
    indexChunks: (trx: Db, org: OrgId, collection: number, entries: readonly LexicalEntry[]) =>
      indexChunks(trx, org, collection, entries, stems),
    unindexChunks,
    /** Removes everything of one organisation. */
    purge: purgeLexical,
    search: (db: Db, org: OrgId, search: LexicalSearch) => searchLexical(db, org, search, stems),
  };
}

export type Lexical = ReturnType<typeof createLexical>;
