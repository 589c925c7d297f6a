import type { Migration } from '../../platform/db/types.ts';

export const catalogMigrations: Migration[] = [
  {
    name: 'catalog/0001_items',
    sql: `
      create table catalog_toolsets (
        org text not null,
        toolset text not null,
        instructions text,
        listed_at timestamptz not null default now(),
        primary key (org, toolset)
      );
      create table catalog_items (
        org text not null,
        toolset text not null,
        kind text not null check (kind in ('tool', 'prompt', 'resource', 'template')),
        name text not null,
        position int not null,
        definition jsonb not null,
        digest text not null,
        facts jsonb not null,
        first_seen_at timestamptz not null default now(),
        changed_at timestamptz not null default now(),
        primary key (org, toolset, kind, name)
      );
      create table catalog_revisions (
        org text primary key,
        revision bigint not null default 1
      );`,
  },
];
