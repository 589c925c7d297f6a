import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';
import type { Filters } from '../documents/filters/store.ts';
import type { Seal, Seals } from '../sealing/index.ts';
import { type Lexed, termsIn } from './lex.ts';
import type { TermPostings } from './postings.ts';
import {
  type Candidate,
  type KnownLexemes,
  type Matter,
  readCandidates,
  readMatter,
  readPostings,
  type Scope,
} from './reading/store.ts';
import type { RemovedChunk } from './store.ts';

/** Where some of the collections may be encrypted: there terms are kept as hashes, and lexemes closed. */
export interface SealedScope extends Scope {
  seals: Seals;
  known: KnownLexemes;
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
export async function readSealedMatter(db: Db, scope: SealedScope, terms: readonly string[]): Promise<Matter> {
  if (scope.seals.size === 0) return await readMatter(db, scope, terms);
  const { plain, asked } = asKept(scope, terms);
  const { totals, postings } = await readMatter(db, scope, asked);
  return { totals, postings: joined(postings, plain) };
}

/** As in the store, by terms as they are. */
export async function readSealedPostings(
  db: Db,
  scope: SealedScope,
  terms: readonly string[],
  most: number,
): Promise<Map<string, TermPostings>> {
  if (scope.seals.size === 0) return await readPostings(db, scope, terms, most);
  const { plain, asked } = asKept(scope, terms);
  return joined(await readPostings(db, scope, asked, most), plain);
}

/** As in the store, with lexemes as they are. */
export async function readSealedCandidates(
  db: Db,
  scope: SealedScope,
  chunks: readonly number[],
  filters: Filters,
): Promise<Candidate[]> {
  const candidates = await readCandidates(db, scope, chunks, filters, scope.known);
  if (scope.seals.size === 0) return candidates;
  return candidates.map((one) => {
    const { chunk, collection, lexemes } = one;
    const seal = one.passes ? scope.seals.get(collection) : undefined;
    return seal ? { ...one, lexemes: openedLexemes(seal, scope.org, collection, chunk, lexemes) } : one;
  });
}

/** Terms as each of the collections has them, and which they are. */
function asKept({ seals }: SealedScope, terms: readonly string[]): { plain: Map<string, string>; asked: string[] } {
  const plain = new Map(terms.map((term) => [term, term]));
  for (const seal of seals.values()) for (const term of terms) plain.set(seal.hash(term), term);
  return { plain, asked: [...plain.keys()] };
}

function joined(
  kept: ReadonlyMap<string, TermPostings>,
  plain: ReadonlyMap<string, string>,
): Map<string, TermPostings> {
  const parts = Map.groupBy(kept, ([asked]) => plain.get(asked) ?? asked);
  return new Map([...parts].map(([term, all]) => [term, Buffer.concat(all.map(([, postings]) => postings))]));
}
