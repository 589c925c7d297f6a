import { z } from 'zod';
import { toolPattern } from './endpoint-schema.ts';
import { roleNames, slug, toolset } from './words.ts';

/** Seconds of each word that stands for a period. */
export const periodSeconds = { second: 1, minute: 60, hour: 3_600, day: 86_400, week: 604_800 } as const;

const period = z.enum(['second', 'minute', 'hour', 'day', 'week']);
const calls = z.int().positive().max(1_000_000_000);
const ids = z.array(z.string().min(1).max(300)).min(1).max(100);

/** By what calls that one rule is for are told apart when they are counted. */
export const dimensions = ['principal', 'tool', 'toolset', 'endpoint', 'address'] as const;

/** Whose calls. */
export const callers = z
  .strictObject({
    principals: ids.describe('Ids such as key:…, user:… or service:…, as the audit shows them'),
    kinds: z
      .array(z.enum(['user', 'service', 'agent', 'anonymous']))
      .min(1)
      .describe('What they are'),
    roles: z.array(z.enum(roleNames)).min(1).describe('Who has one of these'),
    teams: ids.describe('Who is in one of these'),
  })
  .partial()
  .refine((one) => Object.keys(one).length > 0, 'must name principals, kinds, roles or teams');

/** Which calls. */
export const targets = z
  .strictObject({
    tools: z.array(toolPattern).min(1).describe('One of these; * at the end stands for any rest'),
    toolsets: z.array(toolset).min(1).describe('Of one of these toolsets'),
    endpoints: z.array(slug).min(1).describe('By one of these endpoints'),
  })
  .partial()
  .refine((one) => Object.keys(one).length > 0, 'must name tools, toolsets or endpoints');

const rule = {
  for: callers.optional().describe('Whose calls, in all that it says; those of everybody when absent'),
  of: targets
    .optional()
    .describe('Which calls, in all that it says; when absent all but those of tools of the toolset fairlead'),
  by: z
    .array(z.enum(dimensions))
    .default([])
    .describe('What is counted apart, besides the organisation: all calls of the rule count together when empty'),
  rate: z
    .strictObject({
      limit: calls.describe('Calls that come in again each period'),
      per: period.describe('Length of the period'),
      burst: calls.optional().describe('Calls at once after a rest; as many as `limit` when absent'),
    })
    .optional()
    .describe('Token bucket'),
  window: z
    .strictObject({ limit: calls.describe('Calls at most'), per: period.describe('Its length') })
    .optional()
    .describe('So many calls in any period of that length: a sliding window, such as of a day'),
  concurrency: calls.optional().describe('Calls under way at once'),
};
const isLimiting = (one: { rate?: unknown; window?: unknown; concurrency?: unknown }) =>
  one.rate !== undefined || one.window !== undefined || one.concurrency !== undefined;
const limitsNothing = 'must have a rate, a window or a concurrency';

/** A rule as it can be added at run time; its name stands beside it. */
export const limitChoice = z.strictObject(rule).refine(isLimiting, limitsNothing);

export const limitName = slug;

/** A rule of the file. */
export const limit = z
  .strictObject({
    name: limitName.describe('How refusals, records and metrics call it'),
    org: slug.optional().describe('Organisation that it holds in; when absent each of them, counted apart'),
    ...rule,
  })
  .refine(isLimiting, limitsNothing);

export type LimitSettings = z.infer<typeof limit>;
export type LimitChoice = z.infer<typeof limitChoice>;
export type LimitDimension = (typeof dimensions)[number];
export type LimitPeriod = keyof typeof periodSeconds;
