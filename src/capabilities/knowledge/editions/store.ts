import { randomUUID } from 'node:crypto';
import { type ColumnType, sql } from 'kysely';
import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';

/**
 * Of a document that is too long for one transaction. All of its passages have an audience that is theirs alone, and what
 * nobody is in, nobody finds, by whatever way: in the making and while it is cleared that audience is empty. One row of it
 * is changed to let every passage, posting and total appear or vanish at the same moment.
 */
export interface Edition {
  audience: number;
  collection: number;
  document: number;
}

type EditionState = 'making' | 'live' | 'clearing';

type EditionTables = {
  // As far as they are looked at here; they belong to `collections`.
  knowledge_audiences: { org: string; id: ColumnType<number, never, never>; digest: string; subjects: string[] };
  knowledge_editions: {
    org: string;
    audience: number;
    collection: number;
    document: number;
    state: EditionState;
    seen_at: ColumnType<Date, never, never>;
  };
};

const tables = (db: Db) => db.withTables<EditionTables>();

/** Begins one, which nobody finds. */
export async function openEdition(trx: Db, org: OrgId, of: Omit<Edition, 'audience'>): Promise<Edition> {
  const { id: audience } = await tables(trx)
    .insertInto('knowledge_audiences')
    .values({ org, digest: `edition:${randomUUID()}`, subjects: [] })
    .returning('id')
    .executeTakeFirstOrThrow();
  await tables(trx)
    .insertInto('knowledge_editions')
    .values({ org, audience, ...of, state: 'making' })
    .execute();
  return { audience, ...of };
}

/** Says that it is still being made, and holds its row. False when it was taken for abandoned in between. */
export async function touchEdition(trx: Db, org: OrgId, { audience }: Edition): Promise<boolean> {
  const { rows } = await sql`
    update knowledge_editions set seen_at = now()
    where org = ${org} and audience = ${audience} and state = 'making' returning 1`.execute(trx);
  return rows.length > 0;
}

/** From the end of the transaction on these subjects find it. False when it was taken for abandoned in between. */
export async function publishEdition(
  trx: Db,
  org: OrgId,
  edition: Edition,
  readers: readonly string[],
): Promise<boolean> {
  const { audience } = edition;
  const { rows } = await sql`
    update knowledge_editions set state = 'live', seen_at = now()
    where org = ${org} and audience = ${audience} and state = 'making' returning 1`.execute(trx);
  if (rows.length === 0) return false;
  await setSubjects(trx, org, [audience], [...new Set(readers)].sort());
  return true;
}

/** From the end of the transaction on nobody finds the editions of these documents, which are cleared later. */
export async function retireEditions(
  trx: Db,
  org: OrgId,
  documents: readonly number[],
  but = 0, // an audience
): Promise<void> {
  const retired = await tables(trx)
    .updateTable('knowledge_editions')
    .set({ state: 'clearing' })
    .where('org', '=', org)
    .where('document', 'in', documents)
    .where('state', '=', 'live')
    .where('audience', '<>', but)
    .returning('audience')
    .execute();
  if (retired.length === 0) return;
  await setSubjects(
    trx,
    org,
    retired.map(({ audience }) => audience),
    [],
  );
}

/** One that is not to be finished. */
export async function abandonEdition(db: Db, org: OrgId, { audience }: Edition): Promise<void> {
  await tables(db)
    .updateTable('knowledge_editions')
    .set({ state: 'clearing' })
    .where('org', '=', org)
    .where('audience', '=', audience)
    .where('state', '=', 'making')
    .execute();
}

/** Those of every organisation: where there is one server, none of them is being made when it starts. */
export async function abandonEditions(db: Db): Promise<void> {
  await tables(db).updateTable('knowledge_editions').set({ state: 'clearing' }).where('state', '=', 'making').execute();
}

/** One of any organisation to be cleared: it was retired, or nothing was heard of its maker for so long. */
export async function findLeftEdition(db: Db, goneAfterMs: number): Promise<({ org: OrgId } & Edition) | undefined> {
  const { rows } = await sql<{ org: OrgId } & Edition>`
    select org, audience, collection, document from knowledge_editions
    where state = 'clearing'
      or state = 'making' and seen_at <= now() - ${goneAfterMs}::double precision * interval '1 millisecond'
    order by seen_at limit 1`.execute(db);
  return rows[0];
}

/** Takes it for the clearing of one step. False when it is gone, or somebody else is at it. */
export async function claimEdition(trx: Db, org: OrgId, { audience }: Edition, goneAfterMs: number): Promise<boolean> {
  const { rows } = await sql`
    update knowledge_editions set state = 'clearing'
    where org = ${org} and audience = (
      select audience from knowledge_editions where org = ${org} and audience = ${audience} and (state = 'clearing'
        or state = 'making' and seen_at <= now() - ${goneAfterMs}::double precision * interval '1 millisecond')
      for update skip locked
    ) returning 1`.execute(trx);
  return rows.length > 0;
}

/** Forgets one of which nothing is left. */
export async function deleteEdition(trx: Db, org: OrgId, { audience }: Edition): Promise<void> {
  await tables(trx).deleteFrom('knowledge_editions').where('org', '=', org).where('audience', '=', audience).execute();
  await tables(trx).deleteFrom('knowledge_audiences').where('org', '=', org).where('id', '=', audience).execute();
}

/** Forgets those of one organisation, or of one of its collections, with their audiences. */
export async function purgeEditions(db: Db, org: OrgId, collection?: number): Promise<void> {
  const gone = await tables(db)
    .deleteFrom('knowledge_editions')
    .where('org', '=', org)
    .$if(collection !== undefined, (query) => query.where('collection', '=', collection ?? 0))
    .returning('audience')
    .execute();
  await sql`delete from knowledge_audiences
    where org = ${org} and id = any(${gone.map(({ audience }) => audience)}::int[])`.execute(db);
}

async function setSubjects(
  trx: Db,
  org: OrgId,
  audiences: readonly number[],
  subjects: readonly string[],
): Promise<void> {
  await tables(trx)
    .updateTable('knowledge_audiences')
    .set({ subjects: [...subjects] })
    .where('org', '=', org)
    .where('id', 'in', audiences)
    .execute();
}
