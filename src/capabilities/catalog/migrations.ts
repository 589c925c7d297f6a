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
  {
    name: 'catalog/0002_standings',
    // What was served before definitions were pinned stays served: it counts as accepted.
    sql: `
      alter table catalog_toolsets
        add column trust text not null default 'first-use' check (trust in ('first-use', 'review'));
      create table catalog_standings (
        org text not null,
        toolset text not null,
        kind text not null check (kind in ('tool', 'prompt', 'template', 'instructions')),
        name text not null,
        accepted_definition jsonb,
        accepted_digest text,
        accepted_by text,
        accepted_at timestamptz,
        pinned boolean not null default false,
        refused_digest text,
        refused_reason text,
        primary key (org, toolset, kind, name)
      );
      insert into catalog_standings (org, toolset, kind, name, accepted_definition, accepted_digest, accepted_by, accepted_at)
        select org, toolset, kind, name, definition, digest, 'first use', first_seen_at
        from catalog_items where kind <> 'resource';`,
  },
];
