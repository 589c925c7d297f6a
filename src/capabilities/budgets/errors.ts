import { defineError } from '../../kernel/errors.ts';

export const BudgetSpent = defineError('BUDGET_SPENT', {
  status: 429,
  category: 'rate_limit',
  retryable: true,
  message: 'The budget "{budget}" does not suffice: {limit}, {remaining} left, and the call takes {needed}.',
  action: 'Call again when it is full again, {when}, or ask who administers the organisation for more.',
});

export const BudgetsUnavailable = defineError('BUDGETS_UNAVAILABLE', {
  status: 503,
  category: 'internal',
  retryable: true,
  message: 'The call has a budget, and the database that knows what is left of it does not answer: nothing was run.',
  action: 'Try again in a few seconds; if it stays, tell whoever runs this server.',
});

export const BudgetDeclared = defineError('BUDGET_DECLARED', {
  status: 409,
  category: 'validation',
  retryable: false,
  message: 'The budget "{name}" is declared in the configuration file.',
  action: 'Change it there, or take another name.',
});

export const TooManyBudgets = defineError('TOO_MANY_BUDGETS', {
  status: 409,
  category: 'validation',
  retryable: false,
  message: 'An organisation has at most {limit} budgets that were set at run time.',
  action: 'Remove one that nobody needs.',
});

export const budgetsErrors = [BudgetSpent, BudgetsUnavailable, BudgetDeclared, TooManyBudgets];
