import type { Migration } from '../../../platform/db/types.ts';

export const vectorsMigrations: Migration[] = [
  {
    name: 'knowledge/0301_vectors',
    // A space holds vectors that may be compared with each other. Each has an index of its own, which is made with it, since an
    // index needs to know the length of its vectors; so that a collection can be moved from one to another while it is used.
    //
    // Vectors go with their passages, whoever removes those: that is the database's work. The numbers stay uncompressed in
    // their rows: compressing gains nothing, and a scan would fetch each from somewhere else.
    sql: `
      create extension if not exists vector;
      create table knowledge_spaces (
        org text not null,
        id int generated always as identity,
        model text not null,
        dimensions int not null,
        generation int not null,
        made_at timestamptz not null default now(),
        primary key (org, id),
        unique (org, model, dimensions, generation)
      );
      create table knowledge_vectors (
        org text not null,
        chunk int not null,
        space int not null,
        collection int not null,
        audience int not null,
        document int not null,
        embedding halfvec not null,
        primary key (org, chunk, space),
        foreign key (org, chunk) references knowledge_chunks (org, id) on delete cascade
      ) with (toast_tuple_target = 8160);
      alter table knowledge_vectors alter column embedding set storage main;
      create index knowledge_vectors_readable on knowledge_vectors (org, space, collection, audience);
      create index knowledge_chunks_collection on knowledge_chunks (org, collection, id);
      create table knowledge_embeddings (
        org text not null,
        collection int not null,
        live int,
        filling int,
        generation int not null default 0,
        filled_version bigint,
        tokens bigint not null default 0,
        cost double precision not null default 0,
        replica text,
        seen_at timestamptz,
        primary key (org, collection),
        foreign key (org, collection) references knowledge_collections (org, id) on delete cascade,
        foreign key (org, live) references knowledge_spaces (org, id),
        foreign key (org, filling) references knowledge_spaces (org, id)
      );`,
  },
];
