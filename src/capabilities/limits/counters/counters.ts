import type { OrgId } from '../../../kernel/principal.ts';

/** What one call asks of one counter. Times are whole microseconds, so that every store counts alike. */
export type Demand = RateDemand | WindowDemand | ConcurrencyDemand;

/** A token bucket, kept as the moment at which it is full again. */
export interface RateDemand {
  kind: 'rate';
  /** Within the organisation. */
  key: string;
  /** Time in which one token comes in. */
  costUs: number;
  /** Tokens of a full bucket; none is ever granted when 0. */
  burst: number;
}

/**
 * A sliding window of slots: those that the last period touches count whole. So there are never more than `limit` calls
 * in any period, and a call counts for up to one slot longer than that.
 */
export interface WindowDemand {
  kind: 'window';
  key: string;
  limit: number;
  slotUs: number;
}

/** Leases of calls that run; one that nobody renews ends by itself. */
export interface ConcurrencyDemand {
  kind: 'concurrency';
  key: string;
  limit: number;
  leaseUs: number;
}

/** Slots of one period, beside the one that has only begun. */
export const windowSlots = 60;

/** How one counter stands, after the call was granted or, when it was not, as it is. */
export interface Standing {
  /** Whether this counter had room. */
  hasRoom: boolean;
  remaining: number;
  /** Until all of it is there again, if nobody calls; 0 for concurrency. */
  resetUs: number;
  /** Until there is room; 0 when there is, or when nobody can say. */
  retryUs: number;
}

export interface Taken {
  /** From all counters, or from none. */
  granted: boolean;
  /** One for each demand, in their order. */
  standings: Standing[];
}

/** One call's hold on a counter of calls that run. */
export interface Lease {
  org: OrgId;
  demand: ConcurrencyDemand;
  call: string;
}

/** What a counter is to catch up with that was counted elsewhere. */
export interface Debt {
  org: OrgId;
  demand: RateDemand | WindowDemand;
  /** At least so much has been used, as was known before. */
  atLeast: number;
  /** And so many calls were granted since. */
  more: number;
}

/** Where calls are counted. Shared stores go by their own clock, whatever that of a replica says. */
export interface Counters {
  /** All demands in one step. At once where nobody has to be asked. */
  take(org: OrgId, demands: readonly Demand[], call: string): Taken | Promise<Taken>;
  /** Ends leases, and gives back what a call took from the other counters. */
  giveBack(org: OrgId, demands: readonly Demand[], call: string): Promise<void>;
  renew(leases: readonly Lease[]): Promise<void>;
  settle(debts: readonly Debt[]): Promise<void>;
  /** Resolves when the store answers, with a word that is another one once it has lost what it held. */
  ping(): Promise<string>;
}

/** A demand as scripts and functions take it: kind, and three numbers. */
export function plainOf(demand: Demand): [kind: string, limit: number, a: number, b: number] {
  switch (demand.kind) {
    case 'rate':
      return ['rate', demand.burst, demand.costUs, demand.burst * demand.costUs];
    case 'window':
      return ['window', demand.limit, demand.slotUs, windowSlots];
    case 'concurrency':
      return ['concurrency', demand.limit, demand.leaseUs, 0];
  }
}

/** From `[granted, (hasRoom, remaining, resetUs, retryUs)...]`. */
export function takenOf(numbers: readonly (number | string)[]): Taken {
  const all = numbers.map(Number);
  const standings: Standing[] = [];
  for (let at = 1; at + 3 < all.length; at += 4) {
    const [hasRoom, remaining = 0, resetUs = 0, retryUs = 0] = all.slice(at, at + 4);
    standings.push({ hasRoom: hasRoom === 1, remaining, resetUs, retryUs });
  }
  return { granted: all[0] === 1, standings };
}
