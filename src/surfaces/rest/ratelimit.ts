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
