import { sql } from 'kysely';
import type { OrgId } from '../../../../kernel/principal.ts';
import type { Db } from '../../../../platform/db/types.ts';
import { countChange } from '../../collections/store.ts';
import type { Told } from './told.ts';

/** News of a document whose content is the same. */
export interface ToldNews extends Told {
  document: number;
  digest: string;
  /** What its source calls it now. */
  revision: string | undefined;
}

/**
 * Takes up what sources say of documents now; what they said before and say no more goes. In one transaction, so that
 * whoever keeps answers by the collection's version does not keep the old ones.
 */
export async function takeUpTold(db: Db, org: OrgId, collection: number, news: readonly ToldNews[]): Promise<void> {
  if (news.length === 0) return;
  const rows = news.map(({ document, digest, revision, url, changedAt, metadata }) => ({
    document,
    digest,
    revision: revision ?? null,
    url: url ?? null,
    changed_at: changedAt === undefined ? null : new Date(changedAt).toISOString(),
    metadata,
  }));
  await db.transaction().execute(async (trx) => {
    await sql`
      update knowledge_documents d set
        url = t.url, changed_at = t.changed_at, revision = t.revision, told = t.digest,
        metadata = (d.metadata - d.told_keys) || t.metadata,
        told_keys = array(select jsonb_object_keys(t.metadata))
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        as t(document int, digest text, revision text, url text, changed_at timestamptz, metadata jsonb)
      where d.org = ${org} and d.collection = ${collection} and d.id = t.document and d.deleted_at is null`.execute(
      trx,
    );
    await countChange(trx, org, collection);
  });
}
