import { sql } from 'kysely';
import { audienceOf, putCollection } from '../../src/capabilities/knowledge/collections/store.ts';
import { DocumentUnreadable } from '../../src/capabilities/knowledge/errors.ts';
import { createReader } from '../../src/capabilities/knowledge/index.ts';
import { hashOf, keepDocument } from '../../src/capabilities/knowledge/ingest/keep.ts';
import { createLexical } from '../../src/capabilities/knowledge/lexical/index.ts';
import { everyone } from '../../src/capabilities/knowledge/types.ts';
import { createProcesses } from '../../src/platform/process/index.ts';
import type { Storage } from '../storage.ts';
import { makePlain } from './indexed.ts';
import { openSealing, org, type SearchedWorld, settle } from './world.ts';

export interface TextDocument {
  id: string;
  title: string;
  text: string;
}

export interface KeptWorld extends SearchedWorld {
  ingestMs: number;
  /** Documents that had no text. */
  unreadable: number;
  /** The id of the document that each passage is of. */
  documentOf: ReadonlyMap<number, string>;
}

const atOnce = 4;

/** Documents that went the way of every document: read in a process of its own, cut into passages, kept and indexed. */
export async function kept(
  { database, log }: Storage,
  documents: readonly TextDocument[],
  encrypted = false,
): Promise<KeptWorld> {
  const { db } = database;
  const sealing = openSealing();
  const lexical = createLexical(sealing);
  const audience = await audienceOf(db, org, [everyone]);
  const made = { name: 'bench', settings: {}, declared: false, audience, changedBy: 'bench' };
  const collection = await putCollection(db, org, made);
  if (encrypted) await sealing.make(db, org, collection);
  const processes = createProcesses({ inherit: { PATH: process.env.PATH ?? '' }, log });
  const reader = createReader({ workers: 2, processes, log });

  const keep = async ({ id, title, text }: TextDocument) => {
    const [uri, bytes] = [`${id}.txt`, Buffer.from(text || title)];
    const read = await reader.read({ bytes, name: uri, language: 'english' });
    const arrival = { collection, source: 'bench', uri, title, hash: hashOf(bytes), bytes: bytes.length };
    await keepDocument({ db, lexical, sealing }, org, { ...arrival, readers: [everyone] }, read, Date.now());
  };
  const startedAt = performance.now();
  let unreadable = 0;
  const left = [...documents];
  const keepSome = async () => {
    for (let next = left.shift(); next; next = left.shift())
      await keep(next).catch((error: unknown) => {
        if (!DocumentUnreadable.is(error)) throw error;
        unreadable += 1; // costs only itself
      });
  };
  await Promise.all(Array.from({ length: atOnce }, keepSome));
  const ingestMs = performance.now() - startedAt;
  await reader.stop();
  await processes.stop();
  await settle(database);

  const { rows } = await sql<{ chunk: number; uri: string }>`
    select c.id as chunk, d.uri from knowledge_chunks c join knowledge_documents d on d.org = c.org and d.id = c.document`.execute(
    db,
  );
  const fillPlain = async () => {
    await makePlain(database);
    await sql`insert into bench_plain
      select c.id, setweight(to_tsvector('english', d.title || ' ' || array_to_string(c.headings, ' ')), 'A')
        || to_tsvector('english', c.text)
      from knowledge_chunks c join knowledge_documents d on d.org = c.org and d.id = c.document`.execute(db);
  };
  const documentOf = new Map(rows.map(({ chunk, uri }) => [chunk, uri.slice(0, -'.txt'.length)]));
  return { database, lexical, collection, fillPlain, ingestMs, unreadable, documentOf };
}
