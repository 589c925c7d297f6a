import { z } from 'zod';
import { callers, targets } from './limit-schema.ts';
import { currency, slug } from './words.ts';

/** By what accounts of one budget are told apart. */
export const budgetDimensions = ['principal', 'person', 'team', 'tool', 'toolset'] as const;

const most = 1_000_000_000;
const whole = z.int().positive().max(most);
const amount = z.number().positive().max(most);

const timezone = z
  .string()
  .refine(isTimeZone, 'must be a time zone such as Europe/Berlin')
  .default('UTC')
  .describe('Whose midnight it is');

const per = z.union(
  [
    z.enum(['day', 'week', 'month']),
    z.strictObject({
      days: z.int().positive().max(3_660).describe('Length of a period'),
      from: z.iso.date().describe('First day of one of them'),
    }),
    z.strictObject({
      hours: z.int().positive().max(8_784).describe('Length of a period'),
      from: z.iso.datetime({ offset: true }).describe('When one of them begins'),
    }),
  ],
  'must be day, week, month, or a number of days or hours from some day or moment on',
);

const rule = {
  for: callers.optional().describe('Whose calls, in all that it says; those of everybody when absent'),
  of: targets
    .optional()
    .describe('Which calls, in all that it says; when absent all but those of tools of the toolset fairlead'),
  by: z
    .array(z.enum(budgetDimensions))
    .default([])
    .describe(
      'Whose accounts it has, besides the organisation: one for all when empty. `person` is who is behind an agent or a ' +
        'key, and a call counts with each `team` of its caller',
    ),
  calls: whole.optional().describe('Calls in a period'),
  units: amount.optional().describe("Units in a period, as tools' `cost` has them"),
  tokens: z.int().positive().max(Number.MAX_SAFE_INTEGER).optional().describe('Tokens of models in a period'),
  money: z
    .strictObject({ amount: amount.describe('So much in a period'), currency: currency.describe('ISO 4217') })
    .optional()
    .describe('Money in a period; amounts of other currencies are not counted'),
  per: per.default('month').describe('When an account is full again: a week begins on Monday'),
  timezone,
  warnAt: z
    .array(z.int().min(1).max(99))
    .max(10)
    .default([80])
    .describe('Shares in percent; the event budget.warning tells of each once in a period'),
  reserve: z
    .number()
    .min(0)
    .max(most)
    .default(0)
    .describe(
      'Held for a call that says only afterwards what it has cost, where nothing else says how much that may be',
    ),
};

const counted = ['calls', 'units', 'tokens', 'money'] as const;
const countsOne = (one: Partial<Record<(typeof counted)[number], unknown>>) =>
  counted.filter((measure) => one[measure] !== undefined).length === 1;
const countsOther = 'must have one of calls, units, tokens and money';

/** A budget as it can be set at run time; its name stands beside it. */
export const budgetChoice = z.strictObject(rule).refine(countsOne, countsOther);

export const budgetName = slug;

/** A budget of the file. */
export const budget = z
  .strictObject({
    name: budgetName.describe('How refusals, records, events and metrics call it'),
    org: slug.optional().describe('Organisation whose budget it is; when absent each has one of its own'),
    ...rule,
  })
  .refine(countsOne, countsOther);

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

export type BudgetSettings = z.infer<typeof budget>;
export type BudgetChoice = z.infer<typeof budgetChoice>;
export type BudgetDimension = (typeof budgetDimensions)[number];
export type BudgetPer = z.infer<typeof per>;
