import type { BudgetStanding, Cost } from '../../kernel/cost.ts';
import type { LimitStanding } from '../../kernel/limit.ts';

/**
 * The fields of draft-ietf-httpapi-ratelimit-headers-10: what each policy allows, and what is left of it. A rate's quota is
 * what comes in each period; more than that can be left where the rule has a larger burst.
 */
export function rateLimitFields(limits: readonly LimitStanding[] = []): Record<string, string> {
  if (limits.length === 0) return {};
  return {
    'ratelimit-policy': limits.map(policyOf).join(', '),
    ratelimit: limits.map(leftOf).join(', '),
  };
}

function policyOf({ rule, limit, periodSeconds }: LimitStanding): string {
  return periodSeconds === undefined
    ? `"${rule}";q=${limit};qu="concurrent-requests"`
    : `"${rule}";q=${limit};w=${periodSeconds}`;
}

function leftOf({ rule, remaining, resetSeconds }: LimitStanding): string {
  return `"${rule}";r=${remaining}${resetSeconds === undefined ? '' : `;t=${resetSeconds}`}`;
}

/**
 * The budgets that a call is paid from, and what it has cost, as Structured Fields (RFC 9651): numbers have three places there, and
 * what is left is not told to be more than it is.
 */
export function budgetFields(budgets: readonly BudgetStanding[] = [], cost?: Cost): Record<string, string> {
  return {
    ...(budgets.length > 0 ? { 'fairlead-budget': budgets.map(budgetField).join(', ') } : {}),
    ...(cost ? { 'fairlead-cost': costField(cost) } : {}),
  };
}

function budgetField({ budget, measure, currency, limit, remaining, resetSeconds }: BudgetStanding): string {
  const of = currency === undefined ? `q=${decimal(limit)};qu="${measure}"` : `q=${decimal(limit)};qu="${currency}"`;
  return `"${budget}";r=${decimal(remaining)}${resetSeconds === undefined ? '' : `;t=${resetSeconds}`};${of}`;
}

function costField({ calls, units, tokens, amount, currency }: Cost): string {
  return [
    `calls=${calls}`,
    ...(units === undefined ? [] : [`units=${decimal(units)}`]),
    ...(tokens === undefined ? [] : [`tokens=${tokens}`]),
    ...(amount === undefined ? [] : [`amount=${decimal(amount)}`]),
    ...(amount === undefined || currency === undefined ? [] : [`currency="${currency}"`]),
  ].join(', ');
}

function decimal(number: number): string {
  return String(Math.floor(number * 1_000 + 1e-6) / 1_000);
}
