import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';
import { createRemembered } from '../remembered.ts';
import type { Sealing } from '../sealing/index.ts';
import { indexChunks, unindexChunks } from './index-chunks.ts';
import type { LexicalEntry } from './lex.ts';
import type { KnownLexemes } from './reading/store.ts';
import { type LexicalSearch, searchLexical } from './search.ts';
import { createStems } from './stems.ts';
import { purgeLexical } from './store.ts';

/** Of all lexemes of chunks that are remembered: 16 MiB at most, for the most part half of it. */
const mostCharacters = 8 * 1_024 * 1_024;

/**
 * Keyword search. It holds lexemes of words that were met, which depend on nobody's documents, and those of chunks, which are
 * used only where a statement has let the chunk through.
 *
 * @param sealing where collections may be encrypted
 */
export function createLexical(sealing?: Sealing) {
  const stems = createStems();
  const known: KnownLexemes = createRemembered<string>(mostCharacters, ({ length }) => length);
  const sealOf = async (db: Db, org: OrgId, collection: number) =>
    (await sealing?.of(db, org, [collection]))?.get(collection);
  return {
    indexChunks: async (trx: Db, org: OrgId, collection: number, entries: readonly LexicalEntry[]) =>
      await indexChunks(trx, org, collection, entries, stems, await sealOf(trx, org, collection)),
    unindexChunks: async (trx: Db, org: OrgId, collection: number, chunks: readonly number[]) =>
      await unindexChunks(trx, org, collection, chunks, await sealOf(trx, org, collection)),
    /** Removes everything of one organisation. */
    purge: purgeLexical,
    search: (db: Db, org: OrgId, search: LexicalSearch) => searchLexical(db, org, search, { stems, known, sealing }),
  };
}

export type Lexical = ReturnType<typeof createLexical>;
