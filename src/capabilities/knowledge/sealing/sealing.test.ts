import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseKinds, openTestDatabase, type TestDatabase } from '../../../../test/database.ts';
import { createRandom } from '../../../../test/random.ts';
import { createKeyring } from '../../../platform/keyring/index.ts';
import { audienceOf, putCollection } from '../collections/store.ts';
import { readPassages } from '../documents/store.ts';
import { keepDocument, removeDocuments, type Stores } from '../ingest/keep.ts';
import { createLexical, defaultFeedback, defaultLexicalSettings } from '../lexical/index.ts';
import { knowledgeMigrations } from '../migrations.ts';
import { purgeContents } from '../purge.ts';
import type { ReadDocument } from '../types.ts';
import { readMissing } from '../vectors/store.ts';
import { createSealing, createVaults, openedUnembedded, passageReading } from './index.ts';

const org = 'default';
const everyone = ['everyone'];
const sealingUnder = (secret: string) => createSealing({ vaults: createVaults(createKeyring(secret.padEnd(32, '.'))) });
const words = ['mast', 'rudder', 'anchors', 'sailing', 'getDeckName', 'v1.2.3', 'harbour', 'tide', 'compass', 'storms'];

describe.each(databaseKinds)('an encrypted collection on %s', (kind) => {
  let database: TestDatabase;
  let stores: Stores;
  let all: Record<'plain' | 'closed' | 'other', number>;
  const sealing = sealingUnder('one');
  const lexical = createLexical(sealing);
  const random = createRandom(5);

  const put = async (collection: number, name: string, text: string[]) => {
    const read: ReadDocument = {
      ...{
        title: `Of the ${name}`,
        kind: 'markdown',
        language: 'english',
        metadata: { n: name },
        links: [],
        warnings: [],
      },
      chunks: text.map((one, ordinal) => ({
        ...{ ordinal, parent: null, kind: 'text', headings: ['Deck', name], text: one, tokens: 9, place: {} },
      })),
    };
    const arrival = { collection, source: 'test', uri: name, hash: name, bytes: 1, readers: everyone };
    return await keepDocument(stores, org, arrival, read, 0);
  };
  beforeAll(async () => {
    database = await openTestDatabase(knowledgeMigrations, { kind });
    const { db } = database;
    stores = { db, lexical, sealing };
    const made = async (name: string) => {
      const audience = await audienceOf(db, org, everyone);
      return await putCollection(db, org, { name, settings: {}, declared: false, audience, changedBy: 'test' });
    };
    all = { plain: await made('plain'), closed: await made('closed'), other: await made('other') };
    for (const id of [all.closed, all.other]) await sealing.make(db, org, id);
    for (let n = 0; n < 40; n++) {
      const text = Array.from(
        { length: 3 },
        () => `${random.some(words, 6).join(' ')} ${random.some(words, 5).join(' ')}`,
      );
      for (const id of [all.plain, all.closed, ...(n % 2 ? [all.other] : [])]) await put(id, `d${n}`, text);
    }
  }, 120_000);
  afterAll(() => database?.stop());

  const search = (collections: number[], query: string, feedback = false) =>
    lexical.search(database.db, org, {
      ...{ collections, subjects: everyone, query, limit: 500, settings: defaultLexicalSettings },
      ...(feedback ? { feedback: defaultFeedback } : {}),
    });
  const scores = (hits: Awaited<ReturnType<typeof search>>) =>
    hits.map(({ score, share, matched }) => [score.toFixed(9), share.toFixed(9), matched.join(' ')]);

  it('is ranked as a plain one is, by itself and together, by words, phrases and feedback [KN-13]', async () => {
    const queries = ['anchor storm', '"compass tide" rudder', 'deck name 1.2', 'sails', 'of the d7', 'nothing here'];
    for (const query of queries)
      for (const feedback of [false, true]) {
        const plain = await search([all.plain], query, feedback);
        expect(scores(await search([all.closed], query, feedback))).toEqual(scores(plain));
        if (feedback) continue;
        // The same in both halves: twice as many of each, so the same order of scores, in pairs.
        const both = await search([all.plain, all.closed], query);
        expect(both).toHaveLength(2 * plain.length);
        for (let at = 0; at < both.length; at += 2) expect(both[at]?.score).toBeCloseTo(both[at + 1]?.score ?? -1, 9);
      }
    expect((await search([all.plain], 'ruddre')).length).toBeGreaterThan(0); // a near miss
    expect(await search([all.closed], 'ruddre')).toEqual([]);
  });

  it('opens what it keeps, in its place and by its own key only [KN-13]', async () => {
    const { db } = database;
    const hits = (await search([all.closed], 'rudder')).slice(0, 2).map(({ chunkId }) => chunkId);
    const { readPassages: open } = passageReading(sealing);
    const [one] = await open(db, org, everyone, hits);
    expect(one).toMatchObject({ title: expect.stringMatching(/^Of the d/), headings: ['Deck', expect.any(String)] });
    expect(one?.metadata).toEqual({ n: one?.uri });
    const [kept] = await readPassages(db, org, everyone, hits);
    expect(`${kept?.title} ${kept?.text} ${kept?.headings}`).not.toMatch(/deck|rudder|Of the/i);

    const [missing] = await readMissing(db, org, { collection: all.closed, space: 0 }, { limit: 1 });
    const seal = (await sealing.of(db, org, [all.closed])).get(all.closed);
    if (!missing || !seal) throw new Error('there are passages without vectors, and a key');
    const embedded = openedUnembedded(seal, org, all.closed, missing);
    expect(embedded).toMatchObject({
      title: 'Of the d0',
      headings: ['Deck', 'd0'],
      text: expect.stringMatching(/^[a-zA-Z0-9. ]+$/),
    });

    await sql`update knowledge_chunks c set text = (select text from knowledge_chunks where id = ${hits[0]})
      where id = ${hits[1]}`.execute(db);
    await expect(open(db, org, everyone, hits)).rejects.toThrow();
    const another = passageReading(sealingUnder('two'));
    await expect(another.readPassages(db, org, everyone, [hits[0] ?? 0])).rejects.toMatchObject({
      code: 'COLLECTION_LOCKED',
    });
  });

  it('leaves nothing in the index when its documents go, and its key goes with it [KN-13]', async () => {
    const { db } = database;
    const count = async (table: string) =>
      Number(
        (
          await sql<{
            n: string;
          }>`select count(*) as n from ${sql.table(table)} where collection = ${all.other}`.execute(db)
        ).rows[0]?.n,
      );
    const { rows } = await sql<{
      id: number;
    }>`select id from knowledge_documents where collection = ${all.other}`.execute(db);
    await removeDocuments(
      stores,
      org,
      all.other,
      rows.map(({ id }) => id),
      1,
    );
    expect([await count('knowledge_postings'), await count('knowledge_lexemes')]).toEqual([0, 0]);
    await purgeContents(db, org, all.other);
    expect(await count('knowledge_keys')).toBe(0);
    expect((await sealingUnder('one').of(db, org, [all.other, all.closed])).size).toBe(1);
  });
});
