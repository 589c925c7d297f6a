import type { Migration } from '../../platform/db/types.ts';

/*
 * The ledger. An account has what was spent of it in a period and what is held for calls that run; a hold says so for one call
 * and one account. Whoever changes accounts locks them first, in the order of key and period, and holds after that.
 * Amounts are whole numbers: calls, tokens, and millionths of units and of money. Times are milliseconds since the epoch.
 */
export const budgetsMigrations: Migration[] = [
  {
    name: 'budgets/0001_budgets',
    sql: `
      create table budget_rules (
        org text not null,
        name text not null,
        settings jsonb not null,
        revision text not null,
        changed_by text not null,
        changed_at timestamptz not null default now(),
        primary key (org, name)
      );
      create table budget_accounts (
        org text not null,
        key text not null,
        period bigint not null,
        ends bigint not null,
        spent bigint not null default 0,
        held bigint not null default 0,
        -- The highest share, in percent, that was told of in this period.
        told smallint not null default 0,
        primary key (org, key, period)
      ) with (fillfactor = 50);
      create table budget_holds (
        org text not null,
        id text not null,
        key text not null,
        period bigint not null,
        call text not null,
        amount bigint not null,
        replica text not null,
        made_at timestamptz not null default clock_timestamp(),
        -- Its replica is gone: nothing is held any more, and what the call has cost may still come.
        lost boolean not null default false,
        primary key (org, id, key)
      );
      create index budget_holds_lost on budget_holds (made_at) where lost;
      create table budget_replicas (id text primary key, seen_at timestamptz not null);

      create table usage_days (
        org text not null,
        day date not null,
        principal text not null,
        tool text not null,
        currency text not null,
        calls bigint not null,
        units numeric not null,
        tokens bigint not null,
        amount numeric not null,
        primary key (org, day, principal, tool, currency)
      );
      create index usage_days_day on usage_days (day);
      -- Up to which record of the audit it was added up.
      create table usage_positions (org text primary key, seq bigint not null);

      create function budgets_lock(p_org text, p_keys text[], p_periods bigint[]) returns void language plpgsql as $$
      begin
        perform 1 from budget_accounts
          where org = p_org and (key, period) in (select k, p from unnest(p_keys, p_periods) as one (k, p))
          order by key, period for update;
      end $$;

      -- Ends holds, each with what it has cost, and after that makes holds for calls, for each of all its accounts or of none.
      -- Says of each end how its account stands, or null where the hold had ended before; of each call whether it has its holds,
      -- and of each of its accounts whether it has room, what is spent and held, and what was told of.
      create function budgets_apply(
        p_org text, p_replica text,
        e_ids text[], e_keys text[], e_periods bigint[], e_amounts bigint[],
        c_ids text[], c_calls text[], c_sizes integer[],
        d_keys text[], d_periods bigint[], d_ends bigint[], d_limits bigint[], d_amounts bigint[]
      ) returns setof bigint[] language plpgsql as $$
      declare
        v_hold record;
        v_one record;
        v_from integer := 1;
        v_granted boolean;
        v_ok boolean[];
        v_out bigint[];
      begin
        insert into budget_accounts (org, key, period, ends)
          select p_org, k, p, max(e) from unnest(d_keys, d_periods, d_ends) as one (k, p, e)
          where not exists (select 1 from budget_accounts a where a.org = p_org and a.key = k and a.period = p)
          group by k, p order by k, p
          on conflict do nothing;
        perform budgets_lock(p_org, e_keys || d_keys, e_periods || d_periods);
        for i in 1..cardinality(e_ids) loop
          delete from budget_holds where org = p_org and id = e_ids[i] and key = e_keys[i]
            returning amount, lost into v_hold;
          if not found then
            return next null;
            continue;
          end if;
          update budget_accounts
            set spent = spent + e_amounts[i], held = held - case when v_hold.lost then 0 else v_hold.amount end
            where org = p_org and key = e_keys[i] and period = e_periods[i]
            returning spent, held, told into v_one;
          return next array[v_one.spent, v_one.held, v_one.told];
        end loop;
        for i in 1..cardinality(c_ids) loop
          v_granted := true;
          v_ok := '{}';
          for j in v_from..(v_from + c_sizes[i] - 1) loop
            select spent + held as used into v_one from budget_accounts
              where org = p_org and key = d_keys[j] and period = d_periods[j];
            v_ok := v_ok || (v_one.used + d_amounts[j] <= d_limits[j] and v_one.used < d_limits[j]);
            v_granted := v_granted and v_ok[cardinality(v_ok)];
          end loop;
          v_out := array[v_granted::integer::bigint];
          for j in v_from..(v_from + c_sizes[i] - 1) loop
            if v_granted then
              insert into budget_holds (org, id, key, period, call, amount, replica)
                values (p_org, c_ids[i], d_keys[j], d_periods[j], c_calls[i], d_amounts[j], p_replica);
              update budget_accounts set held = held + d_amounts[j]
                where org = p_org and key = d_keys[j] and period = d_periods[j]
                returning spent, held, told into v_one;
            else
              select spent, held, told into v_one from budget_accounts
                where org = p_org and key = d_keys[j] and period = d_periods[j];
            end if;
            v_out := v_out || array[v_ok[j - v_from + 1]::integer::bigint, v_one.spent, v_one.held, v_one.told];
          end loop;
          return next v_out;
          v_from := v_from + c_sizes[i];
        end loop;
      end $$;

      -- Gives back what is held by replicas that are gone: by all others when p_gone_ms is negative. Says how many holds that were.
      create function budgets_sweep(p_replica text, p_gone_ms double precision) returns integer language plpgsql as $$
      declare
        v_gone text[];
        v_org text;
        v_count integer;
        v_all integer := 0;
        v_before timestamptz := clock_timestamp() - make_interval(secs => greatest(p_gone_ms, 0) / 1000);
      begin
        v_gone := array(
          select distinct replica from budget_holds h
          where not lost and replica <> p_replica and made_at <= v_before
            and not exists (select 1 from budget_replicas r where r.id = h.replica and r.seen_at > v_before)
        );
        for v_org in select distinct org from budget_holds where not lost and replica = any(v_gone) order by org loop
          perform budgets_lock(v_org, array_agg(key), array_agg(period)) from budget_holds
            where org = v_org and not lost and replica = any(v_gone);
          with gone as (
            update budget_holds set lost = true
              where org = v_org and not lost and replica = any(v_gone) returning key, period, amount
          ), sums as (
            select key, period, sum(amount)::bigint as amount, count(*) as holds from gone group by key, period
          ), given as (
            update budget_accounts a set held = a.held - s.amount from sums s
              where a.org = v_org and a.key = s.key and a.period = s.period
          )
          select coalesce(sum(holds), 0)::integer into v_count from sums;
          v_all := v_all + v_count;
        end loop;
        delete from budget_replicas where seen_at < clock_timestamp() - interval '1 day';
        return v_all;
      end $$;`,
  },
];
