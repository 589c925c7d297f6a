import { sql } from 'kysely';
import { knowledgeMigrations } from '../src/capabilities/knowledge/index.ts';
import {
  createLexical,
  defaultLexicalSettings,
  type LexicalEntry,
  type LexicalSearch,
} from '../src/capabilities/knowledge/lexical/index.ts';
import type { OrgId } from '../src/kernel/principal.ts';
import type { Database, Db } from '../src/platform/db/index.ts';
import { openTestDatabase } from './database.ts';

export const everybody = 'org:*';

export type Passage = Partial<LexicalEntry> & { chunkId: number; text: string };

/** Keyword search on a database of the test's own, with what it needs of collections, audiences and documents. */
export async function openLexical(kind: Database['kind']) {
  const { db, stop } = await openTestDatabase(knowledgeMigrations, { kind });
  const lexical = createLexical();
  const passageOf = (passage: Passage): LexicalEntry => ({
    documentId: 1,
    audience: 0,
    language: 'english',
    title: '',
    headings: [],
    ...passage,
  });
  return {
    db,
    lexical,
    stop,
    collection: (org: OrgId, name: string) => addCollection(db, org, name),
    audience: (org: OrgId, subjects: readonly string[]) => addAudience(db, org, subjects),
    document: (org: OrgId, collection: number, audience: number, more: DocumentMore) =>
      addDocument(db, org, collection, audience, more),
    index: (org: OrgId, collection: number, passages: readonly Passage[]) =>
      db.transaction().execute((trx) => lexical.indexChunks(trx, org, collection, passages.map(passageOf))),
    unindex: (org: OrgId, collection: number, chunks: readonly number[]) =>
      db.transaction().execute((trx) => lexical.unindexChunks(trx, org, collection, chunks)),
    search: (org: OrgId, search: Partial<LexicalSearch> & { query: string }, on: Db = db) =>
      lexical.search(on, org, {
        collections: [],
        subjects: [everybody],
        limit: 10,
        settings: defaultLexicalSettings,
        ...search,
      }),
  };
}

export type TestLexical = Awaited<ReturnType<typeof openLexical>>;

async function addCollection(db: Db, org: OrgId, name: string): Promise<number> {
  const { rows } = await sql<{ id: string }>`
    insert into knowledge_collections (org, name, audience, changed_by)
    values (${org}, ${name}, ${await addAudience(db, org, [everybody])}, 'test') returning id`.execute(db);
  return Number(rows[0]?.id);
}

async function addAudience(db: Db, org: OrgId, subjects: readonly string[]): Promise<number> {
  const { rows } = await sql<{ id: number }>`
    insert into knowledge_audiences (org, digest, subjects) values (${org}, ${JSON.stringify(subjects)}, ${subjects}::text[])
    on conflict (org, digest) do update set subjects = excluded.subjects returning id`.execute(db);
  return rows[0]?.id ?? 0;
}

interface DocumentMore {
  uri: string;
  changedAt?: Date;
  metadata?: Record<string, string>;
}

async function addDocument(
  db: Db,
  org: OrgId,
  collection: number,
  audience: number,
  { uri, changedAt = new Date(0), metadata = {} }: DocumentMore,
): Promise<number> {
  const { rows } = await sql<{ id: string }>`
    insert into knowledge_documents (org, collection, source, uri, title, kind, language, hash, audience, metadata, changed_at)
    values (${org}, ${collection}, 'test', ${uri}, '', 'markdown', 'english', '', ${audience}, ${JSON.stringify(metadata)}::jsonb, ${changedAt})
    returning id`.execute(db);
  return Number(rows[0]?.id);
}
