import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseKinds, openTestDatabase, silentLog, type TestDatabase } from '../../../../test/database.ts';
import { searchSettings } from '../../../config/search-schema.ts';
import { createKeyring } from '../../../platform/keyring/index.ts';
import { audienceOf, putCollection } from '../collections/store.ts';
import { keepDocument } from '../ingest/keep.ts';
import { createLexical } from '../lexical/index.ts';
import { knowledgeMigrations } from '../migrations.ts';
import { createSealing, createVaults } from '../sealing/index.ts';
import { everyone, type ReadDocument } from '../types.ts';
import { createQueries } from './query.ts';

const org = 'default';
const asker = { org, subjects: [everyone] };
const sealing = createSealing({ vaults: createVaults(createKeyring('one'.padEnd(32, '.'))) });
/** As questions these would be two. */
const text = 'where is the anchor of the ship?\nwhat does the harbour master say';

const documentOf = (title: string): ReadDocument => ({
  ...{ title, kind: 'markdown', language: 'english', metadata: {}, links: [], warnings: [] },
  chunks: [{ ordinal: 0, parent: null, kind: 'text', headings: [], tokens: 9, place: {}, text: `${text} ${title}` }],
});

describe.each(databaseKinds)('what is related to a passage on %s', (kind) => {
  let database: TestDatabase;
  const lexical = createLexical(sealing);

  beforeAll(async () => {
    database = await openTestDatabase(knowledgeMigrations, { kind });
    const { db } = database;
    for (const name of ['plain', 'closed']) {
      const audience = await audienceOf(db, org, [everyone]);
      const made = { name, settings: {}, declared: false, audience, changedBy: 'test' };
      const collection = await putCollection(db, org, made);
      if (name === 'closed') await sealing.make(db, org, collection);
      for (const uri of ['one', 'two']) {
        const arrival = { collection, source: 'test', uri, hash: '', bytes: 1, readers: [everyone] };
        await keepDocument({ db, lexical, sealing }, org, arrival, documentOf(uri), 0);
      }
    }
  }, 60_000);
  afterAll(() => database?.stop());

  it.each([
    ['plain', ['vectors', 'reranker']],
    ['closed', []],
  ])('is not asked part by part, and of what is encrypted no model gets to see it: %s [KN-13]', async (name, shown) => {
    const seen: string[] = [];
    const see = <R>(who: string, result: R) => {
      seen.push(who);
      return Promise.resolve(result);
    };
    const queries = createQueries({
      ...{ db: database.db, lexical, sealing, log: silentLog },
      settings: () => searchSettings.parse({ decompose: 'model' }),
      meanings: { search: () => see('vectors', []) },
      reranker: {
        model: 'r',
        rank: (_, texts) =>
          see(
            'reranker',
            texts.map(() => 1),
          ),
      },
      vectorOf: () => see('vector of the question', undefined),
      split: () => see('chat', undefined),
    });
    const wanted = { limit: 1, maxTokens: 1_000, collections: [name] };
    const { passages } = await queries.query(asker, { ...wanted, query: 'anchor one' });
    const [passage] = passages;
    if (!passage) throw new Error('there is such a passage');
    seen.length = 0;
    expect(await queries.related(asker, passage.id, 5)).not.toEqual([]);
    expect(seen).toEqual(shown);
  });
});
