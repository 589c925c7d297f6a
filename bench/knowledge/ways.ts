import { sql } from 'kysely';
import {
  defaultFeedback,
  defaultLexicalSettings,
  type LexicalSearch,
} from '../../src/capabilities/knowledge/lexical/index.ts';
import { fuse } from '../../src/capabilities/knowledge/query/fuse.ts';
import { everyone } from '../../src/capabilities/knowledge/types.ts';
import type { Vectors } from '../../src/capabilities/knowledge/vectors/index.ts';
import { searchSettings } from '../../src/config/search-schema.ts';
import { org, type SearchedWorld } from './world.ts';

/** A way to find passages. To measure one more is one more entry of the list. */
export interface Way {
  name: string;
  /** Of nDCG@10 on Cranfield. */
  goal?: string;
  /** Of p50 among 100,000 passages, by kind of database; those without are not asked there. */
  speedGoalMs?: { embedded: number; postgres: number };
  /** What has to be there before the first question; it is timed. */
  prepare?(world: SearchedWorld): Promise<void>;
  /** Ids of passages, best first. */
  find(world: SearchedWorld, query: string, limit: number): Promise<number[]>;
}

const byWords = async (
  { database, lexical, collection }: SearchedWorld,
  query: string,
  more: Partial<LexicalSearch>,
) => {
  const asked = { collections: [collection], subjects: [everyone], limit: 100, settings: defaultLexicalSettings };
  return (await lexical.search(database.db, org, { ...asked, query, ...more })).map(({ chunkId }) => chunkId);
};

export const ways: readonly Way[] = [
  {
    name: 'ts_rank_cd', // what plain Postgres has, without anything of ours
    prepare: (world) => world.fillPlain(),
    async find({ database }, query, limit) {
      const found = await sql<{ chunk: number }>`
        with asked as (select replace(plainto_tsquery('english', ${query})::text, '&', '|')::tsquery as q)
        select chunk from bench_plain, asked where lexemes @@ q order by ts_rank_cd(lexemes, q) desc, chunk limit ${limit}`.execute(
        database.db,
      );
      return found.rows.map(({ chunk }) => chunk);
    },
  },
  {
    name: 'BM25',
    goal: 'at least 0.40',
    speedGoalMs: { embedded: 25, postgres: 10 },
    find: (world, query, limit) => byWords(world, query, { limit }),
  },
  {
    name: 'BM25 with feedback',
    goal: 'at least 0.40',
    speedGoalMs: { embedded: Number.NaN, postgres: Number.NaN },
    find: (world, query, limit) => byWords(world, query, { limit, feedback: defaultFeedback }),
  },
];

/** What a model adds, where there is one. */
export function waysWith(vectors: Vectors): Way[] {
  const near = ({ database, collection }: SearchedWorld, query: string, limit: number) =>
    vectors.search(
      database.db,
      org,
      { collections: [collection], subjects: [everyone], query, limit },
      new AbortController().signal,
    );
  return [
    {
      name: 'meaning',
      find: async (world, query, limit) => (await near(world, query, limit)).map(({ chunkId }) => chunkId),
    },
    ...(['scores', 'ranks'] as const).map((kind) => ({
      name: `words and meaning by ${kind}`,
      goal: 'at least 0.40',
      async find({ database, lexical, collection }: SearchedWorld, query: string, limit: number) {
        const asked = { collections: [collection], subjects: [everyone], limit, settings: defaultLexicalSettings };
        const words = await lexical.search(database.db, org, { ...asked, query });
        const meanings = await near({ database, lexical, collection } as SearchedWorld, query, limit);
        const { vectorWeight } = searchSettings.parse({});
        return fuse(words, meanings, { kind, vectorWeight })
          .slice(0, limit)
          .map(({ chunkId }) => chunkId);
      },
    })),
  ];
}
