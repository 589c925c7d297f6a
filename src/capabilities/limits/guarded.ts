import type { Clock } from '../../kernel/clock.ts';
import type { OrgId } from '../../kernel/principal.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import type { Counters, Debt, Demand, Lease, RateDemand, Taken, WindowDemand } from './counters/counters.ts';
import { createMemoryCounters } from './counters/memory.ts';
import { createRecall } from './recall.ts';

/** Counters that go on alone, each replica with its share, while their store is away. */
export interface GuardedCounters extends Pick<Counters, 'take' | 'giveBack'> {
  /** Whether this replica counts alone at present. */
  isAlone(): boolean;
  /** Goes on alone when the store does not answer. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

interface Deps {
  shared: Counters;
  /** Ids of the replicas that were last seen alive, in the same order on each. */
  replicas(): readonly string[];
  id: string;
  clock: Clock;
  log: Log;
  /** How long a call waits for the store. */
  timeoutMs?: number;
  probeMs?: number;
  renewMs?: number;
}

export function createGuardedCounters(deps: Deps): GuardedCounters {
  const { shared, replicas, id, clock, log, timeoutMs = 2_000, probeMs = 500, renewMs = 5_000 } = deps;
  const local = createMemoryCounters({ clock });
  const memory = createRecall(clock);
  const held = new Map<string, Lease>();
  /** What was granted here since the store was lost. */
  const granted = new Map<string, { org: OrgId; demand: RateDemand | WindowDemand; calls: number }>();
  const seeded = new Set<string>();
  let isAlone = false;
  let mark: string | undefined;
  let probing: NodeJS.Timeout | undefined;
  let renewing: NodeJS.Timeout | undefined;
  let isStopped = false;

  const keyOf = (org: OrgId, { key }: Demand) => `${org} ${key}`;
  const ask = <T>(work: T | Promise<T>) => within(timeoutMs, Promise.resolve(work));

  /** The shares of all replicas together are the whole; who gets what is left over differs from counter to counter. */
  const shareOf = (total: number, key: string): number => {
    const all = replicas();
    const rank = (Math.max(0, all.indexOf(id)) + turnOf(key)) % all.length;
    return Math.floor(total / all.length) + (rank < total % all.length ? 1 : 0);
  };
  const ownOf = <D extends Demand>(demand: D): D => {
    if (demand.kind === 'rate') {
      return { ...demand, costUs: demand.costUs * replicas().length, burst: shareOf(demand.burst, demand.key) };
    }
    return { ...demand, limit: shareOf(demand.limit, demand.key) };
  };

  /** Begins with this replica's share of what was left when the store was last asked. */
  const seed = (org: OrgId, demand: Demand, own: Demand) => {
    const key = keyOf(org, demand);
    if (demand.kind === 'concurrency' || own.kind === 'concurrency' || seeded.has(key)) return;
    seeded.add(key);
    const used = memory.usedOf(key);
    if (used === 0) return;
    const whole = demand.kind === 'rate' ? demand.burst : demand.limit;
    const ownWhole = own.kind === 'rate' ? own.burst : own.limit;
    local.seed(org, own, Math.max(0, ownWhole - shareOf(Math.max(0, whole - used), demand.key)));
  };

  const takeAlone = (org: OrgId, demands: readonly Demand[], call: string): Taken => {
    const own = demands.map(ownOf);
    demands.forEach((demand, at) => void seed(org, demand, own[at] ?? demand));
    const taken = local.take(org, own, call) as Taken;
    if (!taken.granted) return taken;
    for (const demand of demands) {
      if (demand.kind === 'concurrency') continue;
      const key = keyOf(org, demand);
      granted.set(key, { org, demand, calls: (granted.get(key)?.calls ?? 0) + 1 });
    }
    hold(org, demands, call);
    return taken;
  };

  const hold = (org: OrgId, demands: readonly Demand[], call: string) => {
    for (const demand of demands) {
      if (demand.kind === 'concurrency') held.set(`${call} ${keyOf(org, demand)}`, { org, demand, call });
    }
  };

  const lose = (error: unknown) => {
    if (isAlone || isStopped) return;
    isAlone = true;
    log.warn({ err: error }, 'the store of limits does not answer; this replica goes on with its share of each limit');
    local.clear();
    seeded.clear();
    granted.clear();
    void local.renew([...held.values()]);
    probeLater();
  };

  const probeLater = () => {
    clearTimeout(probing);
    if (isStopped) return;
    probing = setTimeout(() => void comeBack().catch(probeLater), probeMs);
    probing.unref();
  };

  /** What is owed to the store: what was granted here and, where it has forgotten all, what was used before. */
  const debts = (hasForgotten: boolean): Debt[] => {
    const all = [...granted].map(([key, { org, demand, calls }]): Debt => {
      // What has come in again since then is owed to nobody.
      const more = demand.kind === 'rate' ? Math.min(calls, local.usedOf(org, ownOf(demand))) : calls;
      return { org, demand, atLeast: hasForgotten ? memory.usedOf(key) : 0, more };
    });
    if (!hasForgotten) return all;
    return [...all, ...memory.all().filter(({ org, demand }) => !granted.has(keyOf(org, demand)))];
  };

  const comeBack = async () => {
    const now = await ask(shared.ping());
    let hasForgotten = mark !== undefined && now !== mark;
    for (let round = 0; ; round++) {
      const owed = debts(hasForgotten);
      const counted = new Map(granted);
      granted.clear();
      try {
        await ask(shared.settle(owed));
        await ask(shared.renew([...held.values()]));
      } catch (error) {
        for (const [key, one] of counted)
          granted.set(key, { ...one, calls: one.calls + (granted.get(key)?.calls ?? 0) });
        throw error;
      }
      hasForgotten = false;
      if (granted.size === 0 || round === 5) break;
    }
    mark = now;
    isAlone = false;
    log.info('the store of limits answers again');
    // Of what was granted in the last moment.
    if (granted.size > 0) await ask(shared.settle(debts(false))).catch(lose);
  };

  const renewLater = () => {
    clearTimeout(renewing);
    if (isStopped) return;
    renewing = setTimeout(() => {
      const leases = [...held.values()];
      if (leases.length === 0) return renewLater();
      const renewed = isAlone ? local.renew(leases) : ask(shared.renew(leases)).catch(lose);
      void renewed.then(renewLater);
    }, renewMs);
    renewing.unref();
  };

  return {
    isAlone: () => isAlone,
    async take(org, demands, call) {
      if (isAlone) return takeAlone(org, demands, call);
      let taken: Taken;
      try {
        taken = await ask(shared.take(org, demands, call));
      } catch (error) {
        lose(error);
        return takeAlone(org, demands, call);
      }
      demands.forEach((demand, at) => void memory.note(org, demand, taken.standings[at]));
      if (taken.granted) hold(org, demands, call);
      return taken;
    },
    async giveBack(org, demands, call) {
      for (const demand of demands) held.delete(`${call} ${keyOf(org, demand)}`);
      if (!isAlone) return ask(shared.giveBack(org, demands, call)).catch(lose);
      // What the store counted stays counted there until it answers again.
      const own = demands.filter((demand) => demand.kind === 'concurrency' || granted.has(keyOf(org, demand)));
      for (const demand of own) {
        const one = granted.get(keyOf(org, demand));
        if (one) one.calls = Math.max(0, one.calls - 1);
      }
      await local.giveBack(org, own.map(ownOf), call);
    },
    async start() {
      try {
        mark = await ask(shared.ping());
      } catch (error) {
        lose(error);
      }
      renewLater();
    },
    async stop() {
      isStopped = true;
      clearTimeout(probing);
      clearTimeout(renewing);
    },
  };
}

function turnOf(key: string): number {
  let turn = 0;
  for (let at = 0; at < key.length; at++) turn = (turn * 31 + key.charCodeAt(at)) % 65_521;
  return turn;
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
