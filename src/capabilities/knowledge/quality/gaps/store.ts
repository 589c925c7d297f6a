import { sql } from 'kysely';
import type { OrgId } from '../../../../kernel/principal.ts';
import type { Db } from '../../../../platform/db/types.ts';

/** A question that found nothing, or nothing that fits. */
export interface Gap {
  /** Of the question without case and spaces. */
  id: string;
  query: string;
  /** That were asked the last time, by name; empty for all. */
  collections: string[];
  count: number;
  /** The best that was ever found for it. */
  confidence: number;
  /** Milliseconds since the epoch. */
  firstAt: number;
  lastAt: number;
}

type GapTables = {
  knowledge_gaps: {
    org: string;
    digest: string;
    query: string;
    collections: string[];
    count: number;
    confidence: number;
    first_at: Date;
    last_at: Date;
    dismissed_at: Date | null;
  };
};

const tables = (db: Db) => db.withTables<GapTables>();

/** Adds to what is known; nothing for an organisation that has no collection any more, since it may be gone. */
export async function addGaps(db: Db, org: OrgId, gaps: readonly Gap[]): Promise<void> {
  const rows = gaps.map(({ firstAt, lastAt, ...gap }) => ({
    ...gap,
    firstAt: new Date(firstAt).toISOString(),
    lastAt: new Date(lastAt).toISOString(),
  }));
  await sql`
    insert into knowledge_gaps as known (org, digest, query, collections, count, confidence, first_at, last_at)
    select ${org}, id, query, array(select jsonb_array_elements_text(collections)), count, confidence, "firstAt", "lastAt"
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as gap (
      id text, query text, collections jsonb, count int, confidence double precision,
      "firstAt" timestamptz, "lastAt" timestamptz
    )
    where exists (select from knowledge_collections where org = ${org})
    on conflict (org, digest) do update set
      query = excluded.query, collections = excluded.collections, count = known.count + excluded.count,
      confidence = greatest(known.confidence, excluded.confidence), last_at = greatest(known.last_at, excluded.last_at)
  `.execute(db);
}

/** Most asked first, without what was dismissed. */
export async function listGaps(db: Db, org: OrgId, since: number, limit: number): Promise<Gap[]> {
  const rows = await tables(db)
    .selectFrom('knowledge_gaps')
    .selectAll()
    .where('org', '=', org)
    .where('last_at', '>=', new Date(since))
    .where('dismissed_at', 'is', null)
    .orderBy('count', 'desc')
    .orderBy('last_at', 'desc')
    .limit(limit)
    .execute();
  return rows.map(({ digest, query, collections, count, confidence, first_at, last_at }) => ({
    ...{ id: digest, query, collections, count, confidence },
    ...{ firstAt: first_at.getTime(), lastAt: last_at.getTime() },
  }));
}

/** False when there is none of this id. */
export async function dismissGap(db: Db, org: OrgId, id: string, at: number): Promise<boolean> {
  const { numUpdatedRows } = await tables(db)
    .updateTable('knowledge_gaps')
    .set({ dismissed_at: new Date(at) })
    .where('org', '=', org)
    .where('digest', '=', id)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Removes what was not asked since, and of the rest what was asked least beyond so many. */
export async function trimGaps(db: Db, org: OrgId, since: number, most: number): Promise<void> {
  const here = () => tables(db).deleteFrom('knowledge_gaps').where('org', '=', org);
  await here().where('last_at', '<', new Date(since)).execute();
  await here()
    .where('digest', 'in', (query) =>
      query
        .selectFrom('knowledge_gaps')
        .select('digest')
        .where('org', '=', org)
        .orderBy('count', 'desc')
        .orderBy('last_at', 'desc')
        .orderBy('digest')
        .offset(most),
    )
    .execute();
}

/** Removes everything of one organisation. */
export async function purgeGaps(db: Db, org: OrgId): Promise<void> {
  await tables(db).deleteFrom('knowledge_gaps').where('org', '=', org).execute();
}
