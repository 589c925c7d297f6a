import type { Migration } from '../../platform/db/index.ts';

export const approvalsMigrations: Migration[] = [
  {
    name: 'approvals/0001_approvals',
    sql: `
      create table approvals (
        org text not null,
        id text not null,
        -- Who may consent: somebody else ('approve'), or the person behind the caller too ('confirm').
        kind text not null,
        state text not null,
        principal text not null,
        -- Who is behind the principal.
        subject text not null,
        -- The principal as it was.
        asker jsonb not null,
        tool text not null,
        tool_digest text not null,
        -- Keyed: arguments can be short secrets.
        argument_digest text not null,
        -- Keyed, over all that makes it this request and no other.
        request_digest text not null,
        policy_version text not null,
        rule text not null,
        -- How many people have to approve.
        needed integer not null,
        -- Who decides, such as ["team:ops"]; null is all who may decide.
        approvers jsonb,
        -- Whether the tool is known to bear a second run.
        repeatable boolean not null,
        -- The call that asked.
        call_id text not null,
        -- Encrypted: what is to be called, with its arguments.
        request text not null,
        created_at bigint not null,
        expires_at bigint not null,
        decided_at bigint,
        -- The run of a server that makes the call, and until when that is believed without a further sign of life.
        life text,
        lease_until bigint,
        runs integer not null default 0,
        run_call_id text,
        ended_at bigint,
        outcome text,
        outcome_unknown boolean not null default false,
        -- Why it ended without a result.
        reason text,
        -- Encrypted; null where there is none, or it was too large.
        answer text,
        primary key (org, id)
      );
      create unique index approvals_open on approvals (org, request_digest)
        where state in ('pending', 'deferred', 'approved', 'claimed');
      create index approvals_by_request on approvals (org, request_digest);
      create index approvals_by_time on approvals (org, created_at);
      create index approvals_unfinished on approvals (state, expires_at)
        where state in ('pending', 'deferred', 'approved', 'claimed');
      create index approvals_by_end on approvals (ended_at) where ended_at is not null;

      create table approval_decisions (
        org text not null,
        approval text not null,
        place bigint generated always as identity,
        decision text not null,
        decided_by text not null,
        decided_by_name text not null,
        -- The person behind who decided.
        subject text not null,
        comment text,
        at bigint not null,
        primary key (org, approval, place),
        foreign key (org, approval) references approvals (org, id) on delete cascade
      );
    `,
  },
  {
    name: 'approvals/0002_edits',
    sql: `
      -- What is to be called in place of what was asked for, where somebody who decides has changed the arguments.
      alter table approvals add column edited_request text;
      alter table approvals add column edited_digest text;
      -- The arguments that the decision was on; null is those that were asked for.
      alter table approval_decisions add column argument_digest text;
      alter table approval_decisions add column edited boolean not null default false;
      -- Where it was not said here, such as in the program that asked.
      alter table approval_decisions add column via text;
    `,
  },
  {
    name: 'approvals/0003_previews_backups',
    sql: `
      -- Until when a preview is waited for; null where none is declared. Then it itself, encrypted.
      alter table approvals add column preview_due bigint, add column preview text;
      -- What is to be saved before the call, and once it has been: by what it is found again.
      alter table approvals add column backup jsonb;
    `,
  },
];
