import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseKinds, openTestDatabase, silentLog, type TestDatabase } from '../../../../test/database.ts';
import { searchSettings } from '../../../config/search-schema.ts';
import type { Db } from '../../../platform/db/index.ts';
import { audienceOf, putCollection } from '../collections/store.ts';
import { createLexical } from '../lexical/index.ts';
import { knowledgeMigrations } from '../migrations.ts';
import { createQueries } from '../query/query.ts';
import { everyone, type ReadDocument } from '../types.ts';
import { findDisagreements } from '../verify/store.ts';
import { keepDocument, removeDocuments, type Stores } from './keep.ts';
import { clearEditions, type Progress, passagesAtOnce } from './long.ts';

// Documents of more passages than one transaction writes.

const org = 'default';
const asker = { org, subjects: [everyone] };
const long = passagesAtOnce * 2 + 30;

const documentOf = (word: string, passages: number): ReadDocument => ({
  ...{ title: `Of ${word}`, kind: 'markdown', language: 'english', metadata: {}, links: [], warnings: [] },
  chunks: Array.from({ length: passages }, (_, ordinal) => ({
    ...{ ordinal, parent: null, kind: 'text', headings: [], tokens: 5, place: {} },
    text: `lighthouse ${word} number${ordinal}`,
  })),
});

/** A database that is lost with the transaction of this number, counted from 0. */
function lostAt(db: Db, at: number): Db {
  let begun = 0;
  return new Proxy(db, {
    get(target, key) {
      if (key === 'transaction') begun += 1;
      if (begun > at) throw new Error('the database is lost');
      const value = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

describe.each(databaseKinds)('a long document on %s', (kind) => {
  let database: TestDatabase;
  let stores: Stores;
  let queries: ReturnType<typeof createQueries>;
  let collection: number;

  beforeAll(async () => {
    database = await openTestDatabase(knowledgeMigrations, { kind });
    const { db } = database;
    stores = { db, lexical: createLexical() };
    queries = createQueries({
      ...stores,
      log: silentLog,
      settings: () => searchSettings.parse({ cache: { entries: 0 } }),
    });
    const audience = await audienceOf(db, org, [everyone]);
    const made = { name: 'docs', settings: {}, declared: false, audience, changedBy: 'test' };
    collection = await putCollection(db, org, made);
  }, 60_000);
  afterAll(() => database?.stop());

  const keep = (
    uri: string,
    read: ReadDocument,
    { db = database.db, progress, readers = [everyone] }: { db?: Db; progress?: Progress; readers?: string[] } = {},
  ) =>
    keepDocument(
      { ...stores, db },
      org,
      { collection, source: 'test', uri, hash: '', bytes: 1, readers, metadata: {} },
      read,
      0,
      progress,
    );
  const passages = async (query: string, subjects = asker.subjects) =>
    (await queries.query({ org, subjects }, { query, limit: 400, maxTokens: 1e9 })).passages;
  /** Of which words there are how many passages, with what they score. */
  const found = async () => {
    const all = await passages('lighthouse');
    return Object.fromEntries(
      [...Map.groupBy(all, ({ title }) => title)].map(([title, of]) => [
        title,
        { count: of.length, of: of[0]?.of, score: of[0]?.parts.words },
      ]),
    );
  };
  const disagreements = () => findDisagreements(database.db, org, collection);
  const sizes = async () => {
    const tables = ['chunks', 'lexemes', 'postings', 'terms', 'editions', 'audiences'].map(
      (name) => `knowledge_${name}`,
    );
    const counts = tables.map((name) => sql`select ${name} as name, count(*)::int as n from ${sql.table(name)}`);
    return (await sql`${sql.join(counts, sql` union all `)} order by name`.execute(database.db)).rows;
  };
  const clear = () => clearEditions(stores, undefined, 0);

  it('is found by nobody before it is whole, and counts for nothing; then it takes the place of what was there [KN-2]', async () => {
    const id = await keep('one', documentOf('old', long));
    const before = await found();
    expect(before).toMatchObject({ 'Of old': { count: long, of: long } });
    const told: [number, number][] = [];
    const progress = async (done: number, total: number) => {
      told.push([done, total]);
      expect([await found(), await disagreements()]).toEqual([before, []]);
    };
    expect(await keep('one', documentOf('new', long + 5), { progress })).toBe(id);
    expect(told).toEqual([
      [100, 235],
      [200, 235],
      [235, 235],
    ]);
    expect(await found()).toMatchObject({ 'Of new': { count: long + 5, of: long + 5 } });
    expect(await passages('old')).toEqual([]);
    expect(await passages('new', ['team:others'])).toEqual([]);
    expect(await disagreements()).toEqual([]);
    expect(await clear()).toBe(long);
    expect(await disagreements()).toEqual([]);
    await removeDocuments(stores, org, collection, [id], 0);
    expect(await found()).toEqual({});
    expect(await disagreements()).toEqual([]);
    await clear();
  });

  it('leaves what was before as it was, whenever it ends in the middle, and nothing of itself once that is cleared [KN-2]', async () => {
    await keep('two', documentOf('kept', long));
    const [before, rows] = [await found(), await sizes()];
    for (let at = 1; at < 5; at++) {
      await expect(keep('two', documentOf('lost', long), { db: lostAt(database.db, at) })).rejects.toThrow('is lost');
      expect(await found()).toEqual(before);
      expect(await disagreements()).toEqual([]);
      // Whoever clears may end in the middle, too.
      const clearing = clearEditions({ ...stores, db: lostAt(database.db, 1) }, undefined, 0);
      await clearing.catch(() => undefined);
      expect(await disagreements()).toEqual([]);
      await clear();
      expect(await sizes()).toEqual(rows);
    }
    const refused = () => {
      throw new Error('not that long');
    };
    await expect(keep('two', documentOf('lost', long), { progress: refused })).rejects.toThrow('not that long');
    await clearEditions(stores);
    expect([await found(), await sizes()]).toEqual([before, rows]);
  });

  it('becomes short and long again, changes its readers, and is kept by two at once [KN-2] [KN-4]', async () => {
    await keep('two', documentOf('short', 3));
    expect(await found()).toMatchObject({ 'Of short': { count: 3 } });
    await keep('two', documentOf('closed', long), { readers: ['team:core'] });
    expect(await found()).toEqual({});
    expect(await passages('closed', [everyone, 'team:core'])).toHaveLength(long);
    await Promise.all(['this', 'that'].map((word) => keep('two', documentOf(word, long))));
    const [[title, { count } = { count: 0 }] = [], ...others] = Object.entries(await found());
    expect([title, count, others]).toEqual([expect.stringMatching(/^Of th(is|at)$/), long, []]);
    expect(await passages('closed', [everyone, 'team:core'])).toEqual([]);
    await clear();
    expect(await disagreements()).toEqual([]);
  });

  it('that is taken for abandoned while it is made is not kept [KN-2]', async () => {
    const before = await found();
    const progress = async () => void (await clear());
    await expect(keep('two', documentOf('slow', long), { progress })).rejects.toMatchObject({
      code: 'DOCUMENT_OVERTAKEN',
    });
    expect(await found()).toEqual(before);
    expect(await disagreements()).toEqual([]);
  });
});
