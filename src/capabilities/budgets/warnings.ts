import type { Happenings } from '../../kernel/events.ts';
import type { OrgId } from '../../kernel/principal.ts';
import type { Db } from '../../platform/db/types.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import { type Balance, type Demand, noteTold } from './ledger/store.ts';
import { accountInWords, addresseesOf, type Rule, scaleOf } from './rule.ts';

/** Tells that budgets come to their end: of each share once in a period, whichever replica sees it first. */
export interface Warnings {
  /** How an account stands after a call. */
  look(org: OrgId, rule: Rule, demand: Demand, balance: Balance): void;
  /** A call was refused for what is spent. */
  exhausted(org: OrgId, rule: Rule, demand: Demand, balance: Balance): void;
  /** Resolves when nothing is being told. */
  settled(): Promise<void>;
}

interface Deps {
  db: Db;
  happenings: Happenings;
  log: Log;
}

/** In the place of a share, where it is all. */
const all = 100;

export function createWarnings({ db, happenings, log }: Deps): Warnings {
  const telling = new Set<Promise<void>>();
  /** What is being told, so that calls that come together do not all try. */
  const underWay = new Set<string>();

  const tell = (org: OrgId, rule: Rule, demand: Demand, balance: Balance, percents: readonly number[]) => {
    const highest = percents.at(-1);
    if (highest === undefined) return;
    const what = `${org} ${demand.key} ${demand.period} ${highest}`;
    if (underWay.has(what)) return;
    underWay.add(what);
    // Noted and told in one transaction: what fails is seen again by the next call.
    const one = db
      .transaction()
      .execute(async (trx) => {
        const before = await noteTold(trx, org, demand, highest);
        if (before === undefined) return;
        for (const percent of percents.filter((one) => one > before))
          await happenings.publish(trx, happening(org, rule, demand, balance, percent));
      })
      .catch((error: unknown) => log.warn({ err: error, budget: rule.name }, 'a budget could not warn; it tries again'))
      .finally(() => {
        underWay.delete(what);
        telling.delete(one);
      });
    telling.add(one);
  };

  return {
    look(org, rule, demand, balance) {
      const share = (balance.spent / rule.limit) * 100;
      if (share < 1 || balance.told >= all) return;
      const reached = [...new Set([...rule.settings.warnAt, all])].sort((a, b) => a - b);
      tell(
        org,
        rule,
        demand,
        balance,
        reached.filter((percent) => percent <= share && percent > balance.told),
      );
    },
    exhausted(org, rule, demand, balance) {
      if (balance.told < all) tell(org, rule, demand, balance, [all]);
    },
    async settled() {
      await Promise.all(telling);
    },
  };
}

function happening(org: OrgId, rule: Rule, { key, period, ends }: Demand, { spent }: Balance, percent: number) {
  const scale = scaleOf(rule.measure);
  const account = accountInWords(key);
  return {
    type: percent === all ? 'budget.exhausted' : 'budget.warning',
    org,
    subject: rule.name,
    data: {
      budget: rule.name,
      measure: rule.measure,
      ...(rule.currency === undefined ? {} : { currency: rule.currency }),
      limit: rule.limit / scale,
      spent: spent / scale,
      percent,
      ...(account === undefined ? {} : { account }),
      periodStart: new Date(period).toISOString(),
      resetsAt: new Date(ends).toISOString(),
    },
    to: addresseesOf(key),
  };
}
