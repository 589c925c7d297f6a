import type { Migration } from '../../../platform/db/types.ts';

export const connectionsMigrations: readonly Migration[] = [
  {
    name: 'credentials/0001_connections',
    // Tokens, verifiers and secrets of clients are sealed, each under a context of its own.
    sql: `
      create table credential_connections (
        org text not null,
        upstream text not null,
        subject text not null,
        who text not null,
        account text,
        -- Of the upstream's address then: to another one its tokens do not go.
        origin text not null,
        issuer text not null,
        client_id text not null,
        resource text,
        scopes text[] not null,
        access_token text,
        refresh_token text,
        expires_at bigint,
        -- Goes up with each new token: whoever knows an older number knows an older token.
        generation bigint not null default 1,
        -- What is known of whether a refresh token is good for one use only.
        rotates boolean,
        state text not null,
        reason text,
        claimed_by text,
        claimed_until bigint,
        connected_at bigint not null,
        last_used_at bigint,
        last_refreshed_at bigint,
        primary key (org, upstream, subject)
      );

      create table credential_pending (
        org text not null,
        id text not null,
        upstream text not null,
        subject text not null,
        who text not null,
        scopes text[] not null,
        created_at bigint not null,
        expires_at bigint not null,
        state_hash text unique,
        browser_hash text,
        verifier text,
        issuer text,
        client_id text,
        resource text,
        done_at bigint,
        primary key (id)
      );
      create index credential_pending_by_subject on credential_pending (org, upstream, subject);

      create table credential_clients (
        org text not null,
        upstream text not null,
        issuer text not null,
        redirect_uri text not null,
        client_id text not null,
        client_secret text,
        auth_method text,
        expires_at bigint,
        primary key (org, upstream, issuer)
      );
    `,
  },
];
