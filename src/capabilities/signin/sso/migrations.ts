import type { Migration } from '../../../platform/db/types.ts';

// `provider` is the name of one in the settings, and stays when the settings lose it: then nobody comes by it any more.

export const ssoMigrations: Migration[] = [
  {
    name: 'signin/sso_0001_identities_and_sessions',
    sql: `
      -- The provider whose groups say role and teams; null where somebody here says them.
      alter table signin_members add column follows text;
      -- Since when the provider gives the person no rights any more; the membership waits for their return.
      alter table signin_members add column suspended_at bigint;
      -- By which provider the browser came in; null for a password.
      alter table signin_sessions add column provider text;
      -- For which organisation, and in which session, somebody allowed the device.
      alter table signin_device_codes add column org text;
      alter table signin_device_codes add column session_id text;

      create table signin_identities (
        org text not null references access_orgs (id),
        issuer text not null,
        subject text not null,
        provider text not null,
        user_id text not null references signin_users (id) on delete cascade,
        email text not null,
        created_at bigint not null,
        -- When the provider last said that this is they.
        signed_in_at bigint not null,
        primary key (org, issuer, subject)
      );
      create index signin_identities_by_user on signin_identities (org, user_id);

      create table signin_sso_sessions (
        org text not null references access_orgs (id),
        session_id text primary key references signin_sessions (id) on delete cascade,
        provider text not null,
        issuer text not null,
        subject text not null,
        -- The provider's own name for its session.
        sid text,
        -- Encrypted; shown to the provider when the person signs out.
        id_token text not null
      );
      create index signin_sso_sessions_by_subject on signin_sso_sessions (issuer, subject);
    `,
  },
];
