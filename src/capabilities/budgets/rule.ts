import type { BudgetChoice, BudgetDimension } from '../../config/schema.ts';
import type { Call } from '../../kernel/call.ts';
import type { Cost, Expense, Measure } from '../../kernel/cost.ts';
import { subjectBehind } from '../../kernel/principal.ts';
import { isMeant, keyPart, toolsMeant } from '../../kernel/selection.ts';
import type { Tool } from '../../kernel/tool.ts';
import { createCalendar, type Period } from './calendar.ts';

/** What a budget looks at. */
export type Payable = Pick<Call, 'principal' | 'endpoint'> & { tool: Pick<Tool, 'id' | 'toolset'> };

/** A budget that calls can be paid from. Amounts are whole numbers, as the ledger has them. */
export interface Rule {
  name: string;
  settings: BudgetChoice;
  isFromFile: boolean;
  measure: Measure;
  currency?: string;
  /** What each account has in a period. */
  limit: number;
  /** Held for a call of which nobody knows before what it costs. */
  reserve: number;
  /** As agents read it beside a tool that it concerns. */
  words: string;
  /** How the keys of its accounts begin. */
  beginning: string;
  covers(call: Payable): boolean;
  /** Whether it can cover calls of this tool by somebody, somewhere. */
  concerns(tool: Payable['tool']): boolean;
  /** Keys of the accounts that a call is paid from. */
  accountsOf(call: Payable): string[];
  periodAt(now: number): Period;
  /** What of a cost this budget counts; undefined where it says nothing of it. */
  amountIn(cost: Expense | Cost): number | undefined;
}

/** Units and money are counted in millionths. */
const millionths = 1_000_000;
/** Of those who are in no team: nobody gets round a budget by being in none. */
const noTeam = '';

export function compileRule(name: string, settings: BudgetChoice, isFromFile: boolean): Rule {
  const { for: callers, of: targets, by, per, timezone } = settings;
  const { measure, whole, currency } = measured(settings);
  const scale = scaleOf(measure);
  const concerns = toolsMeant(targets);
  const endpoints = targets?.endpoints;
  const beginning = `${name}/${measure}${currency ?? ''}|`;
  return {
    name,
    settings,
    isFromFile,
    measure,
    ...(currency === undefined ? {} : { currency }),
    limit: Math.round(whole * scale),
    reserve: measure === 'calls' ? 1 : Math.round(settings.reserve * scale),
    words: inWords(name, settings),
    beginning,
    concerns,
    covers: (call) =>
      concerns(call.tool) &&
      (endpoints === undefined || (call.endpoint !== undefined && endpoints.includes(call.endpoint))) &&
      isMeant(callers, call.principal),
    accountsOf: (call) =>
      by.reduce<string[]>(
        (keys, dimension) =>
          keys.flatMap((key) => partsOf(dimension, call).map((part) => `${key}${dimension}=${keyPart(part)}|`)),
        [beginning],
      ),
    periodAt: createCalendar(per, timezone),
    amountIn: (cost) => amountIn(measure, currency, cost),
  };
}

/** What a budget counts, how much of it there is in a period, and in which currency. */
export function measured({ calls, units, tokens, money }: BudgetChoice): {
  measure: Measure;
  whole: number;
  currency?: string;
} {
  if (money) return { measure: 'money', whole: money.amount, currency: money.currency };
  if (units !== undefined) return { measure: 'units', whole: units };
  if (tokens !== undefined) return { measure: 'tokens', whole: tokens };
  return { measure: 'calls', whole: calls ?? 0 };
}

/** How many of the ledger's numbers make one. */
export function scaleOf(measure: Measure): number {
  return measure === 'units' || measure === 'money' ? millionths : 1;
}

function amountIn(measure: Measure, currency: string | undefined, cost: Expense | Cost): number | undefined {
  switch (measure) {
    case 'calls':
      return 'calls' in cost ? cost.calls : undefined;
    case 'units':
      return cost.units === undefined ? undefined : Math.round(cost.units * millionths);
    case 'tokens':
      return cost.tokens === undefined ? undefined : Math.ceil(cost.tokens);
    case 'money':
      // An amount without a currency is meant in the team's own.
      if (cost.amount === undefined || (cost.currency !== undefined && cost.currency !== currency)) return undefined;
      return Math.round(cost.amount * millionths);
  }
}

/** What of a cost an account counts, by its key. */
export function amountFor(key: string, cost: Cost): number {
  const [, measure = '', currency] = /^[^/]*\/(calls|units|tokens|money)([A-Z]{3})?\|/.exec(key) ?? [];
  return amountIn(measure as Measure, currency, cost) ?? 0;
}

function partsOf(dimension: BudgetDimension, { principal, tool }: Payable): readonly string[] {
  switch (dimension) {
    case 'principal':
      return [principal.id];
    case 'person':
      return [subjectBehind(principal)];
    case 'team':
      return principal.teams?.length ? [...new Set(principal.teams)] : [noTeam];
    case 'tool':
      return [tool.id];
    case 'toolset':
      return [tool.toolset];
  }
}

/** Whose account it is, such as `principal key:1, tool git.push`; undefined where there is one for all. */
export function accountInWords(key: string): string | undefined {
  const parts = key.slice(key.indexOf('|') + 1).split('|');
  const words = parts.flatMap((part) => {
    const [, dimension, value = ''] = /^(\w+)=(.*)$/.exec(part) ?? [];
    if (dimension === undefined) return [];
    return [value === '' ? `no ${dimension}` : `${dimension} ${decoded(value)}`];
  });
  return words.length > 0 ? words.join(', ') : undefined;
}

/** Whom the account of a key concerns, as happenings address them. */
export function addresseesOf(key: string): string[] {
  const named = [...key.matchAll(/\|?(person|principal|team)=([^|]*)\|/g)].map(([, dimension, value = '']) => {
    const id = decoded(value);
    if (dimension === 'team') return id === noTeam ? undefined : `team:${id}`;
    return id.startsWith('user:') ? id : undefined;
  });
  return [...named.filter((one) => one !== undefined), 'role:admin'];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // cut in the middle
  }
}

/** An amount with its measure: `1 call`, `12.5 units`, `3.40 EUR`. */
export function inMeasure(amount: number, measure: Measure, currency?: string): string {
  const digits =
    measure === 'money' ? { minimumFractionDigits: 2, maximumFractionDigits: 6 } : { maximumFractionDigits: 6 };
  const number = amount.toLocaleString('en', { ...digits, useGrouping: false });
  if (measure === 'money') return `${number} ${currency ?? ''}`.trim();
  return `${number} ${amount === 1 ? measure.slice(0, -1) : measure}`;
}

/** Such as `50 calls a month`. */
export function limitInWords(settings: BudgetChoice): string {
  const { measure, whole, currency } = measured(settings);
  return `${inMeasure(whole, measure, currency)} ${perInWords(settings.per)}`;
}

function perInWords(per: BudgetChoice['per']): string {
  if (typeof per === 'string') return `a ${per}`;
  if ('days' in per) return per.days === 1 ? 'a day' : `each ${per.days} days`;
  return per.hours === 1 ? 'an hour' : `each ${per.hours} hours`;
}

function inWords(name: string, settings: BudgetChoice): string {
  const { by, for: callers, of: targets } = settings;
  const apart = by.map((dimension) => `for each ${dimension}`);
  const shared = by.length === 0 ? 'of all callers together' : undefined;
  const some = callers ? 'for some callers' : undefined;
  const at = targets?.endpoints
    ? `at ${targets.endpoints.map((endpoint) => `/mcp/${endpoint}`).join(', ')}`
    : undefined;
  return [limitInWords(settings), ...apart, shared, some, at, `(budget ${name})`].filter(Boolean).join(' ');
}
