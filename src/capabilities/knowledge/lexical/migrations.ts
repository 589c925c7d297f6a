import type { Migration } from '../../../platform/db/types.ts';

export const lexicalMigrations: Migration[] = [
  {
    name: 'knowledge/0101_lexical',
    // The postings of a term lie in one row for each audience and each block of 1,024 chunk ids: few enough rows that a
    // search reads a common term quickly, and small enough ones that a document comes and goes by rewriting little. What
    // a caller may not read is in other rows, which are not read at all.
    //
    // A row of postings has at most 3 KiB: uncompressed and in its place it is read without a detour. Lexemes stay as they are
    // and where they are, too, as long as a page has room.
    sql: `
      create extension if not exists pg_trgm;
      create table knowledge_lexemes (
        org text not null,
        chunk int not null,
        document bigint not null,
        collection bigint not null,
        audience int not null,
        language text not null,
        body_length int not null,
        lexemes text not null,
        primary key (org, chunk)
      ) with (toast_tuple_target = 8160);
      alter table knowledge_lexemes alter column lexemes set storage main;
      create table knowledge_postings (
        org text not null,
        collection bigint not null,
        term text collate "C" not null,
        audience int not null,
        block int not null,
        postings bytea not null,
        primary key (org, collection, term, audience, block)
      ) with (fillfactor = 80);
      alter table knowledge_postings alter column postings set storage plain;
      create table knowledge_terms (
        org text not null,
        collection bigint not null,
        term text collate "C" not null,
        primary key (org, collection, term)
      );
      create index knowledge_terms_trigrams on knowledge_terms using gin (term gin_trgm_ops);
      create table knowledge_lexical_totals (
        org text not null,
        collection bigint not null,
        audience int not null,
        language text not null,
        chunks int not null,
        body_length bigint not null,
        primary key (org, collection, audience, language)
      );`,
  },
  {
    name: 'knowledge/0102_terms',
    // New terms would wait in a list that each near miss goes through from end to end, until a vacuum that never comes
    // while somebody asks.
    sql: `
      alter index knowledge_terms_trigrams set (fastupdate = off);
      select gin_clean_pending_list('knowledge_terms_trigrams');`,
  },
];
