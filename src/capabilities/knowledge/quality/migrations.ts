import type { Migration } from '../../../platform/db/types.ts';

export const qualityMigrations: Migration[] = [
  {
    name: 'knowledge/0401_quality',
    sql: `
      create table knowledge_gaps (
        org text not null,
        digest text not null,
        query text not null,
        collections text[] not null,
        count int not null,
        confidence double precision not null,
        first_at timestamptz not null,
        last_at timestamptz not null,
        dismissed_at timestamptz,
        primary key (org, digest)
      );
      create table knowledge_feedback (
        org text not null,
        chunk int not null,
        principal text not null,
        document int not null,
        collection int not null,
        helpful boolean not null,
        note text,
        query text,
        at timestamptz not null,
        primary key (org, chunk, principal)
      );
      create table knowledge_evaluations (
        org text not null,
        id text not null,
        name text not null,
        at timestamptz not null,
        made_by text not null,
        figures jsonb not null,
        outcomes jsonb not null,
        primary key (org, id)
      );
      create index knowledge_evaluations_latest on knowledge_evaluations (org, name, at desc);`,
  },
];
