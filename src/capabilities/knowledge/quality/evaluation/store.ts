import { type ColumnType, sql } from 'kysely';
import type { OrgId } from '../../../../kernel/principal.ts';
import type { Db } from '../../../../platform/db/types.ts';
import { audiencesOf } from '../../collections/store.ts';
import { isEncrypted } from '../../sealing/index.ts';
import type { Figures } from './judge.ts';

/** What came of one question, as it is kept: documents by number, so that whoever reads it is shown what they may see. */
export interface Outcome {
  key: string;
  question: string;
  expect: string[];
  tags: string[];
  /** Of the documents that are wanted, or those that were named. */
  collections: string[];
  wanted: boolean;
  answerable: boolean;
  confidence: number;
  rank?: number;
  right: boolean;
  /** The documents of the first passages, in their order. */
  found: number[];
  /** Wanted documents that there are none of, as far as the caller may read. */
  absent: string[];
}

export interface KeptFigures {
  all: Figures;
  tags: Record<string, Figures>;
  collections: Record<string, Figures>;
}

export interface Evaluation {
  id: string;
  name: string;
  at: number;
  madeBy: string;
  figures: KeptFigures;
  outcomes: Outcome[];
}

type EvaluationTables = {
  knowledge_evaluations: {
    org: string;
    id: string;
    name: string;
    at: Date;
    made_by: string;
    figures: ColumnType<unknown, string, string>;
    outcomes: ColumnType<unknown, string, string>;
  };
  // As far as they are looked at here.
  knowledge_collections: { org: string; id: number; name: string; audience: number };
  knowledge_documents: {
    org: string;
    id: number;
    collection: number;
    uri: string;
    url: string | null;
    title: string;
    audience: number;
    deleted_at: Date | null;
  };
};

const tables = (db: Db) => db.withTables<EvaluationTables>();

/** Keeps it, and the last so many of its name. */
export async function addEvaluation(db: Db, org: OrgId, one: Evaluation, most: number): Promise<void> {
  const { id, name, at, madeBy, figures, outcomes } = one;
  await tables(db)
    .insertInto('knowledge_evaluations')
    .values({
      ...{ org, id, name, at: new Date(at), made_by: madeBy },
      ...{ figures: JSON.stringify(figures), outcomes: JSON.stringify(outcomes) },
    })
    .execute();
  await tables(db)
    .deleteFrom('knowledge_evaluations')
    .where('org', '=', org)
    .where('id', 'in', (query) =>
      query
        .selectFrom('knowledge_evaluations')
        .select('id')
        .where('org', '=', org)
        .where('name', '=', name)
        .orderBy('at', 'desc')
        .orderBy('id', 'desc')
        .offset(most),
    )
    .execute();
}

/** The latest of a name that is older than another one; the very latest when none is named. */
export async function evaluationBefore(
  db: Db,
  org: OrgId,
  name: string,
  before?: { at: number; id: string },
): Promise<Evaluation | undefined> {
  const row = await tables(db)
    .selectFrom('knowledge_evaluations')
    .selectAll()
    .where('org', '=', org)
    .where('name', '=', name)
    .$if(before !== undefined, (query) =>
      query.where('at', '<=', new Date(before?.at ?? 0)).where('id', '<', before?.id ?? ''),
    )
    .orderBy('at', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row && toEvaluation(row);
}

export async function readEvaluation(db: Db, org: OrgId, id: string): Promise<Evaluation | undefined> {
  const row = await tables(db)
    .selectFrom('knowledge_evaluations')
    .selectAll()
    .where('org', '=', org)
    .where('id', '=', id)
    .executeTakeFirst();
  return row && toEvaluation(row);
}

/** Newest first, without what came of each question. */
export async function listEvaluations(
  db: Db,
  org: OrgId,
  name: string | undefined,
  limit: number,
): Promise<Omit<Evaluation, 'outcomes'>[]> {
  const rows = await tables(db)
    .selectFrom('knowledge_evaluations')
    .select(['id', 'name', 'at', 'made_by', 'figures'])
    .where('org', '=', org)
    .$if(name !== undefined, (query) => query.where('name', '=', name ?? ''))
    .orderBy('at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
  return rows.map(({ id, name: of, at, made_by, figures }) => ({
    ...{ id, name: of, at: at.getTime(), madeBy: made_by, figures: figures as KeptFigures },
  }));
}

function toEvaluation(row: {
  id: string;
  name: string;
  at: Date;
  made_by: string;
  figures: unknown;
  outcomes: unknown;
}): Evaluation {
  const { id, name, at, made_by, figures, outcomes } = row;
  return {
    ...{ id, name, at: at.getTime(), madeBy: made_by },
    ...{ figures: figures as KeptFigures, outcomes: outcomes as Outcome[] },
  };
}

export interface DocumentName {
  document: number;
  collection: string;
  uri: string;
  url?: string;
  title: string;
}

function readable(db: Db, org: OrgId, subjects: readonly string[]) {
  return tables(db)
    .selectFrom('knowledge_documents as document')
    .innerJoin('knowledge_collections as collection', 'collection.id', 'document.collection')
    .where('document.org', '=', org)
    .where('collection.org', '=', org)
    .where('document.audience', 'in', audiencesOf(org, subjects))
    .where('collection.audience', 'in', audiencesOf(org, subjects))
    .where('document.deleted_at', 'is', null)
    .select(['document.id', 'collection.name as collection', 'document.uri', 'document.url'])
    .select(({ eb }) =>
      // What is encrypted is called by its name here.
      eb
        .case()
        .when(isEncrypted('document'))
        .then(eb.ref('document.uri'))
        .else(eb.ref('document.title'))
        .end()
        .as('title'),
    );
}

const toName = (row: { id: number; collection: string; uri: string; url: string | null; title: string }) => {
  const { id: document, url, ...more } = row;
  return { document, ...more, ...(url === null ? {} : { url }) } satisfies DocumentName;
};

/** Those of these documents that one of the subjects may read. */
export async function namesOf(
  db: Db,
  org: OrgId,
  subjects: readonly string[],
  documents: readonly number[],
): Promise<DocumentName[]> {
  if (documents.length === 0) return [];
  return (await readable(db, org, subjects).where('document.id', 'in', documents).execute()).map(toName);
}

/** Documents that may be meant by one of these names, as far as one of the subjects may read them. */
export async function documentsNamed(
  db: Db,
  org: OrgId,
  subjects: readonly string[],
  names: readonly string[],
): Promise<DocumentName[]> {
  if (names.length === 0) return [];
  // As arrays: a set of questions names more than a statement may have parameters.
  const all = sql.val([...names]);
  const lower = sql.val(names.map((name) => name.toLowerCase()));
  const rows = await readable(db, org, subjects)
    .where(
      sql<boolean>`(
        document.uri = any(${all}::text[]) or document.url = any(${all}::text[])
        or collection.name || '/' || document.uri = any(${all}::text[])
        or lower(document.title) = any(${lower}::text[])
      )`,
    )
    .execute();
  return rows.map(toName);
}

/** Removes everything of one organisation. */
export async function purgeEvaluations(db: Db, org: OrgId): Promise<void> {
  await tables(db).deleteFrom('knowledge_evaluations').where('org', '=', org).execute();
}
