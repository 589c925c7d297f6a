import type { Migration } from '../../platform/db/types.ts';

export const upstreamsMigrations: Migration[] = [
  {
    name: 'upstreams/0001_runtime',
    sql: `
      create table upstreams_runtime (
        org text not null,
        name text not null,
        settings jsonb not null,
        revision text not null,
        created_by text not null,
        updated_by text not null,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        primary key (org, name)
      );`,
  },
  {
    name: 'upstreams/0002_seen',
    sql: `
      create table upstreams_seen (
        org text not null,
        name text not null,
        primary key (org, name)
      );`,
  },
];
