import type { Migration } from '../../platform/db/types.ts';

export const endpointsMigrations: Migration[] = [
  {
    name: 'endpoints/0001_runtime',
    sql: `
      create table endpoints (
        org text not null,
        name text not null,
        settings jsonb not null,
        revision text not null,
        changed_by text not null,
        changed_at timestamptz not null default now(),
        primary key (org, name)
      );`,
  },
];
