import type { Clock } from '../../../kernel/clock.ts';
import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';
import { type Asked, giveBackTo, installationOf, renewLeases, settleDebts, takeFrom } from '../store.ts';
import type { Counters, Taken } from './counters.ts';

interface Waiting extends Asked {
  since: number;
  resolve(taken: Taken): void;
  reject(error: unknown): void;
}

interface Lane {
  waiting: Waiting[];
  /** When the statement began that is under way. */
  busySince?: number;
}

const mostTogether = 50;
/** Nobody waits longer for a statement, or behind one. */
const patienceMs = 2_000;

/**
 * One statement for each step. What is asked of one organisation while a statement is under way goes together in the next
 * one: calls that are counted by the same rule would wait for its row one after the other, with a connection each.
 *
 * @param clock instead of that of the database
 */
export function createPostgresCounters({ db, clock }: { db: Db; clock?: Clock }): Counters {
  const now = () => (clock ? Math.floor(clock.now() * 1_000) : -1);
  const lanes = new Map<OrgId, Lane>();

  const drain = async (org: OrgId, lane: Lane) => {
    const some = lane.waiting.splice(0, mostTogether);
    const startedAt = performance.now();
    const asked = some.filter(({ since }) => startedAt - since < patienceMs);
    for (const one of some) if (!asked.includes(one)) one.reject(new Error('waited too long for the counters'));
    lane.busySince = startedAt;
    try {
      const taken = asked.length > 0 ? await takeFrom(db, org, asked, now()) : [];
      asked.forEach(({ resolve, reject }, at) => {
        const one = taken[at];
        if (one) resolve(one);
        else reject(new Error('the counters did not answer'));
      });
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
    if (lane.busySince !== startedAt) return; // another one has gone past it
    delete lane.busySince;
    if (lane.waiting.length > 0) void drain(org, lane);
    else lanes.delete(org);
  };

  return {
    take(org, demands, call) {
      const lane = lanes.get(org) ?? { waiting: [] };
      lanes.set(org, lane);
      const { promise, resolve, reject } = Promise.withResolvers<Taken>();
      const since = performance.now();
      lane.waiting.push({ demands, call, since, resolve, reject });
      // A statement that hangs does not hold up the others.
      if (lane.busySince === undefined || since - lane.busySince > patienceMs) void drain(org, lane);
      return promise;
    },
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
