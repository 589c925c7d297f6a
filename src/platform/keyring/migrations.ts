import type { Migration } from '../db/types.ts';

export const keyringMigrations: readonly Migration[] = [
  {
    name: 'keyring/0001_kept',
    // Not of any organisation: the keys under which hashes were made whose texts nobody has any more.
    sql: `
      create table keyring_kept (
        secret text not null,
        purpose text not null,
        sealed text not null,
        primary key (secret, purpose)
      );
    `,
  },
  {
    name: 'keyring/0002_secrets',
    // Which secrets the database is used with, so that a wrong one is told from a new one.
    sql: `
      create table keyring_secrets (
        id text not null primary key,
        since timestamptz not null default now()
      );
    `,
  },
];
