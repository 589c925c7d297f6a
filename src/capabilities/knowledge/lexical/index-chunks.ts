import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';
import { lockCollection } from '../collections/store.ts';
import type { Seal } from '../sealing/index.ts';
import type { Language } from '../types.ts';
import { type EntryWords, type Lexed, type LexicalEntry, lexEntry, wordsOfEntry } from './lex.ts';
import { blockOf, encodePostings, packPosting, placeIn, withoutPlaces } from './postings.ts';
import { closedLexed, termsOfRemoved } from './sealed.ts';
import type { Stems } from './stems.ts';
import {
  type AudienceTotals,
  addTotals,
  appendPostings,
  deleteLexemes,
  insertLexemes,
  type PostingRow,
  readPostingRows,
  replacePostings,
} from './store.ts';

/**
 * Writes chunks into the index of their collection, within the caller's transaction. Writers of one collection take turns
 * until their transactions end; a transaction that writes into several goes by their numbers, or two may wait for each other.
 */
export async function indexChunks(
  trx: Db,
  org: OrgId,
  collection: number,
  entries: readonly LexicalEntry[],
  stems: Stems,
  seal?: Seal,
): Promise<void> {
  if (entries.length === 0) return;
  await takeTurn(trx, org, collection);
  const words = await lexAll(trx, entries, stems);
  const lexed = seal ? words.map((one) => closedLexed(seal, org, collection, one)) : words;
  await insertLexemes(trx, org, collection, lexed);
  await appendPostings(trx, org, collection, postingRowsOf(lexed), { withTerms: seal === undefined });
  const lengths = lexed.map(({ entry, bodyLength }) => ({ ...entry, bodyLength }));
  await addTotals(trx, org, collection, totalsOf(lengths), 1);
}

/** Takes chunks out of the index, within the caller's transaction; those that are not in it are passed over. */
export async function unindexChunks(
  trx: Db,
  org: OrgId,
  collection: number,
  chunkIds: readonly number[],
  seal?: Seal,
): Promise<void> {
  if (chunkIds.length === 0) return;
  await takeTurn(trx, org, collection);
  const removed = await deleteLexemes(trx, org, collection, chunkIds);
  if (removed.length === 0) return;
  const gone = new Map<string, Set<number>>(); // places by audience and block
  for (const { chunk, audience } of removed) {
    const key = `${audience} ${blockOf(chunk)}`;
    const places = gone.get(key) ?? new Set();
    gone.set(key, places.add(placeIn(chunk)));
  }
  const rows = await readPostingRows(trx, org, collection, {
    terms: [...new Set(removed.flatMap((one) => termsOfRemoved(seal, org, collection, one)))].sort(),
    audiences: [...new Set(removed.map(({ audience }) => audience))],
    blocks: [...new Set(removed.map(({ chunk }) => blockOf(chunk)))],
  });
  const changed = rows.flatMap((row) => {
    const places = gone.get(`${row.audience} ${row.block}`);
    const postings = places ? withoutPlaces(row.postings, places) : row.postings;
    return postings.length === row.postings.length ? [] : [{ ...row, postings }];
  });
  await replacePostings(trx, org, collection, changed);
  await addTotals(trx, org, collection, totalsOf(removed), -1);
}

async function takeTurn(trx: Db, org: OrgId, collection: number): Promise<void> {
  if (!trx.isTransaction) throw new Error('the index is written only within a transaction');
  if (!(await lockCollection(trx, org, collection)))
    throw new Error(`there is no collection ${collection} to index into`);
}

async function lexAll(trx: Db, entries: readonly LexicalEntry[], stems: Stems): Promise<Lexed[]> {
  const read = entries.map((entry) => ({ entry, words: wordsOfEntry(entry) }));
  const lexed: Lexed[] = [];
  for (const [language, group] of Map.groupBy(read, ({ entry }) => entry.language)) {
    const stem = await stems.of(trx, language, distinctWords(group));
    for (const { entry, words } of group) lexed.push(lexEntry(entry, words, stem));
  }
  return lexed;
}

function distinctWords(group: readonly { words: EntryWords }[]): Set<string> {
  const distinct = new Set<string>();
  for (const { words } of group)
    for (const field of [words.title, words.headings, words.body])
      for (const { word } of field.words) distinct.add(word);
  return distinct;
}

/** In the order of the table's key, so that neighbours are written one after the other. */
function postingRowsOf(lexed: readonly Lexed[]): PostingRow[] {
  const rows = new Map<string, { term: string; audience: number; block: number; numbers: number[] }>();
  for (const { entry, counts, bodyLength } of lexed) {
    const { chunkId, audience } = entry;
    const block = blockOf(chunkId);
    for (const [term, count] of counts) {
      const key = `${term} ${audience} ${block}`;
      const row = rows.get(key) ?? { term, audience, block, numbers: [] };
      row.numbers.push(packPosting(chunkId, count, bodyLength));
      rows.set(key, row);
    }
  }
  return [...rows.values()]
    .sort((a, b) => (a.term < b.term ? -1 : a.term > b.term ? 1 : a.audience - b.audience || a.block - b.block))
    .map(({ numbers, ...row }) => ({ ...row, postings: encodePostings(numbers) }));
}

function totalsOf(chunks: readonly { audience: number; language: Language; bodyLength: number }[]): AudienceTotals[] {
  const totals = new Map<string, AudienceTotals>();
  for (const { audience, language, bodyLength } of chunks) {
    const key = `${audience} ${language}`;
    const known = totals.get(key) ?? { audience, language, chunks: 0, bodyLength: 0 };
    totals.set(key, { ...known, chunks: known.chunks + 1, bodyLength: known.bodyLength + bodyLength });
  }
  return [...totals.values()];
}
