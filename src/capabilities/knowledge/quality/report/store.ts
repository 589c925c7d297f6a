import { sql } from 'kysely';
import type { OrgId } from '../../../../kernel/principal.ts';
import type { Db } from '../../../../platform/db/types.ts';
import { audiencesOf } from '../../collections/store.ts';
import { isEncrypted } from '../../sealing/index.ts';

/** Whose documents are looked at: those of these collections that one of the subjects may read. */
export interface Scope {
  subjects: readonly string[];
  /** Ids; all when absent. */
  collections?: readonly number[];
}

export interface StaleDocument {
  collection: string;
  source: string;
  uri: string;
  title: string;
  /** As its source says, and when its source was last seen to have it; milliseconds since the epoch. */
  changedAt?: number;
  confirmedAt: number;
}

/** The condition that all statements here begin with; tables are `document` and `collection`. */
function readable(org: OrgId, { subjects, collections }: Scope) {
  return sql`
    document.org = ${org} and document.deleted_at is null
    and document.audience in ${audiencesOf(org, subjects)}
    and collection.audience in ${audiencesOf(org, subjects)}
    ${collections ? sql`and document.collection = any(${sql.val([...collections])}::int[])` : sql``}`;
}

const withCollection = sql`
  knowledge_documents as document
  join knowledge_collections as collection on collection.org = document.org and collection.id = document.collection`;

interface StaleRow {
  collection: string;
  source: string;
  uri: string;
  title: string;
  changed_at: Date | null;
  confirmed_at: Date;
  total: string;
}

function toStale(rows: readonly StaleRow[]): { total: number; documents: StaleDocument[] } {
  return {
    total: Number(rows[0]?.total ?? 0),
    documents: rows.map(({ collection, source, uri, title, changed_at, confirmed_at }) => ({
      ...{ collection, source, uri, title, confirmedAt: confirmed_at.getTime() },
      ...(changed_at === null ? {} : { changedAt: changed_at.getTime() }),
    })),
  };
}

/** What is encrypted is called by its name here. */
const title = sql`case when ${isEncrypted('document')} then document.uri else document.title end as title`;

const staleColumns = sql`
  collection.name as collection, document.source, document.uri, ${title}, document.changed_at,
  document.confirmed_at, count(*) over () as total`;

/** Documents that their source says were not changed since, oldest first. */
export async function unchangedSince(db: Db, org: OrgId, scope: Scope, since: number, limit: number) {
  const { rows } = await sql<StaleRow>`
    select ${staleColumns} from ${withCollection}
    where ${readable(org, scope)} and document.changed_at < ${new Date(since)}
    order by document.changed_at, document.id limit ${limit}`.execute(db);
  return toStale(rows);
}

/** Documents that their source was not seen to have since; what was sent in has no source that could be looked at. */
export async function unconfirmedSince(
  db: Db,
  org: OrgId,
  scope: Scope,
  { since, sentIn }: { since: number; sentIn: string },
  limit: number,
) {
  const { rows } = await sql<StaleRow>`
    select ${staleColumns} from ${withCollection}
    where ${readable(org, scope)} and document.confirmed_at < ${new Date(since)} and document.source <> ${sentIn}
    order by document.confirmed_at, document.id limit ${limit}`.execute(db);
  return toStale(rows);
}

export interface PassageText {
  document: number;
  ordinal: number;
  text: string;
}

/** Passages in the order of their documents, from after one on; those that are encrypted cannot be compared. */
export async function readTexts(
  db: Db,
  org: OrgId,
  scope: Scope,
  after: { document: number; ordinal: number },
  limit: number,
): Promise<PassageText[]> {
  const { rows } = await sql<PassageText>`
    select chunk.document, chunk.ordinal, chunk.text
    from knowledge_chunks as chunk join ${withCollection} on document.org = chunk.org and document.id = chunk.document
    where chunk.org = ${org} and (chunk.document, chunk.ordinal) > (${after.document}::int, ${after.ordinal}::int)
      and chunk.audience in ${audiencesOf(org, scope.subjects)} and ${readable(org, scope)}
      and not ${isEncrypted('document')}
    order by chunk.document, chunk.ordinal limit ${limit}`.execute(db);
  return rows;
}

export interface JudgedPassage {
  passage: number;
  collection: string;
  uri: string;
  title: string;
  headings: string[];
  text: string;
  unhelpful: number;
  helpful: number;
  /** The latest, with the question where it was told. */
  notes: { at: number; note: string | null; query: string | null }[];
}

/** Passages that more people found unhelpful than helpful, the worst first. */
export async function unhelpfulPassages(db: Db, org: OrgId, scope: Scope, limit: number): Promise<JudgedPassage[]> {
  const { rows } = await sql<JudgedPassage>`
    select chunk.id as passage, collection.name as collection, document.uri, ${title},
      case when ${isEncrypted('document')} then '{}' else chunk.headings end as headings,
      case when ${isEncrypted('document')} then 'It is encrypted: read it by its number.' else chunk.text end as text,
      votes.unhelpful::int, votes.helpful::int, votes.notes
    from (
      select chunk as id, count(*) filter (where not helpful) as unhelpful, count(*) filter (where helpful) as helpful,
        coalesce((array_agg(
          jsonb_build_object('at', floor(extract(epoch from at) * 1000)::bigint, 'note', note, 'query', query)
          order by at desc
        ) filter (where not helpful))[1:3], '{}') as notes
      from knowledge_feedback where org = ${org} group by chunk
    ) as votes
      join knowledge_chunks as chunk on chunk.org = ${org} and chunk.id = votes.id
      join ${withCollection} on document.org = chunk.org and document.id = chunk.document
    where votes.unhelpful > votes.helpful and chunk.audience in ${audiencesOf(org, scope.subjects)}
      and ${readable(org, scope)}
    order by votes.unhelpful - votes.helpful desc, votes.unhelpful desc, chunk.id limit ${limit}`.execute(db);
  return rows;
}
