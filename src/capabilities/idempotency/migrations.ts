import type { Migration } from '../../platform/db/index.ts';

export const idempotencyMigrations: Migration[] = [
  {
    name: 'idempotency/0001_keys',
    sql: `
      create table idempotency_keys (
        org text not null,
        principal text not null,
        key text not null,
        -- Keyed: arguments can be short secrets.
        digest text not null,
        call_id text not null,
        -- The run of a server that works on it, and until when that is believed without a further sign of life.
        life text not null,
        lease_until bigint not null,
        expires_at bigint not null,
        -- Null while it runs.
        outcome text,
        status integer,
        -- Encrypted; null when it was too large.
        answer text,
        primary key (org, principal, key)
      );
      create index idempotency_keys_by_expiry on idempotency_keys (expires_at);
      create index idempotency_keys_running on idempotency_keys (life) where outcome is null;
    `,
  },
  {
    name: 'idempotency/0002_ends',
    sql: `
      -- An answer is the end of a call now, from which each surface makes its own status.
      alter table idempotency_keys drop column status;
    `,
  },
];
