import { z } from '@hono/zod-openapi';
import { groupings, type Usage } from '../../capabilities/budgets/index.ts';
import type { Clock } from '../../kernel/clock.ts';
import { ok, type Route, route } from './route.ts';

export interface UsageRoutesDeps {
  usage: Pick<Usage, 'report'>;
  clock: Clock;
}

const dayMs = 86_400_000;
const usualDays = 30;
const date = z.iso.date('must be a date such as 2026-11-30').optional();
const text = z.string().min(1).max(1_000).optional();

const use = z
  .object({
    name: z
      .string()
      .openapi({ description: 'The day, the tool or the principal; `others` stands for the rest of a full day' }),
    calls: z.int().openapi({ description: 'That were made' }),
    units: z.number(),
    tokens: z.int(),
    money: z.record(z.string(), z.number()).openapi({ description: 'By currency; `unknown` where none was named' }),
  })
  .openapi('Use', { description: 'What calls have cost' });

/** What calls have cost. */
export function usageRoutes({ usage, clock }: UsageRoutesDeps): Route[] {
  const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  return [
    route({
      method: 'get',
      path: '/api/v1/usage',
      tag: 'Budgets',
      summary: 'Report what calls have cost',
      description:
        'Every call that was made, whether a budget covers it or not, by day (UTC), tool or principal. It is added up from the ' +
        'audit, and says the same. Calls that were refused, parked or told again cost nothing.',
      scope: 'audit:read',
      inOrg: true,
      query: z.strictObject({
        by: z.enum(groupings).default('day').openapi({ description: 'What is added up' }),
        since: date.openapi({ type: 'string', description: `First day; ${usualDays} days ago when absent` }),
        until: date.openapi({ type: 'string', description: 'The day after the last one; tomorrow when absent' }),
        tool: text.openapi({ description: 'Canonical id of a tool' }),
        principal: text.openapi({ description: 'Id of a principal' }),
      }),
      answers: {
        200: {
          description: 'Days in their order; tools and principals with those first that were called most',
          schema: z.object({ by: z.enum(groupings), since: z.string(), until: z.string(), usage: z.array(use) }),
          example: {
            by: 'tool',
            since: '2026-11-01',
            until: '2026-12-01',
            usage: [{ name: 'search.web', calls: 1_200, units: 2_400, tokens: 0, money: { EUR: 3.6 } }],
          },
        },
      },
      async handle({ org, query: { by, tool, principal, ...days } }) {
        const since = days.since ?? dayOf(clock.now() - usualDays * dayMs);
        const until = days.until ?? dayOf(clock.now() + dayMs);
        const filter = { since, until, ...(tool ? { tool } : {}), ...(principal ? { principal } : {}) };
        return ok({ by, since, until, usage: await usage.report(org, by, filter) });
      },
    }),
  ];
}
