import type { Migration } from '../../platform/db/index.ts';

export const eventsMigrations: Migration[] = [
  {
    name: 'events/0001_events',
    sql: `
      create table events (
        org text not null,
        id text not null,
        type text not null,
        subject text,
        data jsonb not null,
        -- Whom it concerns, such as ["role:admin"].
        concerns jsonb,
        at bigint not null,
        -- Whether it was told on the bus and its deliveries stand below.
        told boolean not null default false,
        primary key (org, id)
      );
      create index events_untold on events (id) where not told;
      create index events_by_time on events (at);

      create table event_deliveries (
        org text not null,
        id text not null,
        event text not null,
        destination text not null,
        -- 'waiting', 'delivered' or 'dead'
        state text not null,
        attempts integer not null default 0,
        -- Not to be tried before; while somebody tries it, until when that is believed.
        next_at bigint not null,
        -- The try that is under way.
        try text,
        attempted_at bigint,
        -- Why the last try failed, and what the other side answered by.
        fault text,
        status integer,
        created_at bigint not null,
        ended_at bigint,
        primary key (org, id),
        foreign key (org, event) references events (org, id) on delete cascade
      );
      create unique index event_deliveries_once on event_deliveries (org, event, destination);
      create index event_deliveries_due on event_deliveries (org, destination, next_at) where state = 'waiting';
      create index event_deliveries_by_state on event_deliveries (org, state, id);

      create table event_destinations (
        org text not null,
        name text not null,
        -- One encrypted text: secrets stand in it.
        settings jsonb not null,
        revision text not null,
        changed_by text not null,
        changed_at timestamptz not null default now(),
        primary key (org, name)
      );

      -- What outside senders have delivered, so that what comes twice counts once.
      create table hook_deliveries (
        org text not null,
        source text not null,
        -- The sender's id, or a digest of what was signed.
        mark text not null,
        at bigint not null,
        primary key (org, source, mark)
      );
      create index hook_deliveries_by_time on hook_deliveries (at);
    `,
  },
];
