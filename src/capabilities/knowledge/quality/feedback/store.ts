import { sql } from 'kysely';
import type { OrgId } from '../../../../kernel/principal.ts';
import type { Db } from '../../../../platform/db/types.ts';
import { audiencesOf } from '../../collections/store.ts';

export interface Vote {
  passage: number;
  helpful: boolean;
  note?: string;
  query?: string;
}

type FeedbackTables = {
  knowledge_feedback: {
    org: string;
    chunk: number;
    principal: string;
    document: number;
    collection: number;
    helpful: boolean;
    note: string | null;
    query: string | null;
    at: Date;
  };
};

const tables = (db: Db) => db.withTables<FeedbackTables>();

/** Keeps it in place of the principal's earlier one; false where one of the subjects may not read the passage. */
export async function putVote(
  db: Db,
  org: OrgId,
  subjects: readonly string[],
  principal: string,
  { passage, helpful, note, query }: Vote,
  at: number,
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    insert into knowledge_feedback (org, chunk, principal, document, collection, helpful, note, query, at)
    select chunk.org, chunk.id, ${principal}, chunk.document, chunk.collection,
      ${helpful}::boolean, ${note ?? null}::text, ${query ?? null}::text, ${new Date(at)}::timestamptz
    from knowledge_chunks as chunk
      join knowledge_documents as document on document.org = chunk.org and document.id = chunk.document
      join knowledge_collections as collection on collection.org = chunk.org and collection.id = chunk.collection
    where chunk.org = ${org} and chunk.id = ${passage} and document.deleted_at is null
      and chunk.audience in ${audiencesOf(org, subjects)}
      and collection.audience in ${audiencesOf(org, subjects)}
    on conflict (org, chunk, principal) do update set
      helpful = excluded.helpful, note = excluded.note, query = excluded.query, at = excluded.at
  `.execute(db);
  return (numAffectedRows ?? 0n) > 0n;
}

/** Removes votes on passages that are gone, and the oldest beyond so many. */
export async function trimVotes(db: Db, org: OrgId, most: number): Promise<void> {
  await sql`
    delete from knowledge_feedback as vote where org = ${org} and (
      not exists (select from knowledge_chunks as chunk where chunk.org = vote.org and chunk.id = vote.chunk)
      or at < (select at from knowledge_feedback where org = ${org} order by at desc offset ${most - 1} limit 1)
    )`.execute(db);
}

/** Removes everything of one organisation, or of one of its collections. */
export async function purgeFeedback(db: Db, org: OrgId, collection?: number): Promise<void> {
  await tables(db)
    .deleteFrom('knowledge_feedback')
    .where('org', '=', org)
    .$if(collection !== undefined, (query) => query.where('collection', '=', collection ?? 0))
    .execute();
}
