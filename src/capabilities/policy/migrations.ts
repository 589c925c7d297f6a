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
  {
    name: 'policy/0002_sets',
    sql: `
      -- All policies of an organisation as they stood after each change: what a roll back goes back to.
      create table policy_sets (
        org text not null,
        number int not null,
        -- Name to version, of those that were in force.
        members jsonb not null,
        -- Over names and the digests of their texts.
        digest text not null,
        change text not null,
        saved_by text not null,
        saved_at timestamptz not null,
        primary key (org, number)
      );
      insert into policy_sets
      select p.org, 1, jsonb_object_agg(p.name, p.version),
        'sha256:' || encode(sha256(convert_to(
          '[' || string_agg('["' || p.name || '","' || v.digest || '"]', ',' order by p.name collate "C") || ']',
          'UTF8')), 'hex'),
        'begin', (array_agg(v.saved_by order by v.saved_at desc))[1], max(v.saved_at)
      from policies p join policy_versions v on v.org = p.org and v.name = p.name and v.version = p.version
      group by p.org;`,
  },
];
