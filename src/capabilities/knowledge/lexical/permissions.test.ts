import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseKinds } from '../../../../test/database.ts';
import { openLexical, type TestLexical } from '../../../../test/knowledge.ts';
import { defaultFeedback, defaultLexicalSettings } from './index.ts';

const settings = { ...defaultLexicalSettings, boosts: { ...defaultLexicalSettings.boosts, phrase: 0 } };
const { k1, b, boosts } = settings;
const orgs = ['one', 'two'];
const subjects = ['org:*', ...'abcdefghij'].map((name) => (name.length > 1 ? name : `team:${name}`));

interface Known {
  org: string;
  collection: number;
  chunkId: number;
  readers: readonly string[];
  title: string[];
  headings: string[];
  body: string[];
}

/** Of letters only, since numbers are parts of their own, and too short for near misses. */
const letter = (number: number) => String.fromCharCode(97 + (number % 26));
const wordOf = (number: number) => `w${letter(number / 26)}${letter(number)}`;

/** The same numbers each time. */
function createRandom(seed: number) {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  return {
    below: (count: number) => Math.floor(next() * count),
    /** Few words often and many seldom, as in any language. */
    words: (count: number) => Array.from({ length: count }, () => wordOf(Math.floor(300 ** next()))),
    some: <T>(list: readonly T[], most: number) => [
      ...new Set(
        Array.from({ length: 1 + Math.floor(next() * most) }, () => list[Math.floor(next() * list.length)] as T),
      ),
    ],
  };
}

/** Looks at every chunk that may be read, with nothing of what the index knows. */
function fullScan(
  all: readonly Known[],
  query: readonly string[],
  limit: number,
): { chunkId: number; score: number }[] {
  const average = all.reduce((sum, { body }) => sum + body.length, 0) / all.length;
  const count = (words: readonly string[], word: string, most: number) =>
    Math.min(most, words.filter((one) => one === word).length);
  const score = (one: Known) => {
    const length = 2 ** (Math.round(Math.log2(one.body.length + 1) * 4) / 4) - 1;
    let sum = 0;
    for (const word of new Set(query)) {
      const having = all.filter(({ title, headings, body }) =>
        [title, headings, body].some((words) => words.includes(word)),
      );
      const idf = Math.log(1 + (all.length - having.length + 0.5) / (having.length + 0.5));
      const tf =
        count(one.body, word, 15) / (1 - b + (b * length) / average) +
        boosts.title * count(one.title, word, 3) +
        boosts.headings * count(one.headings, word, 3);
      const weight = query.filter((each) => each === word).length;
      sum += (weight * idf * (k1 + 1) * tf) / (tf + k1);
    }
    return sum;
  };
  return all
    .map((one) => ({ chunkId: one.chunkId, score: score(one) }))
    .filter((one) => one.score > 0)
    .sort(order)
    .slice(0, limit);
}

const order = (a: { chunkId: number; score: number }, b: { chunkId: number; score: number }) =>
  Math.abs(a.score - b.score) > 1e-9 ? b.score - a.score : a.chunkId - b.chunkId;

describe.each(databaseKinds)('keyword search on %s, beside a full scan of what the caller may read', (kind) => {
  const random = createRandom(5);
  let world: TestLexical;
  let known: Known[] = [];
  const collections: { org: string; id: number }[] = [];

  beforeAll(async () => {
    world = await openLexical(kind);
    for (const org of orgs)
      for (const name of ['docs', 'wiki']) collections.push({ org, id: await world.collection(org, name) });
    const audiences = new Map<string, { id: number; readers: string[] }[]>();
    for (const org of orgs)
      audiences.set(
        org,
        await Promise.all(
          Array.from({ length: 25 }, () => random.some(subjects, 3)).map(async (readers) => ({
            id: await world.audience(org, readers),
            readers,
          })),
        ),
      );
    const ids = [...new Set(Array.from({ length: 900 }, () => random.below(6_000)))];
    const add = async (chunkIds: readonly number[]) => {
      for (const { org, id } of collections) {
        const passages = chunkIds
          .filter(
            (chunkId) =>
              chunkId % collections.length === collections.findIndex((one) => one.id === id && one.org === org),
          )
          .map((chunkId) => {
            const { id: audience, readers } = random.some(audiences.get(org) ?? [], 1)[0] ?? { id: 0, readers: [] };
            const fields = {
              title: random.words(3),
              headings: random.words(2),
              body: random.words(5 + random.below(60)),
            };
            known.push({ org, collection: id, chunkId, readers, ...fields });
            const { title, headings, body } = fields;
            return {
              chunkId,
              audience,
              language: 'simple' as const,
              title: title.join(' '),
              headings,
              text: body.join(' '),
            };
          });
        for (let start = 0; start < passages.length; start += 20)
          await world.index(org, id, passages.slice(start, start + 20));
      }
    };
    await add(ids);
    const gone = new Set(ids.filter((id) => id % 3 === 0));
    for (const { org, id } of collections)
      await world.unindex(
        org,
        id,
        known
          .filter((one) => one.org === org && one.collection === id && gone.has(one.chunkId))
          .map(({ chunkId }) => chunkId),
      );
    known = known.filter(({ chunkId }) => !gone.has(chunkId));
    await add([...gone].filter((id) => id % 2 === 0)); // with other words and other readers
  });
  afterAll(() => world.stop());

  it('finds exactly the same, in the same order, for 200 random sets of subjects and collections [KN-4] [KN-5]', async () => {
    for (let round = 0; round < 200; round++) {
      const org = orgs[random.below(2)] ?? '';
      const searched = random.some(collections, 3);
      const caller = random.some(subjects, 4);
      const query = random.words(1 + random.below(6));
      const limit = 1 + random.below(20);
      const readable = known.filter(
        (one) =>
          one.org === org &&
          searched.some(({ org: of, id }) => of === org && id === one.collection) &&
          one.readers.some((reader) => caller.includes(reader)),
      );
      const found = await world.search(org, {
        collections: searched.map(({ id }) => id),
        subjects: caller,
        query: query.join(' '),
        limit,
        settings,
      });
      const expected = readable.length === 0 ? [] : fullScan(readable, query, limit);
      expect(found.toSorted(order).map(({ chunkId }) => chunkId)).toEqual(expected.map(({ chunkId }) => chunkId));
      for (const [at, { score }] of found.entries()) expect(score).toBeCloseTo(expected[at]?.score ?? 0, 9);
    }
  });

  it('gives nothing of others by feedback, near misses or quotes either [KN-4]', async () => {
    for (let round = 0; round < 40; round++) {
      const org = orgs[random.below(2)] ?? '';
      const caller = random.some(subjects, 2);
      const words = random.words(3).map((word, at) => (at === 0 ? `${word}${word}x` : word));
      const found = await world.search(org, {
        collections: collections.map(({ id }) => id),
        subjects: caller,
        query: `${words.join(' ')} "${random.words(2).join(' ')}"`,
        feedback: defaultFeedback,
        limit: 50,
      });
      const readable = new Set(
        known
          .filter((one) => one.org === org && one.readers.some((reader) => caller.includes(reader)))
          .map(({ chunkId }) => chunkId),
      );
      expect(found.filter(({ chunkId }) => !readable.has(chunkId))).toEqual([]);
    }
  });

  it('gives nothing to whom nobody is, and nothing of no collection [KN-4]', async () => {
    const all = collections.map(({ id }) => id);
    expect(await world.search('one', { collections: all, subjects: [], query: 'wab wac' })).toEqual([]);
    expect(await world.search('one', { collections: [], subjects, query: 'wab wac' })).toEqual([]);
    expect(await world.search('three', { collections: all, subjects, query: 'wab wac' })).toEqual([]);
  });
});
