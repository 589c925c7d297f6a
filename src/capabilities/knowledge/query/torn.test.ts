import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseKinds, openTestDatabase, silentLog, type TestDatabase } from '../../../../test/database.ts';
import { searchSettings } from '../../../config/search-schema.ts';
import type { Db } from '../../../platform/db/index.ts';
import { audienceOf, putCollection } from '../collections/store.ts';
import { keepDocument } from '../ingest/keep.ts';
import { createLexical } from '../lexical/index.ts';
import { knowledgeMigrations } from '../migrations.ts';
import { everyone, type ReadDocument } from '../types.ts';
import { createQueries } from './query.ts';
import { createTurns } from './turns.ts';

// What a question sees of documents that are replaced under it.

const org = 'default';
const asker = { org, subjects: [everyone] };
const documents = 4;
const passages = 3;

const documentOf = (n: number, version: number): ReadDocument => ({
  ...{ title: 'Lights', kind: 'markdown', language: 'english', metadata: {}, links: [], warnings: [] },
  chunks: Array.from({ length: passages }, (_, ordinal) => ({
    ...{ ordinal, parent: null, kind: 'text', headings: [], tokens: 5, place: {} },
    text: `lighthouse part${ordinal} of document${n} in version ${version}`,
  })),
});

/** The database, with something done after each statement that is not in a transaction. */
function disturbed(db: Db, then: () => Promise<unknown>): Db {
  const over = <T extends object>(target: T, key: string, value: unknown): T =>
    new Proxy(target, {
      get(it, asked) {
        if (asked === key) return value;
        const own = Reflect.get(it, asked, it);
        return typeof own === 'function' ? own.bind(it) : own;
      },
    });
  const executor = db.getExecutor();
  const executeQuery: typeof executor.executeQuery = async (...asked) => {
    const result = await executor.executeQuery(...asked);
    await then();
    return result as never;
  };
  return over(db, 'getExecutor', () => over(executor, 'executeQuery', executeQuery));
}

describe.each(databaseKinds)('a question on %s', (kind) => {
  const lexical = createLexical();
  let database: TestDatabase;
  let collection: number;

  beforeAll(async () => {
    database = await openTestDatabase(knowledgeMigrations, { kind });
    const { db } = database;
    const audience = await audienceOf(db, org, [everyone]);
    const made = { name: 'docs', settings: {}, declared: false, audience, changedBy: 'test' };
    collection = await putCollection(db, org, made);
    for (let n = 0; n < documents; n++) await keep(n, 0);
  }, 60_000);
  afterAll(() => database?.stop());

  const keep = (n: number, version: number) => {
    const arrival = { collection, source: 'test', uri: `${n}`, hash: '', bytes: 1, readers: [everyone], metadata: {} };
    return keepDocument({ db: database.db, lexical }, org, arrival, documentOf(n, version), 0);
  };
  /** Of each document the versions that its passages are of. */
  const ask = async (db: Db, query: string, more: object = {}) => {
    const queries = createQueries({ db, lexical, log: silentLog, settings: () => searchSettings.parse({}) });
    const found = await queries.query(asker, { query, limit: 100, maxTokens: 1e9, ...more });
    return [...Map.groupBy(found.passages, ({ uri }) => uri)].map(([uri, of]) => [
      uri,
      of.map(({ text }) => Number(text.split(' ').at(-1))),
    ]) as [string, number[]][];
  };
  const expectWhole = (answer: [string, number[]][]) => {
    expect(answer).toHaveLength(documents);
    for (const [uri, versions] of answer)
      expect([uri, versions.length, new Set(versions).size]).toEqual([uri, passages, 1]);
  };

  it.each([
    ['words', 'lighthouse part1'],
    ['words in quotes', '"lighthouse part1"'],
    ['a near miss', 'lighthose part1'],
    ['many words', `lighthouse ${Array.from({ length: 80 }, (_, at) => `word${at}`).join(' ')}`],
  ])('is answered whole when documents are replaced between any two of its statements: %s [KN-5]', async (_, query) => {
    for (const times of [1, 2, 10]) {
      let version = 0;
      const db = disturbed(database.db, async () => {
        if (version < times) await keep(version % documents, ++version);
      });
      expectWhole(await ask(db, query));
      expectWhole(await ask(database.db, query, { filters: { uriPrefix: '' } }));
    }
  });

  it('that is begun again, or consists of several, does not go to the end of the line for it [KN-13]', async () => {
    const turns = createTurns(1);
    const through = (db: Db) =>
      createQueries({
        db,
        lexical,
        turns,
        log: silentLog,
        settings: () => searchSettings.parse({ cache: { entries: 0 } }),
      });
    const answered: string[] = [];
    const ask = async (name: string, db: Db, query: string) => {
      await through(db).query(asker, { query, limit: 100, maxTokens: 1e9 });
      answered.push(name);
    };
    let [version, begun] = [100, 0];
    const line: Promise<void>[] = [];
    const db = disturbed(database.db, async () => {
      if (++begun === 1) for (let n = 0; n < 40; n++) line.push(ask(`${n}`, database.db, 'lighthouse part1'));
      if (begun < 4) await keep(version % documents, ++version);
    });
    await ask('a', db, 'Where is the lighthouse? What is part1 of document2?');
    await Promise.all(line);
    // Between two of its turns it reads what it has found, and others have theirs.
    expect(answered.indexOf('a')).toBeLessThan(20);
  });

  it('is answered whole by many at once while others write [KN-5]', async () => {
    let isOver = false;
    const writing = Array.from({ length: documents }, async (_, n) => {
      for (let version = 1; version <= 15; version++) await keep(n, version);
    });
    const reading = Array.from({ length: 6 }, async () => {
      let answers = 0;
      for (; !isOver || answers === 0; answers++) expectWhole(await ask(database.db, 'lighthouse part1'));
      return answers;
    });
    await Promise.all(writing).finally(() => {
      isOver = true;
    });
    await Promise.all(reading);
    for (const [, versions] of await ask(database.db, 'lighthouse')) expect(versions).toEqual([15, 15, 15]);
  });
});
