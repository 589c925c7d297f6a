import type { LimitSettings } from '../../config/schema.ts';
import type { Call } from '../../kernel/call.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { FairleadError } from '../../kernel/errors.ts';
import type { LimitStanding } from '../../kernel/limit.ts';
import type { OrgId } from '../../kernel/principal.ts';
import type { Tool } from '../../kernel/tool.ts';
import type { Bus } from '../../platform/bus/index.ts';
import type { Database } from '../../platform/db/index.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import { createLimitBook, type LimitBook } from './book.ts';
import type { Counters, Demand, Standing, Taken } from './counters/counters.ts';
import { createMemoryCounters } from './counters/memory.ts';
import { createPostgresCounters } from './counters/postgres.ts';
import { createRedisCounters, type RedisCounters } from './counters/redis.ts';
import { Limited } from './errors.ts';
import { createGuardedCounters, type GuardedCounters } from './guarded.ts';
import { createReplicas } from './replicas.ts';
import { amountInWords, type Limitable, type Meter, type Rule } from './rule.ts';
import { installationOf, sweepCounters } from './store.ts';

/** What a call holds of its limits. Each of the two ends it, once; neither rejects. */
export interface Reserved {
  standings: readonly LimitStanding[];
  /** Nothing was taken, and this is why. */
  refusal?: FairleadError;
  /** The call is over: it counts, and runs no more. */
  settle(): Promise<void>;
  /** The call has not been made: as if it had never been asked for. */
  release(): Promise<void>;
}

export interface Limits extends Omit<LimitBook, 'rulesOf'> {
  /** Counts a call; undefined where no rule covers it. At once where nobody has to be asked. */
  reserve(call: Call & { tool: Tool }): Reserved | undefined | Promise<Reserved | undefined>;
  /** The rules that calls of a tool can be counted by, for agents. */
  wordsFor(tool: Tool): string[];
  /** `alone` while this replica goes by its share, since the store is away. */
  state(): { alone: boolean; replicas: number };
}

interface Deps {
  database: Pick<Database, 'db' | 'kind'>;
  redisUrl?: string;
  bus: Bus;
  clock: Clock;
  log: Log;
  /** Of this replica. */
  id: string;
  declared: readonly LimitSettings[];
  /** A rule has refused a call. */
  refused(rule: Pick<Rule, 'name' | 'isFromFile'>, org: OrgId): void;
}

const redisStartMs = 5_000;
const sweepMs = 60_000;
/** Nobody knows when a call ends that runs. */
const concurrencyRetrySeconds = 1;

export function createLimits({ database, redisUrl, bus, clock, log, id, declared, refused }: Deps): Limits {
  const { db, kind } = database;
  const book = createLimitBook({ db, bus, log, declared });
  const replicas = createReplicas({ database, bus, id, log });
  let counters: Pick<Counters, 'take' | 'giveBack'> = createMemoryCounters({ clock });
  let guarded: GuardedCounters | undefined;
  let redis: RedisCounters | undefined;
  let sweeping: NodeJS.Timeout | undefined;

  const guard = (shared: Counters) => {
    guarded = createGuardedCounters({ shared, replicas: replicas.seen, id, clock, log });
    counters = guarded;
    return guarded.start();
  };

  const reserve: Limits['reserve'] = (call) => {
    const rules = book.rulesOf(call.principal.org);
    if (!rules) return undefined;
    const counted = countedBy(rules, call);
    if (counted.length === 0) return undefined;
    const demands = counted.map(({ demand }) => demand);
    const taken = counters.take(call.principal.org, demands, call.id);
    return taken instanceof Promise
      ? taken.then((one) => reserved(call, counted, one))
      : reserved(call, counted, taken);
  };

  const reserved = ({ principal: { org }, id: callId }: Call, counted: readonly Counted[], taken: Taken): Reserved => {
    const standings = counted.map(({ meter }, at) => standingOf(meter, taken.standings[at]));
    if (!taken.granted) {
      const { rule, refusal } = refusalOf(counted, taken, standings);
      refused(rule, org);
      return { standings, refusal, settle: nothing, release: nothing };
    }
    const all = counted.map(({ demand }) => demand);
    const running = all.filter((demand) => demand.kind === 'concurrency');
    let isOver = false;
    const end = async (demands: readonly Demand[]) => {
      const wasOver = isOver;
      isOver = true;
      if (wasOver || demands.length === 0) return;
      await counters.giveBack(org, demands, callId);
    };
    return { standings, settle: () => end(running), release: () => end(all) };
  };

  return {
    ...book,
    reserve,
    wordsFor: (tool) => (book.rulesOf(tool.org) ?? []).filter((rule) => rule.concerns(tool)).map(({ words }) => words),
    state: () => ({ alone: guarded?.isAlone() ?? false, replicas: replicas.seen().length }),
    async start() {
      await book.start();
      await replicas.start();
      if (redisUrl !== undefined) {
        redis = createRedisCounters({ redisUrl, name: `fairlead:${await installationOf(db)}` });
        await redis.awaitReady(redisStartMs);
        await guard(redis);
      } else if (kind === 'postgres') {
        await guard(createPostgresCounters({ db }));
        sweeping = setInterval(() => void sweepCounters(db).catch(() => undefined), sweepMs); // later, then
        sweeping.unref();
      }
    },
    async stop() {
      clearInterval(sweeping);
      await guarded?.stop();
      redis?.stop();
      await replicas.stop();
      await book.stop();
    },
  };
}

interface Counted {
  rule: Rule;
  meter: Meter;
  demand: Demand;
}

function countedBy(rules: readonly Rule[], call: Limitable): Counted[] {
  const counted: Counted[] = [];
  for (const rule of rules) {
    if (!rule.covers(call)) continue;
    const part = rule.partOf(call);
    for (const meter of rule.meters) {
      counted.push({
        rule,
        meter,
        demand: part === '' ? meter.demand : { ...meter.demand, key: meter.demand.key + part },
      });
    }
  }
  return counted;
}

function standingOf({ label, kind, limit, periodSeconds }: Meter, standing: Standing | undefined): LimitStanding {
  const remaining = standing?.remaining ?? 0;
  if (periodSeconds === undefined) return { rule: label, kind, limit, remaining };
  const resetSeconds = Math.ceil((standing?.resetUs ?? 0) / 1_000_000);
  return { rule: label, kind, limit, periodSeconds, remaining, resetSeconds };
}

/** Of all that have no room the one that takes longest: whoever waits for it has waited for the others, too. */
function refusalOf(counted: readonly Counted[], { standings: raw }: Taken, standings: readonly LimitStanding[]) {
  let worst: { counted: Counted; standing: LimitStanding | undefined; seconds: number } | undefined;
  counted.forEach((one, at) => {
    const { hasRoom, retryUs } = raw[at] ?? { hasRoom: false, retryUs: 0 };
    if (hasRoom) return;
    const seconds = Math.max(concurrencyRetrySeconds, Math.ceil(retryUs / 1_000_000));
    if (!worst || seconds > worst.seconds) worst = { counted: one, standing: standings[at], seconds };
  });
  const { counted: one, standing, seconds } = worst as NonNullable<typeof worst>;
  const { rule, meter } = one;
  const refusal = Limited(
    {
      rule: rule.name,
      limit: amountInWords(meter, rule.settings),
      remaining: standing?.remaining ?? 0,
      seconds,
    },
    { rule: rule.name, retryAfterSeconds: seconds, ...(standing ? { limit: standing } : {}) },
  );
  return { rule, refusal };
}

const nothing = () => Promise.resolve();
