import type { Migration } from '../../platform/db/types.ts';

export const discoveryMigrations: Migration[] = [
  {
    name: 'discovery/0001_vectors',
    // By what was embedded, not by whose tool it is: a text that has not changed is never sent to the model again.
    sql: `
      create table discovery_vectors (
        org text not null,
        model text not null,
        text_digest text not null,
        vector bytea not null,
        primary key (org, model, text_digest)
      );`,
  },
];
