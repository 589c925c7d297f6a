import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';
import type { Seal, Seals } from '../sealing/index.ts';
import { afterPlaces, beforePlaces, type Lexed, placesOf, termsIn } from './lex.ts';
import type { TermPostings } from './postings.ts';
import { type Filters, type RemovedChunk, readLexemes, readPlaces, readPostings, type Scope } from './store.ts';

/** Where some of the collections may be encrypted: there terms are kept as hashes, and lexemes closed. */
export interface SealedScope extends Scope {
  seals: Seals;
}

const placeOf = (org: OrgId, collection: number, chunk: number) => JSON.stringify(['lexemes', org, collection, chunk]);

/**
 * As it is kept: terms as hashes, lexemes closed, with a line end for each term behind them, by which `verify` counts them
 * without the key.
 */
export function closedLexed(seal: Seal, org: OrgId, collection: number, lexed: Lexed): Lexed {
  const { entry, counts, lexemes } = lexed;
  return {
    ...lexed,
    counts: new Map([...counts].map(([term, count]) => [seal.hash(term), count])),
    lexemes: seal.close(lexemes, placeOf(org, collection, entry.chunkId)) + '\n'.repeat(counts.size + 1),
  };
}

const openedLexemes = (seal: Seal, org: OrgId, collection: number, chunk: number, lexemes: string): string =>
  seal.open(lexemes.trimEnd(), placeOf(org, collection, chunk));

/** The terms of a chunk as its postings have them. */
export function termsOfRemoved(
  seal: Seal | undefined,
  org: OrgId,
  collection: number,
  removed: RemovedChunk,
): string[] {
  const { chunk, lexemes } = removed;
  if (!seal) return termsIn(lexemes).map(([term]) => term);
  return termsIn(openedLexemes(seal, org, collection, chunk, lexemes)).map(([term]) => seal.hash(term));
}

/** As in the store, by terms as they are. */
export async function readSealedPostings(
  db: Db,
  scope: SealedScope,
  terms: readonly string[],
  most: number,
): Promise<Map<string, TermPostings>> {
  if (scope.seals.size === 0) return await readPostings(db, scope, terms, most);
  const plain = new Map(terms.map((term) => [term, term]));
  for (const seal of scope.seals.values()) for (const term of terms) plain.set(seal.hash(term), term);
  const parts = new Map<string, TermPostings[]>();
  for (const [asked, postings] of await readPostings(db, scope, [...plain.keys()], most)) {
    const term = plain.get(asked) ?? asked;
    parts.set(term, [...(parts.get(term) ?? []), postings]);
  }
  return new Map([...parts].map(([term, all]) => [term, all.length === 1 ? (all[0] as Buffer) : Buffer.concat(all)]));
}

/** As in the store, where the lexemes of encrypted collections are looked through here. */
export async function readSealedPlaces(
  db: Db,
  scope: SealedScope,
  chunks: readonly number[],
  filters: Filters,
  terms: readonly string[],
): Promise<Map<number, Map<string, number[]>>> {
  const places = await readPlaces(db, scope, chunks, filters, terms);
  if (scope.seals.size === 0) return places;
  const passing = [...places.keys()];
  for (const [chunk, lexemes] of await readSealedLexemes(db, scope, passing, [...scope.seals.keys()]))
    places.set(chunk, placesIn(lexemes, terms));
  return places;
}

/** As in the store, opened. */
export async function readSealedLexemes(
  db: Db,
  scope: SealedScope,
  chunks: readonly number[],
  collections: readonly number[] = scope.collections,
): Promise<Map<number, string>> {
  const kept = await readLexemes(db, { ...scope, collections }, chunks);
  const opened = new Map<number, string>();
  for (const [chunk, { collection, lexemes }] of kept) {
    const seal = scope.seals.get(collection);
    opened.set(chunk, seal ? openedLexemes(seal, scope.org, collection, chunk, lexemes) : lexemes);
  }
  return opened;
}

function placesIn(lexemes: string, terms: readonly string[]): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const term of terms) {
    const line = beforePlaces(term);
    const at = lexemes.indexOf(line);
    if (at < 0) continue;
    const start = at + line.length;
    found.set(term, placesOf(lexemes.slice(start, lexemes.indexOf(afterPlaces, start))));
  }
  return found;
}
