import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { databaseKinds } from '../../../../test/database.ts';
import { createRandom } from '../../../../test/random.ts';
import { embeddersOf, numberModel, openVectors, type TestVectors } from '../../../../test/vectors.ts';
import { TextsRefused } from '../../../platform/models/index.ts';

const org = 'default';
const signal = new AbortController().signal;
const dimensions = 8;
const subjects = ['everyone', ...'abcdefgh'].map((name) => (name.length > 1 ? name : `team:${name}`));

interface Known {
  chunk: number;
  collection: number;
  readers: readonly string[];
  kind: string;
  vector: number[];
}

const textOf = (vector: readonly number[]) => vector.map((number) => number.toFixed(2)).join(' ');
const cosine = (a: readonly number[], b: readonly number[]) => {
  const dot = (x: readonly number[], y: readonly number[]) => x.reduce((sum, one, at) => sum + one * (y[at] ?? 0), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
};

describe.each(databaseKinds)('vectors on %s, beside a look at all that may be read', (kind) => {
  const random = createRandom(3);
  const model = numberModel('numbers', dimensions);
  let world: TestVectors;
  const known: Known[] = [];
  const collections: number[] = [];
  const readersOf = new Map<number, readonly string[]>();
  const vectorOf = () => Array.from({ length: dimensions }, () => Number((random.next() * 2 - 1).toFixed(2)));

  beforeAll(async () => {
    world = await openVectors(kind, embeddersOf(model.embedder));
    for (const name of ['one', 'two', 'three']) {
      const readers = name === 'one' ? ['everyone'] : random.some(subjects, 4);
      const collection = await world.collection(org, name, readers);
      collections.push(collection);
      readersOf.set(collection, readers);
      for (let n = 0; n < 24; n++) {
        // Few may be read by many, so that what is near can mostly not be read.
        const own = n % 4 === 0 ? random.some(subjects, 3) : [`team:${'abcdefgh'[n % 8]}`];
        const vectors = Array.from({ length: 15 }, vectorOf);
        const of = n % 10 === 0 ? 'rare' : 'common';
        const document = await world.keep(org, collection, `${name}/${n}`, own, vectors.map(textOf), { of });
        const { rows } = await world.database.pool.query(
          'select id from knowledge_chunks where document = $1 order by ordinal',
          [document],
        );
        for (const [at, { id }] of rows.entries())
          known.push({ chunk: id, collection, readers: own, kind: of, vector: vectors[at] ?? [] });
      }
    }
    const vectors = world.start();
    await vi.waitFor(
      async () =>
        expect([...(await vectors.read(org)).values()].reduce((sum, one) => sum + one.vectors, 0)).toBe(known.length),
      { timeout: 60_000, interval: 200 },
    );
    await vectors.stop();
  }, 180_000);
  afterAll(() => world?.stop());

  it.each([
    ['by looking at all', 1_000_000, 1],
    ['by the index', 0, 0.97],
  ])(
    'are found %s within what the subjects may read, for 100 random sets of subjects [KN-4] [KN-6]',
    async (_, allUpTo, leastRecall) => {
      const vectors = world.start({ allUpTo });
      let found = 0;
      let expected = 0;
      for (let n = 0; n < 100; n++) {
        const asker = random.some(subjects, 2);
        const among = random.some(collections, 3);
        const wanted = vectorOf();
        const of = n % 3 === 0 ? 'rare' : undefined;
        const may = (readers: readonly string[] | undefined) => readers?.some((one) => asker.includes(one));
        const readable = known.filter(
          (one) =>
            among.includes(one.collection) &&
            may(one.readers) &&
            may(readersOf.get(one.collection)) &&
            (!of || one.kind === of),
        );
        const nearest = readable
          .map(({ chunk, vector }) => ({ chunk, similarity: cosine(vector, wanted) }))
          .sort((a, b) => b.similarity - a.similarity)
          .slice(0, 10);
        const search = {
          collections: among,
          subjects: asker,
          query: textOf(wanted),
          limit: 10,
          ...(of ? { filters: { metadata: { of } } } : {}),
        };
        const hits = await vectors.search(world.db, org, search, signal);

        const all = new Map(readable.map((one) => [one.chunk, one]));
        expect(hits.filter(({ chunkId }) => !all.has(chunkId))).toEqual([]);
        expect(hits).toHaveLength(nearest.length);
        for (const { chunkId, similarity } of hits)
          expect(similarity).toBeCloseTo(cosine(all.get(chunkId)?.vector ?? [], wanted), 2);
        // Half precision makes equals of what is nearly so.
        const last = (nearest.at(-1)?.similarity ?? 0) - 0.002;
        found += hits.filter(({ similarity }) => similarity >= last).length;
        expected += nearest.length;
      }
      expect(found / expected).toBeGreaterThanOrEqual(leastRecall);
      for (const [who, where] of [
        [[], collections],
        [subjects, []],
      ] as const)
        expect(
          await vectors.search(
            world.db,
            org,
            { collections: where, subjects: who, query: textOf(vectorOf()), limit: 5 },
            signal,
          ),
        ).toEqual([]);
      expect(
        await vectors.search(
          world.db,
          'another',
          { collections, subjects, query: textOf(vectorOf()), limit: 5 },
          signal,
        ),
      ).toEqual([]);
      await vectors.stop();
    },
  );
});

describe.each(databaseKinds)('vectors of a collection on %s', (kind) => {
  const first = numberModel('first', 4);
  const second = numberModel('second', 6);
  let world: TestVectors;
  let collection = 0;
  const count = async (what: string) =>
    Number((await world.database.pool.query(`select count(*) as n from ${what}`)).rows[0].n);
  const nearest = async (vectors: ReturnType<TestVectors['start']>, query: string) =>
    (
      await vectors.search(
        world.db,
        org,
        { collections: [collection], subjects: ['everyone'], query, limit: 3 },
        signal,
      )
    ).map(({ chunkId }) => chunkId);

  beforeAll(async () => {
    world = await openVectors(kind, embeddersOf(first.embedder, { second: second.embedder }));
    collection = await world.collection(org, 'notes', ['everyone']);
  });
  afterAll(() => world?.stop());

  it('come behind a document, go with it, and are not paid for twice [KN-6]', async () => {
    const vectors = world.start();
    const document = await world.keep(org, collection, 'a', ['everyone'], ['1.0 0.0 0.0', '0.0 1.0 0.0']);
    vectors.indexed(org, collection, document);
    vectors.changed();
    await expect.poll(() => count('knowledge_vectors')).toBe(2);
    expect((await vectors.read(org)).get(collection)).toMatchObject({
      model: 'first',
      vectors: 2,
      tokens: 20,
      cost: 0.00004,
    });
    const [found] = await nearest(vectors, '0.9 0.1 0.0');
    const [after] = await nearest(vectors, '0.1 0.9 0.0');
    expect(after).toBe((found ?? 0) + 1);

    await world.keep(org, collection, 'a', ['everyone'], ['0.0 0.0 1.0']);
    expect(await count('knowledge_vectors')).toBe(0);
    vectors.indexed(org, collection, document);
    await expect.poll(() => count('knowledge_vectors')).toBe(1);
    expect(await vectors.pending(org, collection)).toBe(0);
    await world.remove(org, collection, [document]);
    expect(await count('knowledge_vectors')).toBe(0);
    const asked = first.asked.length;
    vectors.changed();
    await vectors.stop();
    expect(first.asked.length).toBe(asked);
  });

  it('are made when the model is back, and what it gives meanwhile for a passage that is gone is dropped [KN-6]', async () => {
    first.state.fails = true;
    const vectors = world.start();
    const document = await world.keep(org, collection, 'b', ['everyone'], ['1.0 1.0 0.0']);
    vectors.indexed(org, collection, document);
    await expect.poll(() => vectors.pending(org, collection)).toBe(1);
    expect(await nearest(vectors, '0.5 0.5 0.1')).toEqual([]);
    first.state.fails = false;
    await expect.poll(() => count('knowledge_vectors'), { timeout: 20_000 }).toBe(1);
    first.state.fails = true;
    const missed = vi.fn();
    const asked = { collections: [collection], subjects: ['everyone'], query: '0.1 0.2 0.3', limit: 3, missed };
    expect(await vectors.search(world.db, org, asked, signal)).toEqual([]);
    expect(missed).toHaveBeenCalledOnce();
    first.state.fails = false;
    await vectors.stop();

    // While the model works at the document, another text takes its place.
    let replaced = false;
    const slow = {
      ...first.embedder,
      async embed(...asked: Parameters<typeof first.embedder.embed>) {
        const embedded = await first.embedder.embed(...asked);
        if (!replaced) await world.keep(org, collection, 'c', ['everyone'], ['0.0 0.5 0.5']);
        replaced = true;
        return embedded;
      },
    };
    const other = world.start({ embedders: embeddersOf(slow) });
    other.indexed(
      org,
      collection,
      await world.keep(org, collection, 'c', ['everyone'], ['0.5 0.0 0.5', '0.1 0.0 0.5']),
    );
    await expect.poll(() => replaced).toBe(true);
    other.changed();
    await other.stop();
    expect(
      await count('knowledge_vectors v where not exists (select from knowledge_chunks c where c.id = v.chunk)'),
    ).toBe(0);
    const last = world.start();
    await expect.poll(() => last.pending(org, collection), { timeout: 20_000 }).toBe(0);
    expect(await count('knowledge_vectors')).toBe(2);
    await last.stop();
  });

  it('of another model take over when all are there, and are searched no earlier [KN-3] [KN-6]', async () => {
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const gated = {
      ...second.embedder,
      async embed(...asked: Parameters<typeof second.embedder.embed>) {
        if (asked[1] === 'passage' && asked[0].length > 1) await gate;
        return await second.embedder.embed(...asked);
      },
    };
    await world.collection(org, 'notes', ['everyone'], { model: 'second' });
    const vectors = world.start({ embedders: embeddersOf(first.embedder, { second: gated }) });
    await expect
      .poll(async () => (await vectors.read(org)).get(collection))
      .toMatchObject({ model: 'first', next: 'second', vectors: 2, nextVectors: 0 });
    expect(await nearest(vectors, '1.0 1.0 0.0')).toHaveLength(2);
    open();
    await expect
      .poll(async () => (await vectors.read(org)).get(collection), { timeout: 20_000 })
      .toMatchObject({ model: 'second', vectors: 2 });
    expect(await nearest(vectors, '1.0 1.0 0.0')).toHaveLength(2);
    await expect.poll(() => count('knowledge_spaces'), { timeout: 20_000 }).toBe(1);
    expect(await count('knowledge_vectors')).toBe(2);
    expect(await count("pg_class where relname like 'knowledge\\_vectors\\_space%'")).toBe(1);

    const asked = second.asked.length;
    expect(await vectors.rebuild(org, collection, { model: 'second' })).toBe(true);
    await expect.poll(() => count('knowledge_spaces where generation = 1'), { timeout: 20_000 }).toBe(1);
    await expect.poll(() => count('knowledge_spaces'), { timeout: 20_000 }).toBe(1);
    expect(second.asked.length - asked).toBeGreaterThanOrEqual(2);
    expect(await nearest(vectors, '1.0 1.0 0.0')).toHaveLength(2);

    expect(await vectors.rebuild(org, collection, { model: 'none' })).toBe(false);
    await vectors.stop();
    await world.collection(org, 'notes', ['everyone'], { model: 'none' });
    const without = world.start();
    await expect.poll(() => count('knowledge_spaces'), { timeout: 20_000 }).toBe(0);
    expect(await count('knowledge_vectors')).toBe(0);
    await without.stop();
  });

  it('are made though the first passage is one that the model does not take [KN-6]', async () => {
    const picky = {
      ...second.embedder,
      async embed(...asked: Parameters<typeof second.embedder.embed>) {
        if (asked[0].some((text) => text.includes('refused'))) throw TextsRefused({ model: 'second', status: 400 });
        return await second.embedder.embed(...asked);
      },
    };
    const other = await world.collection(org, 'picky', ['everyone'], { model: 'second' });
    await world.keep(org, other, 'a', ['everyone'], ['refused', '1.0 2.0', '3.0 4.0']);
    const vectors = world.start({ embedders: embeddersOf(undefined, { second: picky }) });
    await expect
      .poll(async () => (await vectors.read(org)).get(other), { timeout: 20_000 })
      .toMatchObject({ model: 'second', vectors: 2 });
    await vectors.stop();
    await world.collection(org, 'picky', ['everyone'], { model: 'none' });
    const without = world.start();
    await expect.poll(async () => (await vectors.read(org)).get(other)?.vectors, { timeout: 20_000 }).toBe(0);
    await without.stop();
  });

  it('are made once by two replicas, which may begin at the same moment [KN-6]', async () => {
    const before = first.asked.length;
    await world.collection(org, 'notes', ['everyone'], {});
    for (let n = 0; n < 150; n++)
      await world.keep(org, collection, `d/${n}`, ['everyone'], [`${n}.0 1.0`, `1.0 ${n}.5`]);
    const replicas = ['one', 'two'].map((replica) => world.start({ replica }));
    await expect.poll(() => count('knowledge_vectors'), { timeout: 30_000 }).toBe(302);
    await Promise.all(replicas.map((one) => one.stop()));
    expect(first.asked.length - before).toBeLessThanOrEqual(302 + 2);
    expect(await count('knowledge_spaces')).toBe(1);
  });
});
