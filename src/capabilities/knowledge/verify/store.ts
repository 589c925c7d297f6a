import { type RawBuilder, sql } from 'kysely';
import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';

export interface Disagreement {
  what: string;
  /** Of documents, passages, or audiences, as `what` says. */
  count: number;
}

/**
 * What each part of a collection says of itself, held against the others; only what disagrees. One snapshot. Versions of
 * long documents that are being made or cleared are no fault, as long as nobody finds them and their parts agree.
 */
export async function findDisagreements(db: Db, org: OrgId, collection: number): Promise<Disagreement[]> {
  const here = (table: string) =>
    sql`${sql.id(table, 'org')} = ${org} and ${sql.id(table, 'collection')} = ${collection}`;
  const checks: Record<string, RawBuilder<unknown>> = {
    'documents that have other passages than they say': sql`
      select from knowledge_documents d where ${here('d')} and d.chunks <> (
        select count(*) from knowledge_chunks c
        left join knowledge_editions e on e.org = c.org and e.audience = c.audience
        where c.org = d.org and c.document = d.id and coalesce(e.state, 'live') = 'live'
      )`,
    'passages of documents that are gone, or of other readers than theirs': sql`
      select from knowledge_chunks c
      left join knowledge_documents d on d.org = c.org and d.id = c.document
      left join knowledge_editions e on e.org = c.org and e.audience = c.audience
      where ${here('c')} and (
        d.id is null or e.document <> d.id
        or e.state is null and (d.deleted_at is not null or d.audience <> c.audience)
        or e.state = 'live' and (d.deleted_at is not null
          or (select subjects from knowledge_audiences a where a.org = c.org and a.id = d.audience)
            is distinct from (select subjects from knowledge_audiences a where a.org = c.org and a.id = c.audience))
      )`,
    'versions that somebody finds while they are made or cleared': sql`
      select from knowledge_editions e join knowledge_audiences a on a.org = e.org and a.id = e.audience
      where ${here('e')} and e.state <> 'live' and a.subjects <> '{}'`,
    'documents of which two versions are found': sql`
      select from knowledge_editions e where ${here('e')} and e.state = 'live' group by document having count(*) > 1`,
    'passages that are not in the index, or otherwise than they are': sql`
      select from knowledge_chunks c left join knowledge_lexemes l on l.org = c.org and l.chunk = c.id
      where ${here('c')}
        and (l.chunk is null or l.collection <> c.collection or l.document <> c.document or l.audience <> c.audience)`,
    'passages in the index that there are not': sql`
      select from knowledge_lexemes l where ${here('l')}
        and not exists (select from knowledge_chunks c where c.org = l.org and c.id = l.chunk)`,
    'audiences with other postings than their passages have words': sql`
      select from (
        select audience, sum(octet_length(postings)) / 3 as count from knowledge_postings p
        where ${here('p')} group by audience
      ) as p full join (
        select audience, sum(length(lexemes) - length(replace(lexemes, chr(10), '')) - 1) as count
        from knowledge_lexemes l where ${here('l')} group by audience
      ) as l using (audience) where coalesce(p.count, 0) <> coalesce(l.count, 0)`,
    'audiences with other totals than their passages': sql`
      select from (
        select audience, language, chunks, body_length from knowledge_lexical_totals t where ${here('t')}
      ) as t full join (
        select audience, language, count(*) as chunks, sum(body_length) as body_length
        from knowledge_lexemes l where ${here('l')} group by audience, language
      ) as l using (audience, language)
      where coalesce(t.chunks, 0) <> coalesce(l.chunks, 0) or coalesce(t.body_length, 0) <> coalesce(l.body_length, 0)`,
    'vectors of other readers, documents or collections than their passages': sql`
      select from knowledge_vectors v left join knowledge_chunks c on c.org = v.org and c.id = v.chunk
      where ${here('v')} and (c.id is null or c.audience <> v.audience or c.document <> v.document
        or c.collection <> v.collection)`,
    'vectors of another length than their space has': sql`
      select from knowledge_vectors v left join knowledge_spaces s on s.org = v.org and s.id = v.space
      where ${here('v')} and (s.id is null or s.dimensions <> vector_dims(v.embedding))`,
    'documents with the same name in a source': sql`
      select from knowledge_documents d where ${here('d')} and d.deleted_at is null
      group by source, uri having count(*) > 1`,
  };
  const counted = Object.entries(checks).map(
    ([what, rows]) => sql`select ${what}::text as what, (select count(*)::int from (${rows}) as found) as count`,
  );
  const { rows } = await sql<Disagreement>`
    select * from (${sql.join(counted, sql` union all `)}) as checked where count > 0`.execute(db);
  return rows;
}
