import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databaseKinds } from '../../../../test/database.ts';
import { everybody, openLexical, type Passage, type TestLexical } from '../../../../test/knowledge.ts';
import { createRemembered } from '../remembered.ts';
import { defaultFeedback } from './index.ts';
import { type KnownLexemes, readCandidates } from './reading/store.ts';

const org = 'default';

describe.each(databaseKinds)('keyword search on %s', (kind) => {
  let world: TestLexical;
  let collection: number;
  let audience: number;
  let names = 0;

  beforeAll(async () => {
    world = await openLexical(kind);
    audience = await world.audience(org, [everybody]);
  });
  beforeEach(async () => {
    collection = await world.collection(org, `c${++names}`);
  });
  afterAll(() => world.stop());

  const firstChunk = () => names * 1_000; // chunks are numbered over all collections
  const texts = async (...passages: (string | Omit<Passage, 'chunkId'>)[]) => {
    const all = passages.map((one, at) => ({
      audience,
      ...(typeof one === 'string' ? { text: one } : one),
      chunkId: firstChunk() + at,
    }));
    await world.index(org, collection, all);
  };
  const search = async (query: string, more: Partial<Parameters<TestLexical['search']>[1]> = {}) =>
    world.search(org, { collections: [collection], query, ...more });
  /** Which of the texts, from 0. */
  const found = async (...asked: Parameters<typeof search>) =>
    (await search(...asked)).map(({ chunkId }) => chunkId - firstChunk());
  const rowsOf = async (table: string) => {
    const { rows } = await sql<Record<string, unknown>>`
      select * from ${sql.table(table)} where collection = ${collection} order by 1, 2, 3`.execute(world.db);
    return rows;
  };

  it('finds words in other forms, and says which it found [KN-5]', async () => {
    await texts('The connections are retried.', 'Nothing of the kind.');
    expect(await search('retry a connection')).toMatchObject([
      { chunkId: firstChunk(), matched: ['retry', 'connection'] },
    ]);
  });

  it.each([
    ['german', 'Die Häuser der Straßen', 'Haus an der Straße'],
    ['french', 'les générations continuent', 'continuer la génération'],
    ['spanish', 'las bibliotecas nacionales', 'biblioteca nacional'],
    ['simple', 'ζωή 日本語 テスト', '日本'],
  ] as const)('knows %s [KN-5]', async (language, text, query) => {
    await texts({ text, language }, { text: 'The houses of the street', language: 'english' });
    expect(await found(query)).toEqual([0]);
  });

  it.each([
    ['getUserName', 'getUserName'],
    ['getUserName', 'user name'],
    ['getUserName', 'getusername'],
    ['max_retry_count', 'max_retry_count'],
    ['max_retry_count', 'retry count'],
    ['see src/app/main.ts there', 'src/app/main.ts'],
    ['see src/app/main.ts there', 'main.ts'],
    ['since v1.2.3 it works', '1.2.3'],
    ['since v1.2.3 it works', '1.2'],
    ['connect ECONNREFUSED 127.0.0.1', 'ECONNREFUSED'],
    ['error[E0308]: mismatched types', 'E0308'],
    ['error[E0308]: mismatched types', '0308'],
  ])('finds %s by %s [KN-5]', async (text, query) => {
    await texts('something else altogether', text);
    expect(await found(query)).toEqual([1]);
  });

  it('puts a whole identifier before its parts, and a title before the body [KN-5]', async () => {
    await texts('the user has a name, get it', 'call getUserName first', 'more of the same');
    expect((await found('getUserName'))[0]).toBe(1);
    await world.unindex(org, collection, [firstChunk(), firstChunk() + 1, firstChunk() + 2]);
    await texts('replication of rows', { title: 'Replication', text: 'of rows' });
    expect((await found('replication'))[0]).toBe(1);
  });

  it('puts words that stand together first, those in quotes more so [KN-5]', async () => {
    await texts(
      'a layer and then, far from it, after many other words of any kind, a boundary',
      'a boundary layer and then, far from it, after many other words of any kind, no more',
    );
    expect(await found('boundary layer')).toEqual([1, 0]);
    const gain = async (query: string) => {
      const [first, second] = await search(query);
      return (first?.score ?? 0) - (second?.score ?? 0);
    };
    expect(await gain('"boundary layer"')).toBeGreaterThan(await gain('boundary layer'));
  });

  it('finds what was mistyped, if there is nothing that was not [KN-5]', async () => {
    await texts('Kubernetes runs containers', 'postgres keeps rows');
    expect(await found('kubernets')).toEqual([0]);
    expect(await found('postgers')).toEqual([1]);
    expect(await found('zebra')).toEqual([]);
  });

  it('takes no word for a near miss that only others may read [KN-4]', async () => {
    const others = await world.audience(org, ['team:others']);
    await texts({ text: 'Kubernetes runs containers', audience: others }, 'postgres keeps rows');
    expect(await found('kubernets')).toEqual([]);
    expect(await found('kubernets', { subjects: ['team:others'] })).toEqual([0]);
  });

  it('finds by feedback what has none of the words [KN-5]', async () => {
    const about = (more: string) => `${more} turbulence wake vortex shedding`;
    const filler = Array.from({ length: 60 }, (_, at) => `filler number n${at} talks of other subject${at}`);
    await texts(about('cylinder'), about('cylinder flow'), 'vortex shedding behind a bluff body', ...filler);
    expect(await found('cylinder')).toEqual([1, 0].sort());
    expect(await found('cylinder', { feedback: defaultFeedback })).toContain(2);
  });

  it('restricts by language, path, date and metadata within the search, however few pass [KN-5]', async () => {
    const at = (day: number) => new Date(Date.UTC(2026, 0, day));
    const guide = await world.document(org, collection, audience, { uri: `guide_%/${names}`, changedAt: at(1) });
    const api = await world.document(org, collection, audience, {
      uri: `api/${names}`,
      changedAt: at(5),
      metadata: { team: 'core' },
    });
    const many = Array.from({ length: 300 }, () => ({ text: 'alpha alpha alpha', documentId: api }));
    await texts({ text: 'alpha and much else, with more words', documentId: guide }, ...many, {
      text: 'alpha in German, with more words',
      documentId: api,
      language: 'german',
    });
    expect(await found('alpha', { filters: { uriPrefix: 'guide_%/' } })).toEqual([0]);
    expect(await found('alpha', { filters: { uriPrefix: 'guide' } })).toEqual([0]);
    expect(await found('alpha', { filters: { uriPrefix: '%' } })).toEqual([]);
    expect(await found('alpha', { filters: { changedBefore: at(5) } })).toEqual([0]);
    expect(await found('alpha', { filters: { languages: ['german'] } })).toEqual([301]);
    expect(
      await found('alpha', { filters: { metadata: { team: 'core' }, changedSince: at(5) }, limit: 400 }),
    ).toHaveLength(301);

    // All that has a word is looked at where next to nothing passes: without what only those that pass are asked for.
    const scope = { org, collections: [collection], subjects: [everybody] };
    const chunks = [firstChunk(), firstChunk() + 1];
    const read = (known: KnownLexemes) => readCandidates(world.db, scope, chunks, { uriPrefix: 'guide' }, known);
    const nothing = await read(createRemembered(0, () => 1));
    expect(nothing.map(({ passes, lexemes }) => [passes, lexemes !== '']).sort()).toEqual([
      [false, false],
      [true, true],
    ]);
  });

  it('gives lexemes that are remembered only of what may still be read [KN-4] [KN-13]', async () => {
    await texts('alpha one', 'alpha two');
    const chunks = [firstChunk(), firstChunk() + 1];
    const known: KnownLexemes = createRemembered<string>(10_000, ({ length }) => length);
    const read = async (subjects: string[]) => {
      const scope = { org, collections: [collection], subjects };
      const found = await readCandidates(world.db, scope, chunks, {}, known);
      return found.sort((a, b) => a.chunk - b.chunk);
    };
    const before = await read([everybody]);
    expect(before.map(({ lexemes }) => lexemes !== '')).toEqual([true, true]);
    expect(chunks.map((chunk) => known.get(org, chunk))).toEqual(
      chunks.map((chunk) => before.find((one) => one.chunk === chunk)?.lexemes),
    );
    expect(await read([everybody])).toEqual(before);
    expect(await read(['somebody else'])).toEqual([]);
  });

  it('takes any text for a text, whatever it means to Postgres [KN-5]', async () => {
    const rude = [
      "'; drop table knowledge_chunks; --",
      "a' or '1'='1",
      '$1 $2 {a,b} {"a"',
      'a & b | !c <-> d:* <2> (',
      '"unclosed',
      '"" "" "',
      "''' \\ \\\\ \\' E'\\n",
      '\0a\0b\0',
      '\uD800 \uDFFF lone',
      '%_% ~* .* [[:alpha:]]',
      '🙂 ‮ \u202e ﷽ İi̇ ß',
      'x'.repeat(100_000),
      'word '.repeat(50_000),
      '"a b" '.repeat(5_000),
      `${'日本'.repeat(5_000)}`,
      Array.from({ length: 5_000 }, (_, at) => `v${at}`).join(' '),
    ];
    await texts(
      'plain text',
      ...rude.map((text) => ({ text, title: text.slice(0, 2_000), headings: [text.slice(0, 2_000)] })),
    );
    for (const query of rude) {
      expect(await search(query)).toEqual(expect.any(Array));
      await search(query, { feedback: defaultFeedback });
      await search('plain', { subjects: [everybody, query] });
      expect(await search('plain', { filters: { uriPrefix: query } })).toEqual([]);
      expect(await search('plain', { filters: { metadata: { team: query, [query]: 1 } } })).toEqual([]);
    }
    expect(await found('plain')).toEqual([0]);
    await world.unindex(
      org,
      collection,
      rude.map((_, at) => firstChunk() + 1 + at),
    );
    expect(await found('plain')).toEqual([0]);
    expect(await rowsOf('knowledge_terms')).toHaveLength(2);
  });

  it('leaves nothing of a document that is taken out, and all of the others [KN-2]', async () => {
    await texts('alpha beta', 'alpha gamma');
    const before = await Promise.all(['knowledge_postings', 'knowledge_terms', 'knowledge_lexical_totals'].map(rowsOf));
    await world.index(org, collection, [
      { chunkId: firstChunk() + 5, audience, text: 'alpha delta delta', language: 'german' },
    ]);
    await world.unindex(org, collection, [firstChunk() + 5, 4_000_000]);
    const after = await Promise.all(['knowledge_postings', 'knowledge_terms', 'knowledge_lexical_totals'].map(rowsOf));
    expect(after.map((rows) => rows.filter(({ chunks }) => chunks !== 0))).toEqual(before);
  });

  it('forgets one organisation, and no other', async () => {
    const other = await world.collection('other', `c${names}`);
    const readers = await world.audience('other', [everybody]);
    await world.index('other', other, [{ chunkId: firstChunk(), audience: readers, text: 'alpha' }]);
    await texts('alpha');
    const ofOther = { collections: [other], query: 'alpha' };
    expect(await world.search('other', ofOther)).toHaveLength(1);
    await world.lexical.purge(world.db, 'other');
    expect(await world.search('other', ofOther)).toEqual([]);
    expect(await found('alpha')).toEqual([0]);
  });

  it('forgets what the transaction forgets, and is written only within one [KN-2]', async () => {
    const entry = {
      chunkId: firstChunk(),
      documentId: 1,
      audience,
      language: 'english' as const,
      title: '',
      headings: [],
    };
    const failing = world.db.transaction().execute(async (trx) => {
      await world.lexical.indexChunks(trx, org, collection, [{ ...entry, text: 'alpha' }]);
      expect(await world.search(org, { collections: [collection], query: 'alpha' }, trx)).toHaveLength(1);
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    expect(await found('alpha')).toEqual([]);
    await expect(world.lexical.indexChunks(world.db, org, collection, [{ ...entry, text: 'alpha' }])).rejects.toThrow(
      'transaction',
    );
    await expect(world.index(org, 999_999, [{ ...entry, text: 'alpha' }])).rejects.toThrow('no collection');
  });

  it('stands four writers and readers at once, who never see half a document [KN-5]', async () => {
    const others = await world.collection(org, `c${names} others`);
    const two = ['alpha beta gamma', 'alpha beta delta'];
    const put = (base: number, of: number, version: number) =>
      world.db.transaction().execute(async (trx) => {
        const chunks = two.map((_, at) => base + at);
        await world.lexical.unindexChunks(trx, org, of, chunks);
        await world.lexical.indexChunks(
          trx,
          org,
          of,
          two.map((text, at) => ({
            chunkId: base + at,
            documentId: base,
            audience,
            language: 'english',
            title: '',
            headings: [],
            text: `${text} version${version}`,
          })),
        );
      });
    const bases = [0, 10, 20, 30].map((more) => firstChunk() + more);
    const writing = bases.map(async (base, at) => {
      for (let version = 0; version < 15; version++) await put(base, at % 2 ? others : collection, version);
    });
    let isOver = false;
    const reading = Array.from({ length: 4 }, async () => {
      while (!isOver) {
        const hits = await world.search(org, { collections: [collection, others], query: 'alpha', limit: 50 });
        const byDocument = Map.groupBy(hits, ({ chunkId }) => chunkId - (chunkId % 10));
        for (const chunks of byDocument.values()) expect(chunks).toHaveLength(2);
      }
    });
    await Promise.all(writing).finally(() => {
      isOver = true;
    });
    await Promise.all(reading);
    const last = await world.search(org, { collections: [collection, others], query: 'version14', limit: 50 });
    expect(last.map(({ chunkId }) => chunkId).sort()).toEqual(bases.flatMap((base) => [base, base + 1]).sort());
  });
});
