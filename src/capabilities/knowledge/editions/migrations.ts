import type { Migration } from '../../../platform/db/types.ts';

export const editionsMigrations: Migration[] = [
  {
    name: 'knowledge/0301_editions',
    // An edition is one version of a document that is too long for one transaction. Its passages have an audience of their
    // own, which nobody is in until they are all there.
    sql: `
      create table knowledge_editions (
        org text not null,
        audience int not null,
        collection int not null,
        document int not null,
        state text not null,
        seen_at timestamptz not null default now(),
        primary key (org, audience),
        foreign key (org, audience) references knowledge_audiences (org, id),
        foreign key (org, document) references knowledge_documents (org, id)
      );
      create index knowledge_editions_document on knowledge_editions (org, document);
      create index knowledge_editions_left on knowledge_editions (state) where state <> 'live';
      alter table knowledge_chunks drop constraint knowledge_chunks_org_document_ordinal_key;
      create unique index knowledge_chunks_place on knowledge_chunks (org, document, ordinal, audience);`,
  },
];
