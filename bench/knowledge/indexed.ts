import { sql } from 'kysely';
import { audienceOf, putCollection } from '../../src/capabilities/knowledge/collections/store.ts';
import { createLexical, type LexicalEntry } from '../../src/capabilities/knowledge/lexical/index.ts';
import { everyone } from '../../src/capabilities/knowledge/types.ts';
import type { Database } from '../../src/platform/db/index.ts';
import { openSealing, org, type SearchedWorld, settle } from './world.ts';

const entriesAtOnce = 100;

export type BenchEntry = Pick<LexicalEntry, 'chunkId' | 'title' | 'headings' | 'text'>;

/** Entries put into our index directly: reading and cutting a hundred thousand of them would take an hour. */
export async function indexed(
  database: Database,
  entries: readonly BenchEntry[],
  encrypted = false,
): Promise<SearchedWorld & { ingestMs: number }> {
  const { db } = database;
  const sealing = openSealing();
  const lexical = createLexical(sealing);
  const audience = await audienceOf(db, org, [everyone]);
  const made = { name: 'bench', settings: {}, declared: false, audience, changedBy: 'bench' };
  const collection = await putCollection(db, org, made);
  if (encrypted) await sealing.make(db, org, collection);
  const readers = { documentId: 1, audience, language: 'english' as const };
  const batches = Array.from({ length: Math.ceil(entries.length / entriesAtOnce) }, (_, at) =>
    entries.slice(at * entriesAtOnce, (at + 1) * entriesAtOnce),
  );

  const startedAt = performance.now();
  for (const batch of batches)
    await db.transaction().execute((trx) =>
      lexical.indexChunks(
        trx,
        org,
        collection,
        batch.map((entry) => ({ ...entry, ...readers })),
      ),
    );
  const ingestMs = performance.now() - startedAt;
  await settle(database);
  const fillPlain = async () => {
    await makePlain(database);
    for (const batch of batches)
      await sql`insert into bench_plain select chunk, setweight(to_tsvector('english', title), 'A') || to_tsvector('english', body)
        from unnest(${batch.map(({ chunkId }) => chunkId)}::int[], ${batch.map(({ title, headings }) => [title, ...headings].join(' '))}::text[],
          ${batch.map(({ text }) => text)}::text[]) as t (chunk, title, body)`.execute(db);
  };
  return { database, lexical, collection, fillPlain, ingestMs };
}

export async function makePlain({ db }: Database): Promise<void> {
  await sql`create table bench_plain (chunk int primary key, lexemes tsvector not null)`.execute(db);
  await sql`create index bench_plain_lexemes on bench_plain using gin (lexemes)`.execute(db);
}
