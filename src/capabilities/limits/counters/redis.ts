import { createHash } from 'node:crypto';
import { Redis } from 'ioredis';
import type { Clock } from '../../../kernel/clock.ts';
import { randomToken } from '../../../kernel/ids.ts';
import type { OrgId } from '../../../kernel/principal.ts';
import { type Counters, type Demand, plainOf, takenOf } from './counters.ts';
import { giveBackScript, renewScript, settleScript, takeScript } from './script.ts';

export interface RedisCounters extends Counters {
  /** Resolves when it answers, or after `withinMs`. */
  awaitReady(withinMs: number): Promise<void>;
  stop(): void;
}

interface Options {
  redisUrl: string;
  /** What this installation calls its keys, so that others may share the Redis. */
  name: string;
  /** Instead of the clock of Redis. */
  clock?: Clock;
  commandTimeoutMs?: number;
}

const batch = 200;

/** One script for each step: Redis runs them one after another, so all demands of a call are met at once or none. */
export function createRedisCounters({ redisUrl, name, clock, commandTimeoutMs = 1_000 }: Options): RedisCounters {
  const redis = new Redis(redisUrl, {
    // A call does not wait for a Redis that is away: it is counted elsewhere then.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 5_000,
    keepAlive: 10_000,
    commandTimeout: commandTimeoutMs,
    retryStrategy: (attempt) => Math.min(100 * 2 ** Math.min(attempt, 5), 1_000),
  });
  redis.on('error', () => undefined); // told by the command that fails
  const mark = `${name}:limits:mark`;
  // Braces: in a cluster all counters of one organisation are on one node, or a script could not reach them.
  const keyOf = (org: OrgId, key: string) => `${name}:limits:{${org}}:${key}`;
  const now = () => (clock ? String(Math.floor(clock.now() * 1_000)) : '-1');
  const shas = new Map<string, string>();

  const run = async (script: string, keys: readonly string[], args: readonly string[]): Promise<unknown> => {
    const sha = shas.get(script) ?? createHash('sha1').update(script).digest('hex');
    shas.set(script, sha);
    try {
      return await redis.evalsha(sha, keys.length, ...keys, ...args);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return await redis.eval(script, keys.length, ...keys, ...args);
    }
  };
  const argsOf = (demands: readonly Demand[]) => demands.flatMap((demand) => plainOf(demand).map(String));
  const keysOf = (org: OrgId, demands: readonly Demand[]) => demands.map(({ key }) => keyOf(org, key));

  return {
    async take(org, demands, call) {
      const found = await run(takeScript, keysOf(org, demands), [now(), call, ...argsOf(demands)]);
      return takenOf(found as number[]);
    },
    async giveBack(org, demands, call) {
      await run(giveBackScript, keysOf(org, demands), [now(), call, ...argsOf(demands)]);
    },
    async renew(leases) {
      for (const [org, all] of Map.groupBy(leases, (lease) => lease.org)) {
        for (let at = 0; at < all.length; at += batch) {
          const some = all.slice(at, at + batch);
          const keys = some.map(({ demand }) => keyOf(org, demand.key));
          const args = some.flatMap(({ call, demand }) => [call, String(demand.leaseUs)]);
          await run(renewScript, keys, [now(), ...args]);
        }
      }
    },
    async settle(debts) {
      for (const [org, all] of Map.groupBy(debts, (debt) => debt.org)) {
        for (let at = 0; at < all.length; at += batch) {
          const some = all.slice(at, at + batch);
          const keys = some.map(({ demand }) => keyOf(org, demand.key));
          const args = some.flatMap((debt) => [...plainOf(debt.demand), debt.atLeast, debt.more].map(String));
          await run(settleScript, keys, [now(), ...args]);
        }
      }
    },
    async ping() {
      await redis.set(mark, randomToken(10), 'NX');
      return (await redis.get(mark)) ?? '';
    },
    async awaitReady(withinMs) {
      if (redis.status === 'ready') return;
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, withinMs);
      redis.once('ready', resolve);
      await promise;
      clearTimeout(timer);
    },
    stop: () => redis.disconnect(),
  };
}
