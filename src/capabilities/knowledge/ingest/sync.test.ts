import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseKinds, openTestDatabase, silentLog, type TestDatabase } from '../../../../test/database.ts';
import { readerWith, stopReaders } from '../../../../test/documents.ts';
import { createWorld, type World } from '../../../../test/sources.ts';
import { searchSettings } from '../../../config/search-schema.ts';
import { audienceOf, putCollection } from '../collections/store.ts';
import { readSources } from '../documents/store.ts';
import { createLexical } from '../lexical/index.ts';
import { knowledgeMigrations } from '../migrations.ts';
import { createQueries } from '../query/query.ts';
import type { Source, SourceItem } from '../sources/index.ts';
import { syncFeed } from './sync.ts';

const org = 'default';
const asker = { org, subjects: ['everyone'] };

describe.each(databaseKinds)('a pass over a source on %s', (kind) => {
  let database: TestDatabase;
  let world: World;
  let collection: number;
  let reader: ReturnType<typeof readerWith>;
  /** Names of what was read. */
  const taken: string[] = [];
  const lexical = createLexical();

  beforeAll(async () => {
    database = await openTestDatabase(knowledgeMigrations, { kind });
    world = createWorld();
    reader = readerWith();
    const audience = await audienceOf(database.db, org, ['everyone']);
    const row = { name: 'docs', settings: {}, declared: true, audience, changedBy: 'test' };
    collection = await putCollection(database.db, org, row);
  });
  afterAll(async () => {
    await world.end();
    await stopReaders();
    await database.stop();
  });

  /** One pass; with `cut` its server ends when so many documents were kept. */
  async function pass(name: string, source: () => Source, cut = Number.POSITIVE_INFINITY) {
    taken.length = 0;
    const ending = new AbortController();
    const { db } = database;
    let kept = 0;
    const news = {
      indexed() {
        kept += 1;
        if (kept === cut) ending.abort(new Error('the server ends'));
      },
      removed() {},
      failed() {},
    };
    const end = await syncFeed(
      { org, collection, collectionName: 'docs', name, language: 'english', open: source },
      {
        ...{ db, lexical, clock: { now: () => Date.now() }, log: silentLog, replica: 'test', goneAfterMs: 0 },
        ...{ stallMs: 60_000, news },
        reader: {
          stop: reader.stop,
          async read(input, signal) {
            const read = await reader.readInput(input, signal);
            taken.push(input.name);
            return read;
          },
        },
      },
      ending.signal,
    );
    return { ...end, read: [...taken].sort() };
  }

  it('goes on where it was cut off, by git and its commits [KN-3]', async () => {
    const repository = join(world.folder, 'repository');
    mkdirSync(repository);
    const git = (...args: string[]) =>
      execFileSync('git', ['-C', repository, '-c', 'user.name=t', '-c', 'user.email=t@t', ...args]);
    git('init', '-q');
    const commit = (...names: string[]) => {
      for (const name of names) world.write(`repository/${name}`, `# ${name}\n\nThe text of ${name}.\n`);
      git('add', '.');
      git('commit', '-qm', 'more');
    };
    const names = ['a.md', 'b.md', 'c.md', 'd.md', 'e.md', 'f.md', 'g.md', 'h.md'];
    commit(...names);
    const open = () => world.open({ git: repository });

    const first = await pass('code', open, 3);
    expect(first.state).toBe('stopped');
    const kept = first.counts?.added ?? 0;
    expect(kept).toBeGreaterThanOrEqual(3);
    const second = await pass('code', open);
    expect(second).toMatchObject({ state: 'done', counts: { seen: 8, added: 8 - kept, unchanged: kept } });
    expect(second.read).toHaveLength(8 - kept);

    commit('i.md', 'j.md');
    const cut = await pass('code', open, 1);
    expect(cut.state).toBe('stopped');
    const left = 2 - (cut.counts?.added ?? 0);
    expect(left).toBeLessThan(2);
    const third = await pass('code', open);
    expect(third).toMatchObject({ state: 'done', counts: { seen: 2, added: left, unchanged: 2 - left } });
    expect(third.read).toHaveLength(left);
    expect(await pass('code', open)).toMatchObject({ state: 'done', counts: { seen: 0 }, read: [] });
  });

  it('goes on where it was cut off, by web pages and what they hold [KN-3]', async () => {
    let fails = true;
    const { url } = await world.serve((request, response) => {
      const page = request.url ?? '/';
      if (page === '/robots.txt') return void response.writeHead(404).end();
      if (page === '/p4' && fails) return void response.writeHead(500).end();
      const links = page === '/' ? [1, 2, 3, 4, 5].map((n) => `<a href="/p${n}">${n}</a>`).join('') : '';
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end(`<title>Page ${page}</title><main><h1>${page}</h1><p>Here is ${page}.</p>${links}</main>`);
    });
    const open = () => world.open({ web: `${url}/`, depth: 1, delayMs: 0 });
    const first = await pass('site', open, 2);
    const kept = first.counts?.added ?? 0;
    expect(first.state).toBe('stopped');
    expect(kept).toBeGreaterThanOrEqual(2);
    const second = await pass('site', open);
    expect(second).toMatchObject({ state: 'done', counts: { seen: 5, added: 5 - kept, unchanged: kept, failed: 1 } });
    expect(second.read).toHaveLength(5 - kept);
    fails = false;
    const third = await pass('site', open);
    expect(third).toMatchObject({ counts: { seen: 6, added: 1, unchanged: 5, expected: 5 }, read: ['p4'] });
  });

  it('takes up what a source says beside the content, without reading that again [KN-3]', async () => {
    const item: SourceItem = {
      ...{ uri: 'one', name: 'one.md', revision: '7', title: 'Mooring', url: 'https://old.example/one' },
      ...{ changedAt: Date.UTC(2026, 1, 1), metadata: { label: 'draft', space: 'A' } },
      read: async () => Buffer.from('# One\n\nThe hawser holds.\n'),
    };
    const source = (more: Partial<SourceItem>): Source => ({
      kind: 'jira',
      async *scan() {
        yield { ...item, ...more };
        return { whole: true };
      },
    });
    const found = async (query = 'hawser') => {
      const queries = createQueries({
        db: database.db,
        lexical,
        log: silentLog,
        settings: () => searchSettings.parse({}),
      });
      const { passages } = await queries.query(asker, {
        ...{ query, limit: 5, maxTokens: 1_000 },
      });
      return passages[0];
    };
    expect(await pass('told', () => source({}))).toMatchObject({ counts: { added: 1 }, read: ['one.md'] });
    expect(await found()).toMatchObject({ metadata: { label: 'draft', space: 'A' }, url: 'https://old.example/one' });

    const moved = { url: 'https://new.example/one', changedAt: Date.UTC(2026, 2, 2), metadata: { space: 'B' } };
    expect(await pass('told', () => source(moved))).toMatchObject({ counts: { unchanged: 1 }, read: [] });
    const now = await found();
    expect(now).toMatchObject({ url: moved.url, changedAt: moved.changedAt, title: 'Mooring' });
    expect(now?.metadata).toEqual({ space: 'B' });

    expect(await pass('told', () => source({ ...moved, title: 'Anchoring' }))).toMatchObject({
      counts: { changed: 1 },
    });
    expect(await found('anchoring')).toMatchObject({ title: 'Anchoring', metadata: { space: 'B' } });
    await pass('told', () => source({ ...moved, title: 'Anchoring', readers: ['team:deck'] }));
    expect(await found()).toBeUndefined();
    expect(await readSources(database.db, org, ['team:deck'])).toEqual([]); // the collection is for everyone alone
  });
});
