import type { Migration } from '../../../platform/db/types.ts';

export const ingestMigrations: Migration[] = [
  {
    name: 'knowledge/0201_runs',
    sql: `
      create table knowledge_runs (
        org text not null,
        id text not null,
        collection int not null,
        source text not null,
        state text not null,
        cursor text,
        counts jsonb not null,
        problems jsonb not null,
        replica text not null,
        started_at timestamptz not null,
        seen_at timestamptz not null,
        ended_at timestamptz,
        reason text,
        primary key (org, id)
      );
      create index knowledge_runs_latest on knowledge_runs (org, collection, source, started_at desc);
      create unique index knowledge_runs_one on knowledge_runs (org, collection, source) where state = 'running';`,
  },
];
