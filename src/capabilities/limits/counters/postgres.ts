import type { Clock } from '../../../kernel/clock.ts';
import type { Db } from '../../../platform/db/types.ts';
import { giveBackTo, installationOf, renewLeases, settleDebts, takeFrom } from '../store.ts';
import type { Counters } from './counters.ts';

/** One statement for each step. `clock` instead of that of the database. */
export function createPostgresCounters({ db, clock }: { db: Db; clock?: Clock }): Counters {
  const now = () => (clock ? Math.floor(clock.now() * 1_000) : -1);
  return {
    take: (org, demands, call) => takeFrom(db, org, demands, call, now()),
    giveBack: (org, demands, call) => giveBackTo(db, org, demands, call, now()),
    async renew(leases) {
      for (const [org, all] of Map.groupBy(leases, (lease) => lease.org)) await renewLeases(db, org, all, now());
    },
    async settle(debts) {
      for (const [org, all] of Map.groupBy(debts, (debt) => debt.org)) await settleDebts(db, org, all, now());
    },
    ping: () => installationOf(db),
  };
}
