import type { Clock } from '../../../kernel/clock.ts';
import type { Cost } from '../../../kernel/cost.ts';
import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';
import type { Log } from '../../../platform/telemetry/index.ts';
import { amountFor } from '../rule.ts';
import type { Ledger } from './ledger.ts';
import { forgetOld, listLostHolds, noteAlive, sweepHolds } from './store.ts';

/** By call, of those that are on record: null for one that cost nothing. */
export type RecordedCosts = (org: OrgId, callIds: readonly string[]) => Promise<Map<string, Cost | null>>;

/** Keeps what this replica holds, and gives back what others held that are gone. */
export interface Sweeper {
  /** Something is held from now on. */
  used(): void;
  start(): Promise<void>;
  stop(): Promise<void>;
}

interface Deps {
  db: Db;
  ledger: Pick<Ledger, 'end'>;
  log: Log;
  replica: string;
  clock: Clock;
  recordedCosts: RecordedCosts;
  /** Nobody else has this database: whatever is held by others is held by nobody. */
  alone: boolean;
  /** Whether there are no budgets. */
  isIdle(): boolean;
  /** Without a sign of life for so long a replica is gone. */
  leaseMs?: number;
}

const maxLost = 1_000;
/** A record that is still in a file comes when its server is back. */
const keepLostMs = 24 * 60 * 60_000;
const keepAccountsMs = 100 * 24 * 60 * 60_000;
const forgetMs = 60 * 60_000;

export function createSweeper(deps: Deps): Sweeper {
  const { db, ledger, log, replica, clock, recordedCosts, alone, isIdle, leaseMs = 15_000 } = deps;
  let isUsed = false;
  let forgottenAt = Number.NEGATIVE_INFINITY;
  let sweeping: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  /** What a server did before it was killed stands in the audit, where it had its end. */
  const settleLost = async () => {
    const lost = await listLostHolds(db, maxLost);
    for (const [org, holds] of Map.groupBy(lost, (hold) => hold.org)) {
      const costs = await recordedCosts(org, [...new Set(holds.map(({ call }) => call))]);
      for (const { id, key, period, call } of holds) {
        const cost = costs.get(call);
        if (cost !== undefined) ledger.end(org, { id, key, period, amount: cost ? amountFor(key, cost) : 0 });
      }
    }
  };

  const sweep = async () => {
    if (isUsed) await noteAlive(db, replica);
    if (!isUsed && isIdle()) return;
    const swept = await sweepHolds(db, replica, alone ? -1 : leaseMs);
    if (swept > 0) log.warn({ holds: swept }, 'gave back what calls held of budgets whose server is gone');
    await settleLost();
    if (clock.now() - forgottenAt < forgetMs) return;
    await forgetOld(db, keepLostMs, clock.now() - keepAccountsMs);
    forgottenAt = clock.now();
  };

  const run = () => {
    sweeping ??= sweep()
      .catch((error: unknown) => log.debug({ err: error }, 'budgets could not be swept; it tries again'))
      .finally(() => {
        sweeping = undefined;
      });
    return sweeping;
  };

  return {
    used() {
      isUsed = true;
    },
    async start() {
      timer ??= setInterval(run, leaseMs / 3).unref();
      await run();
    },
    async stop() {
      clearInterval(timer);
      await sweeping;
    },
  };
}
