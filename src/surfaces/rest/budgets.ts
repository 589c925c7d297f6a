import { z } from '@hono/zod-openapi';
import { type Budget, type Budgets, budgetsErrors } from '../../capabilities/budgets/index.ts';
import { budgetChoice } from '../../config/schema.ts';
import { NotFound } from '../../kernel/errors.ts';
import { ok, type Route, route } from './route.ts';
import * as schemas from './schemas.ts';

export interface BudgetRoutesDeps {
  budgets: Pick<Budgets, 'list' | 'put' | 'remove' | 'accounts'>;
}

const mostAccounts = 100;
const nameParams = z.strictObject({
  name: z.string().min(1).max(100).openapi({ description: 'As refusals name it', example: 'agents' }),
});
// Checked by the capability, which names all faults of name and settings at once.
const settings = schemas.anyObject;
const documentedSettings = budgetChoice.describe('As an entry of `budgets` in fairlead.yaml, without name and org');
const exampleSettings = {
  for: { kinds: ['agent'] },
  by: ['team'],
  money: { amount: 200, currency: 'EUR' },
  per: 'month',
  timezone: 'Europe/Berlin',
  warnAt: [50, 80],
};

const account = z
  .object({
    account: z.string().optional().openapi({ description: 'Whose it is; absent where there is one for all' }),
    from: schemas.timeMs.openapi({ description: 'When the period began, milliseconds since the epoch' }),
    until: schemas.timeMs.openapi({ description: 'When it ends, milliseconds since the epoch' }),
    spent: z.number().openapi({ description: "In the budget's measure" }),
    held: z.number().openapi({ description: 'For calls that run' }),
    remaining: z.number(),
  })
  .openapi('BudgetAccount', { description: 'What was spent from a budget in a period' });
const exampleAccount = {
  account: 'team web',
  from: 1_793_487_600_000,
  until: 1_796_079_600_000,
  spent: 12.5,
  held: 0.25,
  remaining: 187.25,
};

const budget = z
  .object({
    name: z.string(),
    source: z.enum(['file', 'runtime']),
    settings: schemas.anyObject,
    changedBy: z.string().optional(),
    changedAt: schemas.timeMs.optional(),
  })
  .openapi('Budget', { description: 'How much there is in a period' });
const exampleBudget = {
  name: 'agents',
  source: 'runtime',
  settings: exampleSettings,
  changedBy: 'key:key_06exw4v5d0tq8m2k9r7h3n1c5b',
  changedAt: 1_795_219_200_000,
};
const named = (code: string) => budgetsErrors.filter((kind) => kind.code === code);

/** How much may be spent. */
export function budgetRoutes({ budgets }: BudgetRoutesDeps): Route[] {
  const common = { tag: 'Budgets', inOrg: true } as const;
  return [
    route({
      ...common,
      method: 'get',
      path: '/api/v1/budgets',
      summary: 'List budgets',
      description:
        'Those in force for the organisation, those of the file among them, each with the account of which most is used now.',
      scope: 'policies:read',
      answers: {
        200: {
          description: 'The budgets, by name',
          schema: z.object({
            budgets: z.array(
              budget.extend({ most: account.optional().openapi({ description: 'Absent while nothing was spent' }) }),
            ),
          }),
          example: { budgets: [{ ...exampleBudget, most: exampleAccount }] },
        },
      },
      async handle({ org }) {
        const listed: (Budget & { most?: unknown })[] = [];
        for (const one of budgets.list(org)) {
          const [most] = await budgets.accounts(org, one.name, 'current', 1);
          listed.push({ ...one, ...(most ? { most } : {}) });
        }
        return ok({ budgets: listed });
      },
    }),
    route({
      ...common,
      method: 'get',
      path: '/api/v1/budgets/{name}',
      summary: 'Show a budget',
      description:
        `Its settings and its accounts: those of this period, those of which most is used first, and those of periods before; ` +
        `at most ${mostAccounts} of each.`,
      scope: 'policies:read',
      params: nameParams,
      answers: {
        200: {
          description: 'The budget',
          schema: budget.extend({ accounts: z.array(account), past: z.array(account) }),
          example: { ...exampleBudget, accounts: [exampleAccount], past: [] },
        },
      },
      errors: [NotFound],
      async handle({ org, params: { name } }) {
        const found = budgets.list(org).find((one) => one.name === name);
        if (!found) throw NotFound({ what: 'budget', id: name });
        const accounts = await budgets.accounts(org, name, 'current', mostAccounts);
        return ok({ ...found, accounts, past: await budgets.accounts(org, name, 'past', mostAccounts) });
      },
    }),
    route({
      ...common,
      method: 'put',
      path: '/api/v1/budgets/{name}',
      summary: 'Set a budget',
      description:
        'Sets a budget while the server runs, or replaces one that was set so; on every replica within seconds. What was spent in ' +
        'this period stays spent, as long as the budget counts the same in the same periods.',
      scope: 'policies:write',
      params: nameParams,
      body: z.strictObject({ settings }),
      documentedBody: z.strictObject({ settings: documentedSettings }),
      bodyExample: { settings: exampleSettings },
      answers: { 200: { description: 'In force from now on', schema: budget, example: exampleBudget } },
      errors: [...named('BUDGET_DECLARED'), ...named('TOO_MANY_BUDGETS')],
      act: {
        action: 'budgets.put',
        subject: ({ params }) => params.name,
        detail: ({ body }) => ({ settings: body.settings as never }),
      },
      handle: async ({ principal, org, params, body }) =>
        ok(await budgets.put(org, params.name, body.settings, principal.id)),
    }),
    route({
      ...common,
      method: 'delete',
      path: '/api/v1/budgets/{name}',
      summary: 'Remove a budget',
      description: 'Removes a budget that was set at run time. What was spent is known still, should it be set again.',
      scope: 'policies:write',
      params: nameParams,
      answers: { 204: { description: 'Removed' } },
      errors: [NotFound, ...named('BUDGET_DECLARED')],
      act: { action: 'budgets.remove', subject: ({ params }) => params.name },
      async handle({ org, params }) {
        await budgets.remove(org, params.name);
        return { status: 204 };
      },
    }),
  ];
}
