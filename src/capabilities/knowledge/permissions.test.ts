import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseKinds, openTestDatabase, silentLog, type TestDatabase } from '../../../test/database.ts';
import { createRandom } from '../../../test/random.ts';
import { searchSettings } from '../../config/search-schema.ts';
import { createKeyring } from '../../platform/keyring/index.ts';
import { audienceOf, putCollection } from './collections/store.ts';
import { readDocument, readSources } from './documents/store.ts';
import { keepDocument } from './ingest/keep.ts';
import { createLexical } from './lexical/index.ts';
import { knowledgeMigrations } from './migrations.ts';
import { createQueries } from './query/query.ts';
import { createSealing, createVaults } from './sealing/index.ts';
import type { ReadDocument } from './types.ts';

// Every way to a passage, beside a plain list of who may read what.

const org = 'default';
const subjects = ['everyone', ...'abcdefgh'].map((name) => (name.length > 1 ? name : `team:${name}`));
const askers = 200;

interface Known {
  collection: string;
  document: number;
  chunks: number[];
  readers: readonly string[];
}

const textOf = (n: string): ReadDocument => ({
  ...{ title: `Title ${n}`, kind: 'markdown', language: 'english', metadata: {}, links: [], warnings: [] },
  chunks: ['alpha lighthouse', 'beta lighthouse'].map((text, ordinal) => ({
    ...{ ordinal, parent: null, kind: 'text', headings: [], text: `${text} word${n}`, tokens: 4, place: {} },
  })),
});

describe.each(databaseKinds)('what an asker gets on %s', (kind) => {
  const random = createRandom(11);
  const sealing = createSealing({
    vaults: createVaults(createKeyring('a secret of the test, thirty-two bytes or more')),
  });
  const lexical = createLexical(sealing);
  let database: TestDatabase;
  let queries: ReturnType<typeof createQueries>;
  const readersOf = new Map<string, readonly string[]>();
  const known: Known[] = [];

  beforeAll(async () => {
    database = await openTestDatabase(knowledgeMigrations, { kind });
    const { db } = database;
    queries = createQueries({ db, lexical, sealing, log: silentLog, settings: () => searchSettings.parse({}) });
    for (const [at, name] of ['one', 'two', 'three'].entries()) {
      const readers = at === 0 ? ['everyone'] : random.some(subjects.slice(1), 4);
      readersOf.set(name, readers);
      const audience = await audienceOf(db, org, readers);
      const row = { name, settings: {}, declared: false, audience, changedBy: 'test' };
      const collection = await putCollection(db, org, row);
      if (name === 'two') await sealing.make(db, org, collection); // encrypted ones are asked the same way
      for (let n = 0; n < 12; n++) {
        const own = random.some(subjects, 3);
        const arrival = {
          collection,
          source: 'test',
          uri: `${name}/${n}`,
          hash: '',
          bytes: 1,
          readers: own,
          metadata: {},
        };
        const document = await keepDocument({ db, lexical, sealing }, org, arrival, textOf(`${name}${n}`), 0);
        const whole = await readDocument(db, org, own.concat(readers), name, document, 10);
        known.push({ collection: name, document, chunks: whole.map(({ id }) => id), readers: own });
      }
    }
  }, 120_000);
  afterAll(() => database?.stop());

  it(`is what its subjects may read, by every way, for ${askers} random sets of subjects [KN-4]`, {
    timeout: 180_000,
  }, async () => {
    for (let n = 0; n < askers; n++) {
      const asker = { org: n % 20 === 19 ? 'another' : org, subjects: random.some(subjects, 3) };
      const among = (readers: readonly string[]) => readers.some((one) => asker.subjects.includes(one));
      const may = ({ collection, readers }: Known) =>
        asker.org === org && among(readers) && among(readersOf.get(collection) ?? []);
      const readable = known.filter(may);

      const found = await queries.query(asker, { query: 'lighthouse', limit: 1_000, maxTokens: 1e9 });
      expect(sorted(found.passages.map(({ id }) => id))).toEqual(sorted(readable.flatMap(({ chunks }) => chunks)));

      const sources = await readSources(database.db, asker.org, asker.subjects);
      expect(sources.reduce((sum, { documents }) => sum + documents, 0)).toBe(readable.length);

      for (const one of random.some(known, 4)) {
        const [id = 0] = one.chunks;
        const around = () => queries.around(asker, id, 'document', { maxTokens: 1e9 });
        const related = () => queries.related(asker, id, 1_000);
        const whole = await queries.document(asker, one.collection, one.document, 1e9);
        if (!may(one)) {
          await expect(around()).rejects.toMatchObject({ code: 'UNKNOWN_PASSAGE' });
          await expect(related()).rejects.toMatchObject({ code: 'UNKNOWN_PASSAGE' });
          expect(whole).toEqual([]);
          continue;
        }
        expect((await around()).passages.map((each) => each.id)).toEqual(one.chunks);
        expect(whole.map((each) => each.id)).toEqual(one.chunks);
        const others = new Set(readable.map(({ document }) => document));
        for (const { document } of await related())
          expect(others.has(document) && document !== one.document).toBe(true);
      }
    }
  });
});

const sorted = (ids: readonly number[]) => [...ids].sort((a, b) => a - b);
