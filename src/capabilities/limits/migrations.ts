import type { Migration } from '../../platform/db/types.ts';

/*
 * Counters are taken from by functions, so that a call costs one statement. Rows are locked in the order of their keys, the
 * time is read after that, and a commit is not waited for: a crash of Postgres may forget the last moments.
 * Demands come as arrays: key, kind, limit, a, b, as `plainOf` has them; times are microseconds.
 */
export const limitsMigrations: Migration[] = [
  {
    name: 'limits/0001_limits',
    sql: `
      create table limit_rules (
        org text not null,
        name text not null,
        settings jsonb not null,
        revision text not null,
        changed_by text not null,
        changed_at timestamptz not null default now(),
        primary key (org, name)
      );
      create table limit_counters (
        org text not null,
        key text not null,
        full_at bigint,
        slot bigint,
        counts integer[],
        expires_at bigint not null default 0,
        primary key (org, key)
      ) with (fillfactor = 70);
      create table limit_leases (
        org text not null,
        key text not null,
        call text not null,
        expires_at bigint not null,
        primary key (org, key, call)
      ) with (fillfactor = 70);
      create table limit_replicas (
        id text primary key,
        seen_at timestamptz not null
      );
      create table limit_installation (id text primary key);
      insert into limit_installation values (gen_random_uuid()::text);

      create function limits_now(given bigint) returns bigint language sql volatile as $$
        select case when given >= 0 then given else (extract(epoch from clock_timestamp()) * 1000000)::bigint end
      $$;

      create function limits_lock(p_org text, p_keys text[]) returns void language plpgsql as $$
      declare
        v_there integer;
      begin
        perform set_config('synchronous_commit', 'off', true);
        perform 1 from limit_counters where org = p_org and key = any(p_keys) order by key for update;
        get diagnostics v_there = row_count;
        if v_there < cardinality(p_keys) then
          insert into limit_counters (org, key)
            select p_org, key from unnest(p_keys) as key order by key on conflict do nothing;
          perform 1 from limit_counters where org = p_org and key = any(p_keys) order by key for update;
        end if;
      end $$;

      create function limits_full_at(at bigint, now bigint, capacity bigint) returns bigint language sql immutable as $$
        select least(greatest(coalesce(at, 0), now), now + capacity)
      $$;

      create function limits_window(p_slot bigint, p_counts integer[], p_current bigint, p_slots integer)
      returns integer[] language plpgsql immutable as $$
      declare
        v_by bigint := p_current - p_slot;
      begin
        if p_counts is null or abs(v_by) > p_slots then return array_fill(0, array[p_slots + 1]); end if;
        if v_by <= 0 then return p_counts; end if;
        return p_counts[1 + v_by:] || array_fill(0, array[v_by::integer]);
      end $$;

      create function limits_take(
        p_org text, p_call text, p_now bigint, p_keys text[], p_kinds text[], p_limits bigint[], p_a bigint[], p_b bigint[]
      ) returns bigint[] language plpgsql as $$
      declare
        v_now bigint;
        v_granted boolean := true;
        v_n integer := cardinality(p_keys);
        v_ok boolean[] := array_fill(false, array[v_n]);
        v_at bigint[] := array_fill(0::bigint, array[v_n]);
        v_used bigint[] := array_fill(0::bigint, array[v_n]);
        v_row record;
        v_counts integer[];
        v_current bigint;
        v_left bigint;
        v_out bigint[];
        v_remaining bigint;
        v_reset bigint;
        v_retry bigint;
      begin
        perform limits_lock(p_org, p_keys);
        v_now := limits_now(p_now);
        for i in 1..v_n loop
          if p_kinds[i] = 'rate' then
            select full_at into v_row from limit_counters where org = p_org and key = p_keys[i];
            v_at[i] := limits_full_at(v_row.full_at, v_now, p_b[i]);
            v_ok[i] := v_now + p_b[i] - v_at[i] >= p_a[i];
            if v_at[i] < v_row.full_at then -- the clock was set back: the bucket fills from here
              update limit_counters set full_at = v_at[i], expires_at = v_at[i] where org = p_org and key = p_keys[i];
            end if;
          elsif p_kinds[i] = 'window' then
            select slot, counts into v_row from limit_counters where org = p_org and key = p_keys[i];
            v_counts := limits_window(v_row.slot, v_row.counts, v_now / p_a[i], p_b[i]::integer);
            v_used[i] := (select sum(c) from unnest(v_counts) as c);
            v_ok[i] := v_used[i] < p_limits[i];
          else
            delete from limit_leases where org = p_org and key = p_keys[i] and expires_at <= v_now;
            v_used[i] := (select count(*) from limit_leases where org = p_org and key = p_keys[i]);
            v_ok[i] := v_used[i] < p_limits[i];
          end if;
          v_granted := v_granted and v_ok[i];
        end loop;
        v_out := array[v_granted::integer::bigint];
        for i in 1..v_n loop
          v_reset := 0;
          v_retry := 0;
          if p_kinds[i] = 'rate' then
            if v_granted then
              v_at[i] := v_at[i] + p_a[i];
              update limit_counters set full_at = v_at[i], expires_at = v_at[i] where org = p_org and key = p_keys[i];
            end if;
            v_remaining := (v_now + p_b[i] - v_at[i]) / p_a[i];
            v_reset := v_at[i] - v_now;
            if not v_ok[i] and p_limits[i] > 0 then v_retry := p_a[i] - (v_now + p_b[i] - v_at[i]); end if;
          elsif p_kinds[i] = 'window' then
            select slot, counts into v_row from limit_counters where org = p_org and key = p_keys[i];
            v_current := v_now / p_a[i];
            v_counts := limits_window(v_row.slot, v_row.counts, v_current, p_b[i]::integer);
            if v_row.slot > v_current and v_row.slot - v_current <= p_b[i] then v_current := v_row.slot; end if;
            if v_granted then
              v_counts[p_b[i] + 1] := v_counts[p_b[i] + 1] + 1;
              v_used[i] := v_used[i] + 1;
              update limit_counters
                set slot = v_current, counts = v_counts, expires_at = (v_current + p_b[i] + 2) * p_a[i]
                where org = p_org and key = p_keys[i];
            end if;
            v_remaining := greatest(0, p_limits[i] - v_used[i]);
            for j in reverse (p_b[i] + 1)..1 loop
              if v_counts[j] > 0 then
                v_reset := (v_current - p_b[i] + j - 1 + p_b[i] + 1) * p_a[i] - v_now;
                exit;
              end if;
            end loop;
            if not v_ok[i] then
              v_left := v_used[i];
              for j in 1..(p_b[i] + 1) loop
                v_left := v_left - v_counts[j];
                if v_left < p_limits[i] then
                  v_retry := (v_current + j) * p_a[i] - v_now;
                  exit;
                end if;
              end loop;
            end if;
          else
            if v_granted then
              insert into limit_leases values (p_org, p_keys[i], p_call, v_now + p_a[i])
                on conflict (org, key, call) do update set expires_at = excluded.expires_at;
              update limit_counters set expires_at = v_now + p_a[i] where org = p_org and key = p_keys[i];
              v_used[i] := (select count(*) from limit_leases where org = p_org and key = p_keys[i]);
            end if;
            v_remaining := greatest(0, p_limits[i] - v_used[i]);
          end if;
          v_out := v_out || array[v_ok[i]::integer::bigint, v_remaining, v_reset, v_retry];
        end loop;
        return v_out;
      end $$;

      create function limits_take_many(
        p_org text, p_now bigint, p_calls text[], p_sizes integer[],
        p_keys text[], p_kinds text[], p_limits bigint[], p_a bigint[], p_b bigint[]
      ) returns setof bigint[] language plpgsql as $$
      declare
        v_from integer := 1;
        v_to integer;
      begin
        perform limits_lock(p_org, array(select distinct key from unnest(p_keys) as key));
        for i in 1..cardinality(p_calls) loop
          v_to := v_from + p_sizes[i] - 1;
          return next limits_take(
            p_org, p_calls[i], p_now, p_keys[v_from:v_to], p_kinds[v_from:v_to], p_limits[v_from:v_to],
            p_a[v_from:v_to], p_b[v_from:v_to]
          );
          v_from := v_to + 1;
        end loop;
      end $$;

      create function limits_give_back(
        p_org text, p_call text, p_now bigint, p_keys text[], p_kinds text[], p_limits bigint[], p_a bigint[], p_b bigint[]
      ) returns void language plpgsql as $$
      declare
        v_now bigint;
        v_row record;
        v_counts integer[];
      begin
        perform limits_lock(p_org, p_keys);
        v_now := limits_now(p_now);
        for i in 1..cardinality(p_keys) loop
          if p_kinds[i] = 'rate' then
            update limit_counters set full_at = full_at - p_a[i]
              where org = p_org and key = p_keys[i] and full_at is not null;
          elsif p_kinds[i] = 'window' then
            select slot, counts into v_row from limit_counters where org = p_org and key = p_keys[i];
            v_counts := limits_window(v_row.slot, v_row.counts, v_now / p_a[i], p_b[i]::integer);
            for j in 1..(p_b[i] + 1) loop
              if v_counts[j] > 0 then
                v_counts[j] := v_counts[j] - 1;
                update limit_counters
                  set slot = case when slot - v_now / p_a[i] between 0 and p_b[i] then slot else v_now / p_a[i] end,
                    counts = v_counts
                  where org = p_org and key = p_keys[i];
                exit;
              end if;
            end loop;
          else
            delete from limit_leases where org = p_org and key = p_keys[i] and call = p_call;
          end if;
        end loop;
      end $$;

      create function limits_settle(
        p_org text, p_now bigint, p_keys text[], p_kinds text[], p_a bigint[], p_b bigint[], p_least bigint[], p_more bigint[]
      ) returns void language plpgsql as $$
      declare
        v_now bigint;
        v_row record;
        v_counts integer[];
        v_current bigint;
        v_add bigint;
        v_at bigint;
      begin
        perform limits_lock(p_org, p_keys);
        v_now := limits_now(p_now);
        for i in 1..cardinality(p_keys) loop
          select full_at, slot, counts into v_row from limit_counters where org = p_org and key = p_keys[i];
          if p_kinds[i] = 'rate' then
            v_at := greatest(limits_full_at(v_row.full_at, v_now, p_b[i]), v_now + p_least[i] * p_a[i]) + p_more[i] * p_a[i];
            v_at := least(v_now + p_b[i], v_at);
            update limit_counters set full_at = v_at, expires_at = v_at where org = p_org and key = p_keys[i];
          else
            v_current := v_now / p_a[i];
            v_counts := limits_window(v_row.slot, v_row.counts, v_current, p_b[i]::integer);
            if v_row.slot > v_current and v_row.slot - v_current <= p_b[i] then v_current := v_row.slot; end if;
            v_add := greatest(0, p_least[i] - (select sum(c) from unnest(v_counts) as c)) + p_more[i];
            v_counts[p_b[i] + 1] := v_counts[p_b[i] + 1] + v_add;
            update limit_counters
              set slot = v_current, counts = v_counts, expires_at = (v_current + p_b[i] + 2) * p_a[i]
              where org = p_org and key = p_keys[i];
          end if;
        end loop;
      end $$;`,
  },
];
