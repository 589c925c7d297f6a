import { isObject, type JsonObject } from './json.ts';

/** What can be counted of calls, and so be given a budget. */
export const measures = ['calls', 'units', 'tokens', 'money'] as const;
export type Measure = (typeof measures)[number];

/** What a call takes beside being a call. What is absent is nothing, or not known. */
export interface Expense {
  /** In units of the team's own. */
  units?: number;
  /** Tokens that models read and wrote. */
  tokens?: number;
  /** In money. */
  amount?: number;
  /** ISO 4217; absent where whoever named the amount named none. */
  currency?: string;
}

/** What a call has cost; there is none for a call that was not made. */
export interface Cost extends Expense {
  calls: 1;
}

/** How one budget stands that a call is paid from. */
export interface BudgetStanding {
  budget: string;
  measure: Measure;
  /** Of money. */
  currency?: string;
  /** What the account has in a period. */
  limit: number;
  /** Settled and reserved. */
  used: number;
  /** Never below zero, though `used` may be above `limit` where a call cost more than was known before. */
  remaining: number;
  /** Whose account of the budget it is, such as `principal key:1`; absent where there is one for all. */
  account?: string;
  /** When the account is full again, RFC 3339; absent where never. */
  resetsAt?: string;
  resetSeconds?: number;
}

/** Key of a result's `_meta` by which its cost is told: to callers by us, and to us by providers that are believed. */
export const costKey = 'dev.fairlead/cost';
const most = 1_000_000_000;
const scale = 1_000_000;
/** Small prices add up. */
const finest = 1_000_000_000;

/** What a result tells of its cost; undefined for one that tells nothing that can be counted. */
export function expenseIn({ _meta }: JsonObject): Expense | undefined {
  const told = isObject(_meta) ? _meta[costKey] : undefined;
  if (!isObject(told)) return undefined;
  const number = (value: unknown) =>
    typeof value === 'number' && value >= 0 && value <= most ? Math.round(value * scale) / scale : undefined;
  const [units, tokens, amount] = [number(told.units), number(told.tokens), number(told.amount)];
  const { currency } = told;
  if (units === undefined && tokens === undefined && amount === undefined) return undefined;
  return {
    ...(units === undefined ? {} : { units }),
    ...(tokens === undefined ? {} : { tokens: Math.ceil(tokens) }),
    ...(amount === undefined ? {} : { amount }),
    ...(amount !== undefined && typeof currency === 'string' && /^[A-Z]{3}$/.test(currency) ? { currency } : {}),
  };
}

/** Both together; amounts are of one currency, the first that was named. */
export function addedTo(one: Expense | undefined, other: Expense): Expense {
  if (!one) return other;
  const sum = (a: number | undefined, b: number | undefined) =>
    a === undefined && b === undefined ? undefined : Math.round(((a ?? 0) + (b ?? 0)) * finest) / finest;
  const [units, tokens, amount] = [
    sum(one.units, other.units),
    sum(one.tokens, other.tokens),
    sum(one.amount, other.amount),
  ];
  const currency = one.currency ?? other.currency;
  return {
    ...(units === undefined ? {} : { units }),
    ...(tokens === undefined ? {} : { tokens }),
    ...(amount === undefined ? {} : { amount }),
    ...(currency === undefined ? {} : { currency }),
  };
}

/** As it is kept: what there is less of than a millionth counts as one. */
export function inMillionths(amount: number): number {
  return Math.ceil(Math.round(amount * finest) / 1_000) / scale;
}
