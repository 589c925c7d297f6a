import type { Migration } from '../../../platform/db/types.ts';

export const sealingMigrations: Migration[] = [
  {
    name: 'knowledge/0501_keys',
    // The key of a collection, wrapped by that of the vault; without this row nothing of the collection can be read again.
    sql: `
      create table knowledge_keys (
        org text not null,
        collection int not null,
        wrapped text not null,
        vault text not null,
        made_at timestamptz not null default now(),
        primary key (org, collection)
      );`,
  },
];
