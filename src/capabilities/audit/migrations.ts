import type { Migration } from '../../platform/db/index.ts';

// Every key and index of audit_records can live on a table partitioned by time: the primary key holds `at`, and that
// an id comes only once is kept by the lock on the chain's head, not by a unique index.
export const auditMigrations: Migration[] = [
  {
    name: 'audit/0001_records',
    sql: `
      create table audit_heads (
        org text not null primary key,
        seq bigint not null,
        hash text not null,
        signature text not null,
        -- What happened before belonged to an organisation of this name that was removed.
        since timestamptz
      );

      create table audit_records (
        org text not null,
        at timestamptz not null,
        seq bigint not null,
        id text not null,
        kind text not null,
        principal text not null,
        tool text,
        outcome text not null,
        parent text,
        -- Closed by us for want of an end; the true end may still come.
        inferred boolean not null,
        -- RFC 8785 JSON, exactly as hashed. Not jsonb, which refuses some of what callers may send.
        body text not null,
        hash text not null,
        primary key (org, at, seq)
      );
      create index audit_records_seq on audit_records (org, seq);
      create index audit_records_id on audit_records (org, id);
      create index audit_records_tool on audit_records (org, tool, at, seq) where tool is not null;
      create index audit_records_principal on audit_records (org, principal, at, seq);
      create index audit_records_outcome on audit_records (org, outcome, at, seq) where outcome <> 'ok';
      create index audit_records_parent on audit_records (org, parent, at, seq) where parent is not null;
      create index audit_records_acts on audit_records (org, at, seq) where kind = 'act';

      create table audit_intents (
        org text not null,
        id text not null,
        said_at timestamptz not null,
        expires_at timestamptz,
        life text not null,
        home text not null,
        body text not null,
        primary key (org, id)
      );

      create table audit_checkpoints (
        org text not null primary key,
        seq bigint not null,
        hash text not null,
        at timestamptz not null,
        signature text not null
      );

      create table audit_lives (
        life text not null primary key,
        replica text not null,
        seen_at timestamptz not null
      );

      create table audit_purges (
        org_digest text not null primary key,
        at timestamptz not null
      );
    `,
  },
  {
    // No intent waits for its caller: a round is a call of its own, or its call runs on.
    name: 'audit/0002_intents_wait_for_nobody',
    sql: 'alter table audit_intents drop column expires_at;',
  },
  {
    name: 'audit/0003_cost',
    sql: 'alter table audit_records add column cost text;',
  },
];
