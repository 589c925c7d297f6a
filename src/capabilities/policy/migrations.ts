import type { Migration } from '../../platform/db/types.ts';

export const policyMigrations: Migration[] = [
  {
    name: 'policy/0001_policies',
    sql: `
      -- What is in force is the newest version of each name; a null text says that it was removed.
      create table policy_versions (
        org text not null,
        name text not null,
        version int not null,
        text text,
        digest text not null,
        saved_by text not null,
        saved_at timestamptz not null,
        primary key (org, name, version)
      );
      create table policies (
        org text not null,
        name text not null,
        version int not null,
        primary key (org, name),
        foreign key (org, name, version) references policy_versions (org, name, version)
      );
      create table policy_revisions (
        org text primary key,
        revision bigint not null
      );`,
  },
];
