import { expect, it } from 'vitest';
import { silentLog } from '../../../../test/database.ts';
import { searchSettings } from '../../../config/search-schema.ts';
import type { Db } from '../../../platform/db/index.ts';
import { type Lexical, queryWords } from '../lexical/index.ts';
import { createRanking } from './ranking.ts';
import type { MeaningSearch } from './retrieve.ts';

const features = { share: 1, window: 1, phrase: 1, surprise: 15 };

it('does not remember what was found while a model did not answer [KN-6]', async () => {
  let isThere = false;
  const search = async (_: Db, __: string, { missed }: MeaningSearch) => {
    if (!isThere) missed?.();
    return isThere ? [{ chunkId: 2, similarity: 1 }] : [];
  };
  const rank = createRanking({
    ...{ db: {} as Db, lexical: { search: async () => [] } as Partial<Lexical> as Lexical, log: silentLog },
    settings: () => searchSettings.parse({}),
    meanings: { search },
  });
  const reach = { collections: [{ id: 1, name: 'docs', version: 1 }], audiences: [1] };
  const ask = async () =>
    (
      await rank(
        { org: 'default', subjects: [] },
        { query: 'q', reach, depth: 5, arrived: 0 },
        new AbortController().signal,
      )
    ).ranked;
  expect(await ask()).toEqual([]);
  isThere = true;
  expect(await ask()).toHaveLength(1);
  isThere = false;
  expect(await ask()).toHaveLength(1);
});

it('never shows in other words what somebody else asked [KN-6]', async () => {
  let searches = 0;
  const search = async (_: Db, __: string, { query }: { query: string }) => {
    searches++;
    return [{ chunkId: 1, score: 1, matched: queryWords(query), share: 1, features }];
  };
  const rank = createRanking({
    ...{ db: {} as Db, lexical: { search } as Partial<Lexical> as Lexical, log: silentLog },
    settings: () => searchSettings.parse({}),
    vectorOf: async () => Float32Array.of(1, 0), // all questions mean the same
  });
  const reach = { collections: [{ id: 1, name: 'docs', version: 1 }], audiences: [1] };
  const ask = (query: string) =>
    rank({ org: 'default', subjects: [] }, { query, reach, depth: 5, arrived: 0 }, new AbortController().signal);

  const { parts } = await ask('how do we deploy for acme and where is the log');
  expect(parts.map(({ question }) => question)).toEqual(['how do we deploy for acme', 'where is the log']);
  const other = await ask('how do we roll out and where are logs');
  expect(other.parts.map(({ question }) => question)).toEqual(['how do we roll out', 'where are logs']);

  await ask('when is the secret launch');
  const before = searches;
  const { ranked } = await ask('when is it launched');
  expect(searches).toBe(before);
  expect(ranked).toMatchObject([{ chunkId: 1, matched: ['when', 'is'] }]);
});
