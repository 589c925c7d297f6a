import { sql } from 'kysely';
import { audienceOf, putCollection } from '../../src/capabilities/knowledge/collections/store.ts';
import { createLexical, type Lexical, type LexicalEntry } from '../../src/capabilities/knowledge/lexical/index.ts';
import { createSealing, keyringVault } from '../../src/capabilities/knowledge/sealing/index.ts';
import { everyone } from '../../src/capabilities/knowledge/types.ts';
import type { Database } from '../../src/platform/db/index.ts';
import { createKeyring } from '../../src/platform/keyring/index.ts';

const org = 'default';
const entriesAtOnce = 100;

export type BenchEntry = Pick<LexicalEntry, 'chunkId' | 'title' | 'headings' | 'text'>;

export interface Indexed {
  search: (query: string, more?: Partial<Parameters<Lexical['search']>[2]>) => Promise<number[]>;
  /** With `ts_rank_cd` over the same texts, as Postgres has it without anything of ours. */
  searchPlainly: (query: string, limit: number) => Promise<number[]>;
  ingestMs: number;
  indexBytes: number;
  plainIngestMs: number;
  plainBytes: number;
}

/** A collection of these entries that everybody may read, in our index, and beside it in one of plain Postgres. */
export async function indexed(
  { db, kind }: Database,
  entries: readonly BenchEntry[],
  settings: Parameters<Lexical['search']>[2]['settings'],
  encrypted = false,
): Promise<Indexed> {
  const sealing = createSealing({
    vault: keyringVault(createKeyring('a secret of the bench, thirty-two bytes or more')),
  });
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

  await sql`create table bench_plain (chunk int primary key, lexemes tsvector not null)`.execute(db);
  await sql`create index bench_plain_lexemes on bench_plain using gin (lexemes)`.execute(db);
  const plainStartedAt = performance.now();
  for (const batch of batches)
    await sql`insert into bench_plain select chunk, setweight(to_tsvector('english', title), 'A') || to_tsvector('english', body)
      from unnest(${batch.map(({ chunkId }) => chunkId)}::int[], ${batch.map(({ title, headings }) => [title, ...headings].join(' '))}::text[],
        ${batch.map(({ text }) => text)}::text[]) as t (chunk, title, body)`.execute(db);
  const plainIngestMs = performance.now() - plainStartedAt;
  // Postgres does by itself what the embedded database never does: both are measured at rest.
  await sql`vacuum analyze`.execute(db);
  if (kind === 'postgres') await sql`checkpoint`.execute(db);

  return {
    async search(query, more = {}) {
      const asked = { collections: [collection], subjects: [everyone], query, limit: 100, settings, ...more };
      return (await lexical.search(db, org, asked)).map(({ chunkId }) => chunkId);
    },
    async searchPlainly(query, limit) {
      const found = await sql<{ chunk: number }>`
        with asked as (select replace(plainto_tsquery('english', ${query})::text, '&', '|')::tsquery as q)
        select chunk from bench_plain, asked where lexemes @@ q order by ts_rank_cd(lexemes, q) desc, chunk limit ${limit}`.execute(
        db,
      );
      return found.rows.map(({ chunk }) => chunk);
    },
    ingestMs,
    indexBytes: await bytesOf(db, 'knowledge_(lexemes|postings|terms|lexical_totals)'),
    plainIngestMs,
    plainBytes: await bytesOf(db, 'bench_plain'),
  };
}

async function bytesOf(db: Database['db'], tables: string): Promise<number> {
  const { rows } = await sql<{ bytes: string }>`select sum(pg_total_relation_size(oid)) as bytes from pg_class
    where relkind = 'r' and relname ~ ${`^${tables}$`}`.execute(db);
  return Number(rows[0]?.bytes);
}
