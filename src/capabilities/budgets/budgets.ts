import type { BudgetSettings } from '../../config/schema.ts';
import type { Call } from '../../kernel/call.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { BudgetStanding, Cost, Expense } from '../../kernel/cost.ts';
import type { FairleadError } from '../../kernel/errors.ts';
import type { Happenings } from '../../kernel/events.ts';
import { newId } from '../../kernel/ids.ts';
import type { OrgId } from '../../kernel/principal.ts';
import type { Tool } from '../../kernel/tool.ts';
import type { Bus } from '../../platform/bus/index.ts';
import type { Database } from '../../platform/db/index.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import { type BudgetBook, createBudgetBook } from './book.ts';
import { BudgetSpent, BudgetsUnavailable } from './errors.ts';
import { createLedger } from './ledger/ledger.ts';
import { type Balance, type Demand, type Granting, listAccounts } from './ledger/store.ts';
import { createSweeper, type RecordedCosts } from './ledger/sweeper.ts';
import { accountInWords, inMeasure, limitInWords, type Rule, scaleOf } from './rule.ts';
import { createWarnings } from './warnings.ts';

/** What a call holds of its budgets. */
export interface Reserved {
  standings: readonly BudgetStanding[];
  /** Nothing is held, and this is why. */
  refusal?: FairleadError;
  /** Ends it, once: with what the call has cost, or with nothing for one that was not made. Never rejects. */
  end(cost: Cost | undefined): void;
}

/** What a call may cost, as far as that is known before. */
export interface Expectation {
  expense?: Expense | undefined;
  /** Whether only the end of the call tells what it has cost. */
  isOpen: boolean;
}

/** One account of a budget in one period, in the budget's measure. */
export interface Account {
  /** Whose it is; absent where there is one for all. */
  account?: string;
  /** Milliseconds since the epoch. */
  from: number;
  until: number;
  spent: number;
  held: number;
  /** By the limit as it is now. */
  remaining: number;
}

export interface Budgets extends Omit<BudgetBook, 'rulesOf' | 'isEmpty'> {
  /**
   * Holds what a call may cost; undefined where no budget covers it.
   * @throws BudgetsUnavailable
   */
  reserve(call: Call & { tool: Tool }): Reserved | undefined | Promise<Reserved | undefined>;
  /** The accounts of a budget, those of which most is used first; with `past`, those of periods that are over. */
  accounts(org: OrgId, name: string, which: 'current' | 'past', limit: number): Promise<Account[]>;
  /** The budgets that calls of a tool can be paid from, for agents. */
  wordsFor(tool: Tool): string[];
}

interface Deps {
  database: Pick<Database, 'db' | 'kind'>;
  bus: Bus;
  clock: Clock;
  log: Log;
  /** Of this replica. */
  id: string;
  declared: readonly BudgetSettings[];
  happenings: Happenings;
  recordedCosts: RecordedCosts;
  expect(call: Call & { tool: Tool }): Expectation;
  /** A budget has refused a call. */
  refused(rule: Pick<Rule, 'name' | 'isFromFile'>, org: OrgId): void;
  timing?: { leaseMs?: number };
}

interface Line {
  rule: Rule;
  demand: Demand;
}

const drainMs = 5_000;
const readWaitMs = 1_000;
const unavailableSeconds = 2;
/** Calls under way may cost less than what is held for them. */
const heldSeconds = 1;

export function createBudgets(deps: Deps): Budgets {
  const { database, bus, clock, log, id, declared, expect, refused, timing } = deps;
  const { db } = database;
  const book = createBudgetBook({ db, bus, log, declared });
  const ledger = createLedger({ db, replica: id, log });
  const warnings = createWarnings({ db, happenings: deps.happenings, log });
  const sweeper = createSweeper({
    ...{ db, ledger, log, replica: id, clock, recordedCosts: deps.recordedCosts },
    alone: database.kind === 'embedded',
    isIdle: () => book.isEmpty(),
    ...timing,
  });

  const reserve: Budgets['reserve'] = (call) => {
    const rules = book.rulesOf(call.principal.org);
    if (!rules) return undefined;
    const lines = linesOf(rules, call);
    return lines.length > 0 ? hold(call, lines) : undefined;
  };

  const linesOf = (rules: readonly Rule[], call: Call & { tool: Tool }): Line[] => {
    const lines: Line[] = [];
    let expected: Expectation | undefined;
    for (const rule of rules) {
      if (!rule.covers(call)) continue;
      let amount = rule.reserve;
      if (rule.measure !== 'calls') {
        expected ??= expect(call);
        const known = expected.expense && rule.amountIn(expected.expense);
        if (!known && !expected.isOpen) continue; // it costs nothing of this
        amount = known || amount;
      }
      const { start, end } = rule.periodAt(clock.now());
      for (const key of rule.accountsOf(call))
        lines.push({ rule, demand: { key, period: start, ends: end, limit: rule.limit, amount } });
    }
    return lines;
  };

  const hold = async (call: Call & { tool: Tool }, lines: readonly Line[]): Promise<Reserved> => {
    const { org } = call.principal;
    const holdId = newId('hold');
    sweeper.used();
    let granting: Granting;
    try {
      granting = await ledger.hold(
        org,
        holdId,
        call.id,
        lines.map(({ demand }) => demand),
      );
    } catch (cause) {
      throw BudgetsUnavailable({}, { cause, retryAfterSeconds: unavailableSeconds });
    }
    const now = clock.now();
    const standings = lines.map(({ rule, demand }, at) => standingOf(rule, demand, granting.balances[at], now));
    if (!granting.granted) {
      const { line, refusal, isSpent, balance } = refusalOf(lines, granting, standings, now);
      refused(line.rule, org);
      // One that is larger than what is left says nothing of the others.
      if (isSpent && balance.spent >= line.demand.limit) warnings.exhausted(org, line.rule, line.demand, balance);
      return { standings, refusal, end: () => undefined };
    }
    let isOver = false;
    return {
      standings,
      end(cost) {
        if (isOver) return;
        isOver = true;
        for (const { rule, demand } of lines) {
          const amount = (cost && rule.amountIn(cost)) ?? 0;
          const { key, period } = demand;
          ledger.end(org, { id: holdId, key, period, amount }, (balance) => warnings.look(org, rule, demand, balance));
        }
      },
    };
  };

  return {
    ...book,
    reserve,
    async accounts(org, name, which, limit) {
      const rule = book.rulesOf(org)?.find((one) => one.name === name);
      if (!rule) return [];
      await ledger.flush(readWaitMs);
      const now = clock.now();
      const { start } = rule.periodAt(now);
      const isCurrent = which === 'current';
      const rows = await listAccounts(db, org, rule.beginning, isCurrent ? { from: start } : { before: start }, limit);
      const scale = scaleOf(rule.measure);
      return rows.map(({ key, period, ends, spent, held }) => {
        const account = accountInWords(key);
        return {
          ...(account === undefined ? {} : { account }),
          ...{ from: period, until: ends, spent: spent / scale, held: held / scale },
          remaining: Math.max(0, rule.limit - spent - held) / scale,
        };
      });
    },
    wordsFor: (tool) => (book.rulesOf(tool.org) ?? []).filter((rule) => rule.concerns(tool)).map(({ words }) => words),
    async start() {
      await book.start();
      await sweeper.start();
    },
    async stop() {
      await sweeper.stop();
      await ledger.stop(drainMs);
      await warnings.settled();
      await book.stop();
    },
  };
}

function standingOf(
  rule: Rule,
  { key, ends, limit }: Demand,
  balance: Balance | undefined,
  now: number,
): BudgetStanding {
  const scale = scaleOf(rule.measure);
  const used = (balance?.spent ?? limit) + (balance?.held ?? 0);
  const account = accountInWords(key);
  return {
    budget: rule.name,
    measure: rule.measure,
    ...(rule.currency === undefined ? {} : { currency: rule.currency }),
    ...{ limit: limit / scale, used: used / scale, remaining: Math.max(0, limit - used) / scale },
    ...(account === undefined ? {} : { account }),
    resetsAt: new Date(ends).toISOString(),
    resetSeconds: Math.max(1, Math.ceil((ends - now) / 1_000)),
  };
}

/** Of all that have no room the one that takes longest: whoever waits for it has waited for the others, too. */
function refusalOf(lines: readonly Line[], { balances }: Granting, standings: readonly BudgetStanding[], now: number) {
  const none = { spent: 0, held: 0, told: 0, hasRoom: false };
  const short = lines
    .map((line, at) => ({ line, balance: balances[at] ?? none, standing: standings[at] as BudgetStanding }))
    .filter(({ balance }) => !balance.hasRoom)
    .map((one) => ({ ...one, isSpent: isSpent(one.line, one.balance) }))
    .sort((a, b) => Number(b.isSpent) - Number(a.isSpent) || b.line.demand.ends - a.line.demand.ends);
  const first = short[0] as NonNullable<(typeof short)[0]>;
  const { line, balance, standing } = first;
  const { rule, demand } = line;
  // Calls count the same whatever becomes of them; other things may cost less than was held.
  const mayPass = !first.isSpent && rule.measure !== 'calls';
  const seconds = mayPass ? heldSeconds : Math.max(1, Math.ceil((demand.ends - now) / 1_000));
  const at = `at ${standing.resetsAt}`;
  const inWords = (amount: number) => inMeasure(amount, rule.measure, rule.currency);
  const refusal = BudgetSpent(
    {
      budget: rule.name,
      limit: limitInWords(rule.settings),
      remaining: inWords(standing.remaining),
      needed: demand.amount > 0 ? inWords(demand.amount / scaleOf(rule.measure)) : 'more than nothing',
      when: mayPass ? `or in a moment, since calls that run may take less than is held for them; ${at}` : at,
    },
    { rule: rule.name, budget: standing, retryAfterSeconds: seconds },
  );
  return { line, refusal, isSpent: first.isSpent, balance };
}

function isSpent({ demand: { amount, limit } }: Line, { spent }: Balance): boolean {
  return spent >= limit || spent + amount > limit;
}
