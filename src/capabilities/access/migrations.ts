import type { Migration } from '../../platform/db/types.ts';

export const accessMigrations: Migration[] = [
  {
    name: 'access/0001_organisations_and_keys',
    sql: `
      create table access_orgs (
        id text primary key,
        name text not null,
        created_at bigint not null
      );
      insert into access_orgs (id, name, created_at)
        values ('default', 'Default', (extract(epoch from now()) * 1000)::bigint);

      create table access_keys (
        id text primary key,
        org text not null references access_orgs (id),
        name text not null,
        hash text not null,
        roles text[] not null,
        scopes text[] not null,
        owner text not null,
        created_by text not null,
        created_at bigint not null,
        expires_at bigint,
        last_used_at bigint,
        revoked_at bigint,
        bootstrap boolean not null default false
      );
      create index access_keys_by_org on access_keys (org, id);
      -- Only among the living: the text of an admin key may come back after it was replaced.
      create unique index access_keys_by_hash on access_keys (hash) where revoked_at is null;

      -- Goes up with every change of keys and organisations, in the same transaction, so that a replica
      -- learns from one number whether what it holds in memory is still all there is.
      create table access_revision (
        only_row boolean primary key default true check (only_row),
        revision bigint not null
      );
      insert into access_revision (revision) values (1);
    `,
  },
  {
    name: 'access/0002_owners_rotation_and_break_glass',
    sql: `
      alter table access_keys
        -- The member whose key it is: it may no more than that person may now.
        add column owner_user text,
        -- The secret before the last rotation, and until when it counts beside the new one.
        add column previous_hash text,
        add column previous_until bigint,
        add column previous_used_at bigint,
        add column rotated_at bigint,
        add column last_used_from text,
        -- key; sealed: a break-glass credential that waits; break_glass: what one of them was exchanged for
        add column purpose text not null default 'key',
        add column reason text;
      create index access_keys_by_owner on access_keys (org, owner_user) where owner_user is not null;
    `,
  },
];
