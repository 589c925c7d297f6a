import type { Clock } from '../../../kernel/clock.ts';
import type { OrgId } from '../../../kernel/principal.ts';
import {
  type ConcurrencyDemand,
  type Counters,
  type Demand,
  type RateDemand,
  type Standing,
  type WindowDemand,
  windowSlots,
} from './counters.ts';

/** Counters of this process: of a server that is alone, and of a replica that has lost its store. */
export interface MemoryCounters extends Counters {
  /** Takes it for used, as far as it is not already. */
  seed(org: OrgId, demand: RateDemand | WindowDemand, used: number): void;
  /** What is missing from a bucket, in tokens, or used of a window. */
  usedOf(org: OrgId, demand: RateDemand | WindowDemand): number;
  clear(): void;
}

interface Window {
  /** Number of the newest slot. */
  slot: number;
  /** Of the newest slot and those before it, newest last. */
  counts: number[];
  slotUs: number;
}

const sweepEvery = 10_000;

export function createMemoryCounters({ clock }: { clock: Clock }): MemoryCounters {
  const buckets = new Map<string, number>();
  const windows = new Map<string, Window>();
  const leases = new Map<string, Map<string, number>>();
  const nowUs = () => Math.floor(clock.now() * 1_000);
  const keyOf = (org: OrgId, { key }: Demand) => `${org} ${key}`;
  let takes = 0;

  const fullAt = (key: string, { costUs, burst }: RateDemand, now: number): number => {
    const at = buckets.get(key) ?? 0;
    const empty = now + burst * costUs;
    if (at <= empty) return Math.max(at, now);
    buckets.set(key, empty); // the clock was set back: the bucket fills from here
    return empty;
  };

  /** Moved on to now. */
  const windowOf = (key: string, { slotUs }: WindowDemand, now: number): Window => {
    const slot = Math.floor(now / slotUs);
    let window = windows.get(key);
    if (!window || window.slotUs !== slotUs || Math.abs(slot - window.slot) > windowSlots) {
      window = { slot, counts: Array.from({ length: windowSlots + 1 }, () => 0), slotUs };
      windows.set(key, window);
    }
    for (; window.slot < slot; window.slot++) {
      window.counts.shift();
      window.counts.push(0);
    }
    return window;
  };

  const leasesOf = (key: string, now: number): Map<string, number> => {
    const held = leases.get(key) ?? new Map<string, number>();
    for (const [call, until] of held) if (until <= now) held.delete(call);
    leases.set(key, held);
    return held;
  };

  /** Memory holds no more than what still counts. */
  const sweep = (now: number) => {
    for (const [key, at] of buckets) if (at <= now) buckets.delete(key);
    for (const [key, { slot, slotUs }] of windows) if (now / slotUs - slot > windowSlots + 1) windows.delete(key);
    for (const key of leases.keys()) if (leasesOf(key, now).size === 0) leases.delete(key);
  };

  const rate = (key: string, demand: RateDemand, now: number, takes: 0 | 1): Standing => {
    const { costUs, burst } = demand;
    const at = fullAt(key, demand, now) + takes * costUs;
    const room = now + burst * costUs - at;
    if (takes) buckets.set(key, at);
    const hasRoom = takes === 1 || room >= costUs;
    return {
      hasRoom,
      remaining: Math.floor(room / costUs),
      resetUs: at - now,
      retryUs: hasRoom || burst === 0 ? 0 : costUs - room,
    };
  };

  const window = (key: string, demand: WindowDemand, now: number, takes: 0 | 1): Standing => {
    const { slot, counts } = windowOf(key, demand, now);
    if (takes) counts[windowSlots] = (counts[windowSlots] ?? 0) + 1;
    const used = counts.reduce((sum, count) => sum + count, 0);
    const hasRoom = takes === 1 || used < demand.limit;
    const leavesAt = (index: number) => (slot - windowSlots + index + windowSlots + 1) * demand.slotUs - now;
    let left = used;
    let retryUs = 0;
    for (let index = 0; index <= windowSlots && !hasRoom && left >= demand.limit; index++) {
      left -= counts[index] ?? 0;
      if (left < demand.limit) retryUs = leavesAt(index);
    }
    const newest = counts.findLastIndex((count) => count > 0);
    return {
      hasRoom,
      remaining: Math.max(0, demand.limit - used),
      resetUs: newest < 0 ? 0 : leavesAt(newest),
      retryUs,
    };
  };

  const concurrency = (key: string, demand: ConcurrencyDemand, now: number, call: string | undefined): Standing => {
    const held = leasesOf(key, now);
    if (call !== undefined) held.set(call, now + demand.leaseUs);
    const hasRoom = call !== undefined || held.size < demand.limit;
    return { hasRoom, remaining: Math.max(0, demand.limit - held.size), resetUs: 0, retryUs: 0 };
  };

  const look = (org: OrgId, demand: Demand, now: number, call: string | undefined): Standing => {
    const key = keyOf(org, demand);
    const takes = call === undefined ? 0 : 1;
    if (demand.kind === 'rate') return rate(key, demand, now, takes);
    return demand.kind === 'window' ? window(key, demand, now, takes) : concurrency(key, demand, now, call);
  };

  const usedOf = (org: OrgId, demand: RateDemand | WindowDemand): number => {
    const key = keyOf(org, demand);
    const now = nowUs();
    if (demand.kind === 'rate') return Math.ceil((fullAt(key, demand, now) - now) / demand.costUs);
    return windowOf(key, demand, now).counts.reduce((sum, count) => sum + count, 0);
  };

  const add = (org: OrgId, demand: RateDemand | WindowDemand, used: number) => {
    const key = keyOf(org, demand);
    const now = nowUs();
    if (demand.kind === 'rate') {
      const empty = now + demand.burst * demand.costUs;
      buckets.set(key, Math.min(empty, fullAt(key, demand, now) + used * demand.costUs));
    } else {
      const { counts } = windowOf(key, demand, now);
      counts[windowSlots] = (counts[windowSlots] ?? 0) + used;
    }
  };

  return {
    take(org, demands, call) {
      const now = nowUs();
      if (++takes % sweepEvery === 0) sweep(now);
      const before = demands.map((demand) => look(org, demand, now, undefined));
      if (!before.every(({ hasRoom }) => hasRoom)) return { granted: false, standings: before };
      return { granted: true, standings: demands.map((demand) => look(org, demand, now, call)) };
    },
    async giveBack(org, demands, call) {
      const now = nowUs();
      for (const demand of demands) {
        const key = keyOf(org, demand);
        if (demand.kind === 'rate') {
          const at = buckets.get(key);
          if (at !== undefined) buckets.set(key, at - demand.costUs);
        } else if (demand.kind === 'window') {
          // The oldest: what was taken later must not count for less long by it.
          const { counts } = windowOf(key, demand, now);
          const oldest = counts.findIndex((count) => count > 0);
          if (oldest >= 0) counts[oldest] = (counts[oldest] ?? 0) - 1;
        } else leases.get(key)?.delete(call);
      }
    },
    async renew(all) {
      const now = nowUs();
      for (const { org, demand, call } of all) leasesOf(keyOf(org, demand), now).set(call, now + demand.leaseUs);
    },
    async settle(debts) {
      for (const { org, demand, atLeast, more } of debts)
        add(org, demand, Math.max(0, atLeast - usedOf(org, demand)) + more);
    },
    ping: () => Promise.resolve('memory'),
    seed: (org, demand, used) => add(org, demand, Math.max(0, used - usedOf(org, demand))),
    usedOf,
    clear() {
      for (const map of [buckets, windows, leases]) map.clear();
    },
  };
}
