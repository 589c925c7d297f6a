import type { Migration } from '../../platform/db/types.ts';
import { invitationMigrations } from './invitations/migrations.ts';
import { ssoMigrations } from './sso/migrations.ts';

// The tables of the first step are better-auth's own, under names of ours: their columns are called as it calls them, so
// that a newer version's wishes can be read off beside them. A test holds them against what it asks for.
// A person is one person in all organisations, and so are the programs that sign people in: those tables have no `org`.

export const signinMigrations: Migration[] = [
  {
    name: 'signin/0001_people_sessions_and_clients',
    sql: `
      create table signin_users (
        id text not null primary key,
        name text not null,
        email text not null unique,
        "emailVerified" boolean not null,
        image text,
        "createdAt" timestamptz not null default current_timestamp,
        "updatedAt" timestamptz not null default current_timestamp
      );
      create table signin_sessions (
        id text not null primary key,
        "expiresAt" timestamptz not null,
        token text not null unique,
        "createdAt" timestamptz not null default current_timestamp,
        "updatedAt" timestamptz not null,
        "ipAddress" text,
        "userAgent" text,
        "userId" text not null references signin_users (id) on delete cascade,
        org text
      );
      create table signin_accounts (
        id text not null primary key,
        "accountId" text not null,
        "providerId" text not null,
        "userId" text not null references signin_users (id) on delete cascade,
        "accessToken" text,
        "refreshToken" text,
        "idToken" text,
        "accessTokenExpiresAt" timestamptz,
        "refreshTokenExpiresAt" timestamptz,
        scope text,
        password text,
        "createdAt" timestamptz not null default current_timestamp,
        "updatedAt" timestamptz not null
      );
      create table signin_verifications (
        id text not null primary key,
        identifier text not null,
        value text not null,
        "expiresAt" timestamptz not null,
        "createdAt" timestamptz not null default current_timestamp,
        "updatedAt" timestamptz not null default current_timestamp
      );
      create table signin_keys (
        id text not null primary key,
        "publicKey" text not null,
        "privateKey" text not null,
        "createdAt" timestamptz not null,
        "expiresAt" timestamptz,
        alg text,
        crv text
      );
      create table signin_clients (
        id text not null primary key,
        "clientId" text not null unique,
        "clientSecret" text,
        "clientDiscoveryId" text,
        disabled boolean,
        "skipConsent" boolean,
        "enableEndSession" boolean,
        "subjectType" text,
        scopes jsonb,
        "clientCredentialsScopes" jsonb,
        "userId" text references signin_users (id) on delete cascade,
        "createdAt" timestamptz,
        "updatedAt" timestamptz,
        name text,
        uri text,
        icon text,
        contacts jsonb,
        tos text,
        policy text,
        "softwareId" text,
        "softwareVersion" text,
        "softwareStatement" text,
        "redirectUris" jsonb not null,
        "postLogoutRedirectUris" jsonb,
        "backchannelLogoutUri" text,
        "backchannelLogoutSessionRequired" boolean,
        "tokenEndpointAuthMethod" text,
        "applicationType" text,
        jwks text,
        "jwksUri" text,
        "grantTypes" jsonb,
        "responseTypes" jsonb,
        "requirePKCE" boolean,
        "dpopBoundAccessTokens" boolean,
        "referenceId" text,
        metadata jsonb
      );
      create table signin_resources (
        id text not null primary key,
        identifier text not null unique,
        name text not null,
        "accessTokenTtl" integer,
        "refreshTokenTtl" integer,
        "signingAlgorithm" text,
        "signingKeyId" text,
        "allowedScopes" jsonb,
        "customClaims" jsonb,
        "dpopBoundAccessTokensRequired" boolean,
        disabled boolean,
        "createdAt" timestamptz,
        "updatedAt" timestamptz,
        "policyVersion" integer,
        metadata jsonb
      );
      create table signin_client_resources (
        id text not null primary key,
        "clientId" text not null references signin_clients ("clientId") on delete cascade,
        "resourceId" text not null references signin_resources (identifier) on delete cascade,
        metadata jsonb,
        "createdAt" timestamptz
      );
      create table signin_refresh_tokens (
        id text not null primary key,
        token text not null unique,
        "clientId" text not null references signin_clients ("clientId") on delete cascade,
        "sessionId" text references signin_sessions (id) on delete set null,
        "userId" text not null references signin_users (id) on delete cascade,
        "referenceId" text,
        "authorizationCodeId" text,
        resources jsonb,
        "requestedUserInfoClaims" jsonb,
        "expiresAt" timestamptz not null,
        "createdAt" timestamptz not null,
        revoked timestamptz,
        "rotatedAt" timestamptz,
        "rotationReplayResponse" text,
        "rotationReplayExpiresAt" timestamptz,
        "authTime" timestamptz,
        confirmation jsonb,
        scopes jsonb not null
      );
      create table signin_access_tokens (
        id text not null primary key,
        token text not null unique,
        "clientId" text not null references signin_clients ("clientId") on delete cascade,
        "sessionId" text references signin_sessions (id) on delete set null,
        "userId" text references signin_users (id) on delete cascade,
        "referenceId" text,
        "authorizationCodeId" text,
        resources jsonb,
        "requestedUserInfoClaims" jsonb,
        "refreshId" text references signin_refresh_tokens (id) on delete cascade,
        "expiresAt" timestamptz not null,
        "createdAt" timestamptz not null,
        revoked timestamptz,
        confirmation jsonb,
        scopes jsonb not null
      );
      create table signin_consents (
        id text not null primary key,
        "clientId" text not null references signin_clients ("clientId") on delete cascade,
        "userId" text references signin_users (id) on delete cascade,
        "referenceId" text,
        resources jsonb,
        "requestedUserInfoClaims" jsonb,
        scopes jsonb not null,
        "createdAt" timestamptz not null,
        "updatedAt" timestamptz not null
      );
      create table signin_client_assertions (id text not null primary key, "expiresAt" timestamptz not null);
      create table signin_device_codes (
        id text not null primary key,
        "deviceCode" text not null,
        "userCode" text not null,
        "userId" text,
        "expiresAt" timestamptz not null,
        status text not null,
        "lastPolledAt" timestamptz,
        "pollingInterval" integer,
        "clientId" text,
        scope text,
        resources jsonb,
        "oauthClientId" text
      );
      create index "signin_sessions_userId_idx" on signin_sessions ("userId");
      create index "signin_accounts_userId_idx" on signin_accounts ("userId");
      create index "signin_verifications_identifier_idx" on signin_verifications (identifier);
      create index "signin_clients_userId_idx" on signin_clients ("userId");
      create index "signin_client_resources_clientId_idx" on signin_client_resources ("clientId");
      create index "signin_client_resources_resourceId_idx" on signin_client_resources ("resourceId");
      create unique index "signin_client_resources_clientId_resourceId_uidx"
        on signin_client_resources ("clientId", "resourceId");
      create index "signin_refresh_tokens_clientId_idx" on signin_refresh_tokens ("clientId");
      create index "signin_refresh_tokens_sessionId_idx" on signin_refresh_tokens ("sessionId");
      create index "signin_refresh_tokens_userId_idx" on signin_refresh_tokens ("userId");
      create index "signin_refresh_tokens_authorizationCodeId_idx" on signin_refresh_tokens ("authorizationCodeId");
      create index "signin_access_tokens_clientId_idx" on signin_access_tokens ("clientId");
      create index "signin_access_tokens_sessionId_idx" on signin_access_tokens ("sessionId");
      create index "signin_access_tokens_userId_idx" on signin_access_tokens ("userId");
      create index "signin_access_tokens_authorizationCodeId_idx" on signin_access_tokens ("authorizationCodeId");
      create index "signin_access_tokens_refreshId_idx" on signin_access_tokens ("refreshId");
      create index "signin_consents_clientId_idx" on signin_consents ("clientId");
      create index "signin_consents_userId_idx" on signin_consents ("userId");
      create unique index "signin_device_codes_deviceCode_uidx" on signin_device_codes ("deviceCode");
      create unique index "signin_device_codes_userCode_uidx" on signin_device_codes ("userCode");
    `,
  },
  {
    name: 'signin/0002_members_invitations_and_attempts',
    sql: `
      create table signin_members (
        org text not null references access_orgs (id),
        user_id text not null references signin_users (id) on delete cascade,
        role text not null,
        teams text[] not null default '{}',
        created_by text not null,
        created_at bigint not null,
        -- Tokens from before count no more.
        revoked_before bigint not null default 0,
        primary key (org, user_id)
      );
      create index signin_members_by_user on signin_members (user_id);

      create table signin_services (
        org text not null references access_orgs (id),
        client_id text not null unique references signin_clients ("clientId") on delete cascade,
        name text not null,
        roles text[] not null,
        created_by text not null,
        created_at bigint not null,
        primary key (org, client_id)
      );

      create table signin_invitations (
        org text not null references access_orgs (id),
        id text not null,
        -- join: become a member; reset: choose a new password
        kind text not null,
        email text not null,
        role text not null,
        teams text[] not null,
        token_hash text not null unique,
        created_by text not null,
        created_at bigint not null,
        expires_at bigint not null,
        accepted_at bigint,
        primary key (org, id)
      );

      -- What was tried, by a keyed hash of the account or the address; counted before a password is looked at.
      create table signin_attempts (
        key text primary key,
        count integer not null,
        since bigint not null
      );

      -- Goes up with every change of who is a member of what, in the same transaction.
      create table signin_revision (
        only_row boolean primary key default true check (only_row),
        revision bigint not null
      );
      insert into signin_revision (revision) values (1);
    `,
  },
  {
    name: 'signin/0003_generations_uses_and_rotation',
    sql: `
      -- Stands in each access token: one from before the last revocation has another number, whatever clocks say.
      alter table signin_members add column generation integer not null default 0;
      create table signin_grant_generations (
        org text not null references access_orgs (id) on delete cascade,
        user_id text not null references signin_users (id) on delete cascade,
        client_id text not null,
        generation integer not null,
        primary key (org, user_id, client_id)
      );

      -- When a person's program, or a machine (then both ids are its own), was last let in.
      create table signin_uses (
        org text not null references access_orgs (id) on delete cascade,
        subject text not null,
        client_id text not null,
        used_at bigint not null,
        primary key (org, subject, client_id)
      );

      alter table signin_services
        add column disabled boolean not null default false,
        add column rotated_at bigint,
        -- The secret before the last rotation, and until when it counts beside the new one.
        add column previous_hash text,
        add column previous_until bigint;
    `,
  },
  ...ssoMigrations,
  ...invitationMigrations,
];
