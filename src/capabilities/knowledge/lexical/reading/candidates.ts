import type { Db } from '../../../../platform/db/types.ts';
import type { Filters } from '../../documents/filters/store.ts';
import type { Ranked } from '../bm25.ts';
import { placesIn } from '../lex.ts';
import { readSealedCandidates, type SealedScope } from '../sealed.ts';
import type { Candidate } from './store.ts';
import { Torn } from './torn.ts';

/** One of the best that may be given, with where the words of the query stand in it. */
export interface Found extends Ranked {
  lexemes: string;
  places: ReadonlyMap<string, number[]>;
}

export interface CandidatesSettings {
  filters: Filters;
  /** Lexemes of the query. */
  terms: readonly string[];
  /** Whether everything is read of one moment. Otherwise a chunk that is not there any more ends the search. */
  isSnapshot: boolean;
}

/** Where filters let too few through, so many times more are looked at next. */
const growth = 8;

/** What is known of the chunks that a search ranks first. @throws Torn */
export function createCandidates(db: Db, scope: SealedScope, settings: CandidatesSettings) {
  const { filters, terms, isSnapshot } = settings;
  const known = new Map<number, Candidate | undefined>();
  const places = new Map<number, Found['places']>();

  const read = async (chunks: readonly number[]) => {
    if (chunks.length === 0) return;
    const there = new Map((await readSealedCandidates(db, scope, chunks, filters)).map((one) => [one.chunk, one]));
    if (there.size < chunks.length && !isSnapshot) throw new Torn();
    for (const chunk of chunks) known.set(chunk, there.get(chunk));
  };
  const placesOf = ({ chunk, lexemes }: Candidate): Found['places'] => {
    const found =
      places.get(chunk) ??
      new Map(
        terms.flatMap((term): [string, number[]][] => {
          const at = placesIn(lexemes, term);
          return at ? [[term, at]] : [];
        }),
      );
    places.set(chunk, found);
    return found;
  };

  return {
    /** The best that the caller may read and the filters let through: exactly so many, or all that there are. */
    async passing(best: (count: number) => Ranked[], count: number): Promise<Found[]> {
      for (let asked = count; ; asked *= growth) {
        const ranked = best(asked);
        const unknown = ranked.flatMap(({ chunkId }) => (known.has(chunkId) ? [] : [chunkId]));
        await read(unknown);
        const passing = ranked.flatMap((one) => {
          const candidate = known.get(one.chunkId);
          return candidate?.passes ? [{ ...one, lexemes: candidate.lexemes, places: placesOf(candidate) }] : [];
        });
        if (passing.length >= count || ranked.length < asked) return passing.slice(0, count);
      }
    },
  };
}
