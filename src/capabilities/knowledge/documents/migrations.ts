import type { Migration } from '../../../platform/db/types.ts';

export const documentsMigrations: Migration[] = [
  {
    name: 'knowledge/0001_documents',
    // An audience is one distinct set of who may read; documents with the same readers share its row, so that a search
    // finds out once what its caller may read. Chunks have small numbers, since postings hold millions of them.
    sql: `
      create table knowledge_audiences (
        org text not null,
        id int generated always as identity,
        digest text not null,
        subjects text[] not null,
        primary key (org, id),
        unique (org, digest)
      );
      create index knowledge_audiences_subjects on knowledge_audiences using gin (subjects);
      create table knowledge_collections (
        org text not null,
        id int generated always as identity,
        name text not null,
        settings jsonb not null default '{}',
        declared boolean not null default false,
        audience int not null,
        version bigint not null default 0,
        changed_by text not null,
        changed_at timestamptz not null default now(),
        primary key (org, id),
        unique (org, name),
        foreign key (org, audience) references knowledge_audiences (org, id)
      );
      create table knowledge_documents (
        org text not null,
        id int generated always as identity,
        collection int not null,
        source text not null,
        uri text not null,
        title text not null,
        kind text not null,
        language text not null,
        hash text not null,
        revision text,
        url text,
        audience int not null,
        metadata jsonb not null default '{}',
        bytes int not null default 0,
        chunks int not null default 0,
        changed_at timestamptz,
        confirmed_at timestamptz not null default now(),
        indexed_at timestamptz not null default now(),
        deleted_at timestamptz,
        primary key (org, id),
        unique (org, collection, source, uri),
        foreign key (org, collection) references knowledge_collections (org, id),
        foreign key (org, audience) references knowledge_audiences (org, id)
      );
      create table knowledge_chunks (
        org text not null,
        id int generated always as identity,
        document int not null,
        collection int not null,
        ordinal int not null,
        parent int,
        kind text not null,
        headings text[] not null,
        text text not null,
        tokens int not null,
        line int,
        end_line int,
        page int,
        audience int not null,
        primary key (org, id),
        unique (org, document, ordinal),
        foreign key (org, document) references knowledge_documents (org, id)
      );`,
  },
  {
    name: 'knowledge/0002_told',
    sql: `
      alter table knowledge_documents add column told text, add column told_keys text[] not null default '{}'`,
  },
];
