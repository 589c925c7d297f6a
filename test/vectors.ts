import { pino } from 'pino';
import { audienceOf, putCollection } from '../src/capabilities/knowledge/collections/store.ts';
import { keepDocument, removeDocuments } from '../src/capabilities/knowledge/ingest/keep.ts';
import { createLexical } from '../src/capabilities/knowledge/lexical/index.ts';
import { knowledgeMigrations } from '../src/capabilities/knowledge/migrations.ts';
import type { ReadDocument } from '../src/capabilities/knowledge/types.ts';
import { createVectors } from '../src/capabilities/knowledge/vectors/index.ts';
import type { OrgId } from '../src/kernel/principal.ts';
import type { Database } from '../src/platform/db/index.ts';
import type { Embedder, Embedders } from '../src/platform/models/index.ts';
import { openTestDatabase } from './database.ts';

/** A model whose vector of a text is the numbers that stand in it: tests choose what is near to what. */
export function numberModel(model: string, dimensions: number) {
  const asked: string[] = [];
  const state = { fails: false, dimensions };
  const embedder: Embedder = {
    model,
    label: model,
    costPerMillionTokens: 2,
    async embed(texts) {
      if (state.fails) throw new Error('out of order');
      asked.push(...texts);
      const vectors = texts.map((text) => {
        const numbers = text.match(/-?\d+\.\d+/g)?.map(Number) ?? [];
        return Float32Array.from({ length: state.dimensions }, (_, at) => numbers[at] ?? 0);
      });
      return { vectors, tokens: texts.length * 10 };
    },
    async stop() {},
  };
  return { embedder, asked, state };
}

export function embeddersOf(usual: Embedder | undefined, others: Record<string, Embedder> = {}): Embedders {
  return {
    usual,
    all: [...(usual ? [usual] : []), ...Object.values(others)],
    named: (name) => (name === undefined ? usual : others[name]),
    names: [...Object.keys(others), 'none'],
    async stop() {},
  };
}

export function documentOf(chunks: readonly string[]): ReadDocument {
  return {
    ...{ title: 'T', kind: 'markdown', language: 'english', metadata: {}, links: [], warnings: [] },
    chunks: chunks.map((text, ordinal) => ({
      ...{ ordinal, parent: null, kind: 'text', headings: [], text, tokens: 4, place: {} },
    })),
  };
}

/** Vectors on a database of the test's own, beside documents that are kept as they are kept by the server. */
export async function openVectors(kind: Database['kind'], embedders: Embedders) {
  const { database, db, stop } = await openTestDatabase(knowledgeMigrations, { kind });
  const lexical = createLexical();
  const log = pino({ level: 'silent' });
  const clock = { now: () => Date.now() };
  const start = (over: { embedders?: Embedders; replica?: string; allUpTo?: number } = {}) => {
    const deps = { db, embedders, clock, log, replica: 'one', goneAfterMs: 15_000, lookMs: 100, ...over };
    const vectors = createVectors({ ...deps, modelOf: (settings) => (settings as { model?: string }).model });
    vectors.start();
    return vectors;
  };
  return {
    db,
    database,
    start,
    async collection(org: OrgId, name: string, readers: readonly string[], settings: object = {}) {
      const audience = await audienceOf(db, org, readers);
      return await putCollection(db, org, { name, settings, declared: false, audience, changedBy: 'test' });
    },
    keep: (
      org: OrgId,
      collection: number,
      uri: string,
      readers: readonly string[],
      chunks: readonly string[],
      metadata = {},
    ) =>
      keepDocument(
        { db, lexical },
        org,
        { collection, source: 'test', uri, hash: '', bytes: 1, readers, metadata },
        documentOf(chunks),
        0,
      ),
    remove: (org: OrgId, collection: number, documents: readonly number[]) =>
      removeDocuments({ db, lexical }, org, collection, documents, 0),
    stop,
  };
}

export type TestVectors = Awaited<ReturnType<typeof openVectors>>;
