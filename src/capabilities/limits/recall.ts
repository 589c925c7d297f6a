import type { Clock } from '../../kernel/clock.ts';
import type { OrgId } from '../../kernel/principal.ts';
import {
  type Debt,
  type Demand,
  type RateDemand,
  type Standing,
  type WindowDemand,
  windowSlots,
} from './counters/counters.ts';

/** How counters stood when their store was last asked: what a replica goes by once it is alone. */
export interface Recall {
  note(org: OrgId, demand: Demand, standing: Standing | undefined): void;
  /** What is missing of a bucket by now, in tokens, or used of a window; 0 of a counter that is not known. */
  usedOf(key: string): number;
  /** All that something is used of. */
  all(): Debt[];
}

interface Known {
  org: OrgId;
  demand: RateDemand | WindowDemand;
  used: number;
  atMs: number;
}

const maxKnown = 20_000;

/** By `<org> <key>`. */
export function createRecall(clock: Clock): Recall {
  const known = new Map<string, Known>();
  const usedNow = ({ demand, used, atMs }: Known): number => {
    const passedUs = Math.max(0, clock.now() - atMs) * 1_000;
    if (demand.kind === 'rate') return Math.max(0, used - Math.floor(passedUs / demand.costUs));
    return passedUs > demand.slotUs * (windowSlots + 1) ? 0 : used;
  };
  return {
    note(org, demand, standing) {
      if (demand.kind === 'concurrency' || !standing) return;
      const key = `${org} ${demand.key}`;
      const whole = demand.kind === 'rate' ? demand.burst : demand.limit;
      known.delete(key);
      if (known.size >= maxKnown) known.delete(known.keys().next().value ?? '');
      known.set(key, { org, demand, used: whole - standing.remaining, atMs: clock.now() });
    },
    usedOf(key) {
      const one = known.get(key);
      return one ? usedNow(one) : 0;
    },
    all: () =>
      [...known.values()]
        .map((one) => ({ org: one.org, demand: one.demand, atLeast: usedNow(one), more: 0 }))
        .filter(({ atLeast }) => atLeast > 0),
  };
}
