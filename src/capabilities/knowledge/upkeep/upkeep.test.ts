import { expect, it, onTestFinished } from 'vitest';
import { openTestDatabase, silentLog } from '../../../../test/database.ts';
import { audienceOf, putCollection } from '../collections/store.ts';
import { openEdition } from '../editions/store.ts';
import { keepDocument } from '../ingest/keep.ts';
import { createLexical } from '../lexical/index.ts';
import { knowledgeMigrations } from '../migrations.ts';
import { everyone, type ReadDocument } from '../types.ts';
import { findBloated, findUnknown } from './store.ts';
import { createUpkeep } from './upkeep.ts';

const org = 'default';

it('clears what nobody finishes, and gives back the place of dead rows once nobody waits [KN-2] [KN-13]', {
  timeout: 60_000,
}, async () => {
  const { db, stop } = await openTestDatabase(knowledgeMigrations, { kind: 'embedded' });
  onTestFinished(stop);
  const stores = { db, lexical: createLexical() };
  const audience = await audienceOf(db, org, [everyone]);
  const made = { name: 'docs', settings: {}, declared: false, audience, changedBy: 'test' };
  const collection = await putCollection(db, org, made);
  const documentOf = (version: number): ReadDocument => ({
    ...{ title: '', kind: 'text', language: 'english', metadata: {}, links: [], warnings: [] },
    chunks: Array.from({ length: 100 }, (_, ordinal) => ({
      ...{ ordinal, parent: null, kind: 'text', headings: [], tokens: 1, place: {} },
      text: `word${ordinal} version${version}`,
    })),
  });
  const arrival = { collection, source: 'test', uri: 'one', hash: '', bytes: 1, readers: [everyone], metadata: {} };
  let document = 0;
  for (let version = 0; version < 13; version++)
    document = await keepDocument(stores, org, arrival, documentOf(version), 0);
  await openEdition(db, org, { collection, document });
  const editions = () => db.withTables<{ knowledge_editions: object }>().selectFrom('knowledge_editions').execute();
  expect([(await findBloated(db)).length > 0, (await editions()).length]).toEqual([true, 1]);
  expect(await findUnknown(db)).toContain('knowledge_chunks');

  let waiting = 1;
  const upkeep = createUpkeep({ stores, log: silentLog, alone: true, waiting: () => waiting, everyMs: 20 });
  await upkeep.start();
  await expect.poll(editions).toEqual([]);
  await expect.poll(() => findUnknown(db), { timeout: 10_000 }).toEqual([]); // whoever waits
  expect((await findBloated(db)).length).toBeGreaterThan(0);
  waiting = 0;
  await expect.poll(() => findBloated(db), { timeout: 10_000 }).toEqual([]);
  await upkeep.stop();
});
