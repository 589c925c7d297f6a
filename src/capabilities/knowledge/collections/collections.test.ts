import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseKinds, openTestDatabase, type TestDatabase } from '../../../../test/database.ts';
import { type CollectionSettings, fileSchema } from '../../../config/schema.ts';
import { createKeyring } from '../../../platform/keyring/index.ts';
import { keepDocument } from '../ingest/keep.ts';
import { createLexical } from '../lexical/index.ts';
import { knowledgeMigrations } from '../migrations.ts';
import { createSealing, createVaults } from '../sealing/index.ts';
import { everyone } from '../types.ts';
import { createCollections } from './collections.ts';
import { readReach } from './store.ts';

const org = 'default';

describe.each(databaseKinds)('declared collections on %s', (kind) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openTestDatabase(knowledgeMigrations, { kind });
  }, 60_000);
  afterAll(() => database?.stop());

  it('take away rights though one of them cannot be as it is declared [KN-3]', async () => {
    const { db } = database;
    const sealing = createSealing({ vaults: createVaults(createKeyring('one'.padEnd(32, '.'))) });
    const collections = createCollections({ db, sealing, models: [], changed: async () => {} });
    const declared = (more: object): Record<string, CollectionSettings> =>
      fileSchema.parse({ knowledge: { collections: { a: {}, b: {}, c: {}, ...more } } }).knowledge.collections;
    const readable = async () => (await readReach(db, org, [everyone])).collections.map(({ name }) => name);
    await collections.declare(declared({ d: {} }));
    expect(await readable()).toEqual(['a', 'b', 'c', 'd']);

    const one = await collections.find(org, 'a');
    if (!one) throw new Error('it was declared');
    const arrival = { collection: one.id, source: 'test', uri: 'x', hash: '', bytes: 1, readers: [everyone] };
    const read = { title: 'x', kind: 'text', language: 'english', metadata: {}, links: [], warnings: [], chunks: [] };
    await keepDocument({ db, lexical: createLexical() }, org, arrival, read as never, 0);
    const next = declared({ a: { encrypted: true, readers: ['role:operator'] }, b: { readers: ['role:operator'] } });
    await expect(collections.declare(next)).rejects.toMatchObject({ code: 'COLLECTION_ENCRYPTION_FIXED' });
    expect(await readable()).toEqual(['c']); // a and b have other readers, d is declared no more
  });
});
