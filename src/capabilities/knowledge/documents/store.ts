import { type ColumnType, type Generated, type RawBuilder, sql } from 'kysely';
import type { OrgId } from '../../../kernel/principal.ts';
import { type Db, prepared } from '../../../platform/db/index.ts';
import { audiencesOf } from '../collections/store.ts';
import type { Edition } from '../editions/store.ts';
import type { Chunk, DocumentKind, Language } from '../types.ts';

export interface DocumentRow {
  id: number;
  collection: number;
  source: string;
  uri: string;
  title: string;
  kind: DocumentKind;
  language: Language;
  /** Of the bytes and of how they were read. */
  hash: string;
  revision?: string;
  url?: string;
  metadata: Record<string, string | number | boolean>;
  audience: number;
  bytes: number;
  chunks: number;
  /** By its source; all times in milliseconds since the epoch. */
  changedAt?: number;
  /** When its source was last seen to have it as it stands here. */
  confirmedAt: number;
  indexedAt: number;
  /** Digest of what its source told of it beside the content, and the keys of `metadata` that it told; see ingest/told. */
  told?: string;
  toldKeys?: string[];
}

export interface ChunkRow extends Chunk {
  id: number;
  document: number;
}

/** JSON that goes in as text. */
type Written = ColumnType<unknown, string, string>;

type KnowledgeTables = {
  // As far as it is looked at here; it belongs to `collections`.
  knowledge_collections: { org: string; id: number; name: string; settings: unknown; audience: number };
  knowledge_documents: {
    org: string;
    id: Generated<number>;
    collection: number;
    source: string;
    uri: string;
    title: string;
    kind: string;
    language: string;
    hash: string;
    revision: string | null;
    url: string | null;
    metadata: Written;
    audience: number;
    bytes: number;
    chunks: number;
    changed_at: Date | null;
    confirmed_at: Date;
    indexed_at: Date;
    deleted_at: Date | null;
    told: string | null;
    told_keys: string[];
  };
  // As far as it is looked at here; it belongs to `editions`.
  knowledge_editions: { org: string; audience: number; document: number };
  knowledge_chunks: {
    org: string;
    id: Generated<number>;
    collection: number;
    document: number;
    audience: number;
    ordinal: number;
    parent: number | null;
    kind: string;
    headings: string[];
    text: string;
    tokens: number;
    line: number | null;
    end_line: number | null;
    page: number | null;
  };
};

const tables = (db: Db) => db.withTables<KnowledgeTables>();
const rowsAtOnce = 200;

export interface CollectionSize {
  documents: number;
  chunks: number;
}

/** What is in the collections of an organisation, by their ids. */
export async function readSizes(db: Db, org: OrgId): Promise<Map<number, CollectionSize>> {
  const rows = await tables(db)
    .selectFrom('knowledge_documents')
    .where('org', '=', org)
    .where('deleted_at', 'is', null)
    .groupBy('collection')
    .select(({ fn }) => ['collection', fn.countAll<string>().as('documents'), fn.sum<string>('chunks').as('chunks')])
    .execute();
  return new Map(rows.map((row) => [row.collection, { documents: Number(row.documents), chunks: Number(row.chunks) }]));
}

export type KnownDocument = Pick<DocumentRow, 'id' | 'hash' | 'revision' | 'audience' | 'told'>;

/** What one source has brought before, by URI. */
export async function knownDocuments(
  db: Db,
  org: OrgId,
  collection: number,
  source: string,
): Promise<Map<string, KnownDocument>> {
  const rows = await tables(db)
    .selectFrom('knowledge_documents')
    .select(['id', 'uri', 'hash', 'revision', 'audience', 'told'])
    .where('org', '=', org)
    .where('collection', '=', collection)
    .where('source', '=', source)
    .where('deleted_at', 'is', null)
    .execute();
  return new Map(
    rows.map(({ id, uri, hash, revision, audience, told }) => [
      uri,
      { id, hash, audience, ...(revision === null ? {} : { revision }), ...(told === null ? {} : { told }) },
    ]),
  );
}

/** Documents of a collection that came from other sources than these. */
export async function documentsFromOthers(
  db: Db,
  org: OrgId,
  collection: number,
  sources: readonly string[],
): Promise<Pick<DocumentRow, 'id' | 'source'>[]> {
  return await tables(db)
    .selectFrom('knowledge_documents')
    .select(['id', 'source'])
    .where('org', '=', org)
    .where('collection', '=', collection)
    .where('source', 'not in', sources)
    .where('deleted_at', 'is', null)
    .execute();
}

export type NewDocument = Omit<DocumentRow, 'id' | 'chunks'>;

/** The id of the document of this name. One that is not there yet is made as one that is gone, until `putDocument`. */
export async function reserveDocument(trx: Db, org: OrgId, one: NewDocument): Promise<number> {
  const { collection, source, uri } = one;
  const { id } = await tables(trx)
    .insertInto('knowledge_documents')
    .values({ org, collection, source, uri, ...valuesOf(one, 0), deleted_at: new Date(one.indexedAt) })
    // Changes nothing, but gives the id of a row that is there.
    .onConflict((on) => on.columns(['org', 'collection', 'source', 'uri']).doUpdateSet({ uri }))
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** Adds it or takes the place of what was there; its row is locked from here to the end of the transaction. */
export async function putDocument(trx: Db, org: OrgId, one: NewDocument, chunks: number): Promise<number> {
  const values = { ...valuesOf(one, chunks), deleted_at: null };
  const { id } = await tables(trx)
    .insertInto('knowledge_documents')
    .values({ org, collection: one.collection, source: one.source, uri: one.uri, ...values })
    .onConflict((on) => on.columns(['org', 'collection', 'source', 'uri']).doUpdateSet(values))
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

function valuesOf(one: NewDocument, chunks: number) {
  const date = (at: number | undefined) => (at === undefined ? null : new Date(at));
  return {
    title: one.title,
    kind: one.kind,
    language: one.language,
    hash: one.hash,
    revision: one.revision ?? null,
    url: one.url ?? null,
    metadata: JSON.stringify(one.metadata),
    audience: one.audience,
    bytes: one.bytes,
    chunks,
    changed_at: date(one.changedAt),
    confirmed_at: new Date(one.confirmedAt),
    indexed_at: new Date(one.indexedAt),
    told: one.told ?? null,
    told_keys: one.toldKeys ?? [],
  };
}

/** Returns the ids of the chunks, in their order. */
export async function addChunks(
  trx: Db,
  org: OrgId,
  of: { document: number; collection: number; audience: number },
  chunks: readonly Chunk[],
): Promise<number[]> {
  const ids: number[] = [];
  for (let start = 0; start < chunks.length; start += rowsAtOnce) {
    const rows = chunks.slice(start, start + rowsAtOnce).map((chunk) => ({
      org,
      ...of,
      ordinal: chunk.ordinal,
      parent: chunk.parent,
      kind: chunk.kind,
      headings: chunk.headings,
      text: chunk.text,
      tokens: chunk.tokens,
      line: chunk.place.line ?? null,
      end_line: chunk.place.endLine ?? null,
      page: chunk.place.page ?? null,
    }));
    const added = await tables(trx).insertInto('knowledge_chunks').values(rows).returning(['id', 'ordinal']).execute();
    ids.push(...added.sort((a, b) => a.ordinal - b.ordinal).map(({ id }) => id));
  }
  return ids;
}

/** All passages of some documents but those of editions, or so many of an edition. */
export type Dropped =
  | { documents: readonly number[] }
  | { edition: Pick<Edition, 'document' | 'audience'>; most: number };

/** The one place where passages go; returns the ids of those that are gone. */
export async function dropChunks(trx: Db, org: OrgId, which: Dropped): Promise<number[]> {
  const documents = 'edition' in which ? [which.edition.document] : which.documents;
  if (documents.length === 0) return [];
  const chosen = tables(trx)
    .selectFrom('knowledge_chunks')
    .select('id')
    .where('org', '=', org)
    .where('document', 'in', documents);
  const editions = tables(trx)
    .selectFrom('knowledge_editions')
    .select('audience')
    .where('org', '=', org)
    .where('document', 'in', documents);
  const gone = await tables(trx)
    .deleteFrom('knowledge_chunks')
    .where('org', '=', org)
    .where(
      'id',
      'in',
      'edition' in which
        ? chosen.where('audience', '=', which.edition.audience).limit(which.most)
        : chosen.where('audience', 'not in', editions),
    )
    .returning('id')
    .execute();
  return gone.map(({ id }) => id);
}

/** Says of documents that their source still has them as they are. */
export async function confirmDocuments(db: Db, org: OrgId, documents: readonly number[], at: number): Promise<void> {
  for (let start = 0; start < documents.length; start += rowsAtOnce) {
    await tables(db)
      .updateTable('knowledge_documents')
      .set({ confirmed_at: new Date(at) })
      .where('org', '=', org)
      .where('id', 'in', documents.slice(start, start + rowsAtOnce))
      .execute();
  }
}

/** Whether a collection has any documents that can be found. */
export async function hasContents(db: Db, org: OrgId, collection: number): Promise<boolean> {
  const row = await tables(db)
    .selectFrom('knowledge_documents')
    .select('id')
    .where('org', '=', org)
    .where('collection', '=', collection)
    .where('deleted_at', 'is', null)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Whether there is a document of that name. */
export async function hasDocument(
  db: Db,
  org: OrgId,
  { collection, source, uri }: Pick<DocumentRow, 'collection' | 'source' | 'uri'>,
): Promise<boolean> {
  const row = await tables(db)
    .selectFrom('knowledge_documents')
    .select('id')
    .where('org', '=', org)
    .where('collection', '=', collection)
    .where('source', '=', source)
    .where('uri', '=', uri)
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
  return row !== undefined;
}

/** Leaves a tombstone of each: that it was there, and when it went. */
export async function buryDocuments(trx: Db, org: OrgId, documents: readonly number[], at: number): Promise<void> {
  if (documents.length === 0) return;
  await tables(trx)
    .updateTable('knowledge_documents')
    .set({ deleted_at: new Date(at), chunks: 0 })
    .where('org', '=', org)
    .where('id', 'in', documents)
    .execute();
}

/** A passage with what is said of its document. */
export interface Passage extends ChunkRow {
  collection: string;
  collectionId: number;
  title: string;
  uri: string;
  url?: string;
  source: string;
  documentKind: DocumentKind;
  metadata: DocumentRow['metadata'];
  changedAt?: number;
  confirmedAt: number;
  /** How many chunks its document has. */
  of: number;
  /** It is encrypted where it is kept, and must not be kept elsewhere. */
  encrypted?: true;
}

interface ReadableRow extends Omit<Passage, 'place' | 'url' | 'changedAt' | 'confirmedAt' | 'encrypted'> {
  line: number | null;
  end_line: number | null;
  page: number | null;
  url: string | null;
  changed_at: Date | null;
  confirmed_at: Date;
}

/**
 * The chosen chunks that one of the subjects may read, with their documents and collections: all reading begins here. The
 * chunks are taken first: where tables were never analysed, as in a young embedded database, the planner would else go through
 * all documents. Audiences are arrays, not joins, for the same reason.
 */
const readable = (org: OrgId, subjects: readonly string[], chosen: RawBuilder<unknown>): RawBuilder<unknown> => sql`
  with chunk as materialized (
    select * from knowledge_chunks
    where org = ${org} and audience = any(array${audiencesOf(org, subjects)}) and ${chosen}
  )
  select chunk.id, chunk.document, chunk.ordinal, chunk.parent, chunk.kind, chunk.headings, chunk.text, chunk.tokens,
    chunk.line, chunk.end_line, chunk.page, collection.name as collection, chunk.collection as "collectionId",
    document.title, document.uri, document.url, document.source, document.kind as "documentKind", document.metadata,
    document.changed_at, document.confirmed_at, document.chunks as of
  from chunk
  join knowledge_documents as document on document.org = ${org} and document.id = chunk.document
  join knowledge_collections as collection on collection.org = ${org} and collection.id = chunk.collection
  where collection.audience = any(array${audiencesOf(org, subjects)}) and document.deleted_at is null`;

function toPassage({ line, end_line, page, url, changed_at, confirmed_at, ...rest }: ReadableRow): Passage {
  return {
    ...rest,
    place: {
      ...(line === null ? {} : { line }),
      ...(end_line === null ? {} : { endLine: end_line }),
      ...(page === null ? {} : { page }),
    },
    ...(url === null ? {} : { url }),
    ...(changed_at === null ? {} : { changedAt: changed_at.getTime() }),
    confirmedAt: confirmed_at.getTime(),
  };
}

/** Those of these chunks that may be read, in no order. */
export async function readPassages(
  db: Db,
  org: OrgId,
  subjects: readonly string[],
  chunks: readonly number[],
): Promise<Passage[]> {
  if (chunks.length === 0) return [];
  const chosen = sql`id = any(${[...chunks]}::int[])`;
  const { rows } = await sql<ReadableRow>`${prepared}${readable(org, subjects, chosen)}`.execute(db);
  return rows.map(toPassage);
}

/** The chunks of a document from one ordinal to another, both inclusive, in order; none where it may not be read. */
export async function readStretch(
  db: Db,
  org: OrgId,
  subjects: readonly string[],
  document: number,
  from: number,
  to: number,
): Promise<Passage[]> {
  const chosen = sql`document = ${document} and ordinal between ${from} and ${to}`;
  const { rows } = await sql<ReadableRow>`${readable(org, subjects, chosen)} order by ordinal`.execute(db);
  return rows.map(toPassage);
}

export interface ReadableSource {
  collection: string;
  /** Of the collection. */
  settings: unknown;
  source: string;
  documents: number;
  chunks: number;
  /** The oldest confirmation and the newest change; milliseconds since the epoch. */
  confirmedAt: number;
  changedAt?: number;
}

/** What there is to be found, for one who may read so much. */
export async function readSources(db: Db, org: OrgId, subjects: readonly string[]): Promise<ReadableSource[]> {
  const rows = await tables(db)
    .selectFrom('knowledge_documents as document')
    .innerJoin('knowledge_collections as collection', 'collection.id', 'document.collection')
    .where('document.org', '=', org)
    .where('collection.org', '=', org)
    .where('document.audience', 'in', audiencesOf(org, subjects))
    .where('collection.audience', 'in', audiencesOf(org, subjects))
    .where('document.deleted_at', 'is', null)
    .groupBy(['collection.name', 'collection.settings', 'document.source'])
    .select(({ fn }) => [
      'collection.name as collection',
      'collection.settings',
      'document.source',
      fn.countAll<string>().as('documents'),
      fn.sum<string>('document.chunks').as('chunks'),
      fn.min('document.confirmed_at').as('confirmed_at'),
      fn.max('document.changed_at').as('changed_at'),
    ])
    .orderBy('collection.name')
    .orderBy('document.source')
    .execute();
  return rows.map(({ collection, source, settings, documents, chunks, confirmed_at, changed_at }) => ({
    collection,
    source,
    settings,
    documents: Number(documents),
    chunks: Number(chunks),
    confirmedAt: confirmed_at.getTime(),
    ...(changed_at === null ? {} : { changedAt: changed_at.getTime() }),
  }));
}

/** The chunks of a document in order, up to a number; none where it may not be read or is of another collection. */
export async function readDocument(
  db: Db,
  org: OrgId,
  subjects: readonly string[],
  collection: string,
  document: number,
  limit: number,
): Promise<Passage[]> {
  const chosen = sql`document = ${document}`;
  const { rows } = await sql<ReadableRow>`${readable(org, subjects, chosen)}
    and collection.name = ${collection} order by ordinal limit ${limit}`.execute(db);
  return rows.map(toPassage);
}

/** Removes everything of one organisation, or of one of its collections. */
export async function purgeDocuments(db: Db, org: OrgId, collection?: number): Promise<void> {
  for (const table of ['knowledge_chunks', 'knowledge_documents'] as const) {
    await tables(db)
      .deleteFrom(table)
      .where('org', '=', org)
      .$if(collection !== undefined, (query) => query.where('collection', '=', collection ?? 0))
      .execute();
  }
}
