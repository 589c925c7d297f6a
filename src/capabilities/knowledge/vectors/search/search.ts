import type { OrgId } from '../../../../kernel/principal.ts';
import type { Db } from '../../../../platform/db/types.ts';
import type { Filters } from '../../lexical/index.ts';
import type { QueryVectors } from '../query-vectors.ts';
import { nearestByIndex, nearestOfAll, readSpaces, type Scope, type SearchedSpace, typicalOf } from './store.ts';

export interface VectorSearch {
  collections: readonly number[];
  subjects: readonly string[];
  query: string;
  limit: number;
  filters?: Filters;
  /** Told where a model did not answer, so that its passages are not found. */
  missed?(): void;
}

export interface VectorHit {
  chunkId: number;
  /** Cosine, from -1 to 1. Those of different models say nothing of each other. */
  similarity: number;
  /** The mean of that over any passages of the same model: what a similarity has to be held against. */
  typical?: number;
}

/** Up to so many permitted passages all are looked at: see ADR 0014 for what was measured. */
export const usuallyAllUpTo = 10_000;
/** Where less than this part of a space may be read, the index finds what is near too seldom: all are looked at three times as long. */
const sparse = 0.5;
/** Where at least this part of it may be read, the index finds what is near as if all could be. */
const dense = 0.9;
/** How many of the nearest that the index knows are kept in view: more find more, and take longer. */
const effortFor = { dense: 100, other: 200 };
const mostEffort = 1_000;
/** So many are taken from the index, of which the best count: what it finds first need not be the nearest that may be read. */
const leastTaken = 200;
const mostCharacters = 4_000;

/** As much of a question as models are given. */
export const asQuestion = (text: string): string => text.slice(0, mostCharacters).trim();

/**
 * The passages nearest to what is asked, within what the subjects may read. Of collections with different models each has its
 * nearest, in turn. Nothing where no model is, or none that answers.
 */
export async function searchVectors(
  { db, queries, allUpTo = usuallyAllUpTo }: { db: Db; queries: QueryVectors; allUpTo?: number },
  org: OrgId,
  { collections, subjects, query, limit, filters = {}, missed }: VectorSearch,
  signal: AbortSignal,
): Promise<VectorHit[]> {
  const text = asQuestion(query);
  if (collections.length === 0 || subjects.length === 0 || text === '' || limit < 1) return [];
  const scope: Scope = { org, collections, subjects, filters };
  const spaces = await readSpaces(db, scope);
  // No statement waits for a model: the embedded database has one connection.
  const vectors = await Promise.all(spaces.map(({ model }) => orAborted(queries.of(model, text), signal)));
  if (vectors.includes(undefined)) missed?.();
  const lists: VectorHit[][] = [];
  for (const [at, space] of spaces.entries()) {
    signal.throwIfAborted();
    const vector = vectors[at];
    if (vector?.length === space.dimensions) lists.push(await nearest(db, scope, space, { vector, limit, allUpTo }));
  }
  return inTurn(lists).slice(0, limit);
}

async function nearest(
  db: Db,
  scope: Scope,
  space: SearchedSpace,
  { allUpTo, ...wanted }: { vector: Float32Array; limit: number; allUpTo: number },
): Promise<VectorHit[]> {
  const { limit } = wanted;
  const part = space.permitted / space.passages;
  if (space.permitted <= allUpTo * (part < sparse ? 3 : 1)) return await nearestOfAll(db, scope, space, wanted);
  const isDense = part >= dense && Object.keys(scope.filters).length === 0;
  const taken = isDense ? limit : Math.max(leastTaken, 2 * limit);
  const effort = Math.min(mostEffort, Math.max(isDense ? effortFor.dense : effortFor.other, 2 * limit));
  const found = await nearestByIndex(db, scope, space, { ...wanted, limit: taken, effort });
  // The index gave up before it had enough: little of what is near may be read, or passes the filters.
  if (found.length < taken) return await nearestOfAll(db, scope, space, wanted);
  const typical = await typicalOf(db, scope, space, wanted.vector);
  const told = found.map((one) => ({ ...one, ...(typical === undefined ? {} : { typical }) }));
  return told.sort((a, b) => b.similarity - a.similarity || a.chunkId - b.chunkId).slice(0, limit);
}

/** The first of each, then the second of each... */
function inTurn(lists: readonly VectorHit[][]): VectorHit[] {
  if (lists.length === 1) return lists[0] ?? [];
  const most = Math.max(0, ...lists.map(({ length }) => length));
  return Array.from({ length: most }, (_, at) => lists.flatMap((list) => list[at] ?? [])).flat();
}

function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
