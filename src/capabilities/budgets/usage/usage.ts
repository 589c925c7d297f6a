import type { UsageSettings } from '../../../config/schema.ts';
import type { Clock } from '../../../kernel/clock.ts';
import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';
import type { Log } from '../../../platform/telemetry/index.ts';
import {
  addUse,
  type DayUse,
  deleteUseBefore,
  type Grouping,
  movePosition,
  readPosition,
  readPositions,
  sumUse,
  type Use,
  type UseFilter,
} from './store.ts';

/** The account of all calls, which says of each what it has cost. */
export interface SpendingSource {
  flush(): Promise<boolean>;
  /** What was spent by at most so many records after one, and up to which these are. */
  spendingAfter(org: OrgId, seq: number, records: number): Promise<{ upTo: number; spending: DayUse[] } | undefined>;
  /** Organisations with the number of their last record. */
  ends(): Promise<Map<OrgId, number>>;
}

/** What calls have cost, by day, tool and principal: added up from the audit, so that it says the same. */
export interface Usage {
  /** Sees every call that this server has answered. */
  report(org: OrgId, by: Grouping, filter: UseFilter): Promise<Use[]>;
  redeclare(settings: UsageSettings): void;
  start(): void;
  stop(): Promise<void>;
}

interface Deps {
  db: Db;
  source: SpendingSource;
  clock: Clock;
  log: Log;
  settings: UsageSettings;
  everyMs?: number;
}

const atOnce = 20_000;
const mostRowsOfADay = 50_000;
const longestReport = 10_000;
const dayMs = 86_400_000;
const retainMs = 60 * 60_000;

export function createUsage({ db, source, clock, log, everyMs = 15_000, ...initially }: Deps): Usage {
  let { settings } = initially;
  let retainedAt = Number.NEGATIVE_INFINITY;
  let looking: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  /** Adds up what has come since, each record once: whoever moves the position has added what lies before it. */
  const follow = async (org: OrgId) => {
    for (;;) {
      const from = await readPosition(db, org);
      const more = await source.spendingAfter(org, from, atOnce);
      if (!more) return;
      await db.transaction().execute(async (trx) => {
        if (await movePosition(trx, org, from, more.upTo)) await addUse(trx, org, more.spending, mostRowsOfADay);
      });
    }
  };

  const retain = async () => {
    if (clock.now() - retainedAt < retainMs) return;
    const oldest = clock.now() - settings.retentionDays * dayMs;
    await deleteUseBefore(db, new Date(oldest).toISOString().slice(0, 10));
    retainedAt = clock.now();
  };

  const look = async () => {
    const [ends, positions] = [await source.ends(), await readPositions(db)];
    for (const [org, seq] of ends) if (seq > (positions.get(org) ?? 0)) await follow(org);
    await retain();
  };

  return {
    async report(org, by, filter) {
      await source.flush();
      await follow(org);
      return await sumUse(db, org, by, filter, longestReport);
    },
    redeclare(next) {
      settings = next;
      retainedAt = Number.NEGATIVE_INFINITY;
    },
    start() {
      timer ??= setInterval(() => {
        looking ??= look()
          .catch((error: unknown) => log.debug({ err: error }, 'what calls have cost is added up later'))
          .finally(() => {
            looking = undefined;
          });
      }, everyMs).unref();
    },
    async stop() {
      clearInterval(timer);
      await looking;
    },
  };
}
