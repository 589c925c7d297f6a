export type { Budget } from './book.ts';
export { type Account, type Budgets, createBudgets, type Expectation } from './budgets.ts';
export { BudgetsUnavailable, budgetsErrors } from './errors.ts';
export { budgetsMigrations } from './migrations.ts';
export { purgeBudgets } from './purge.ts';
export { type Grouping, groupings, type Use } from './usage/store.ts';
export { createUsage, type Usage } from './usage/usage.ts';
