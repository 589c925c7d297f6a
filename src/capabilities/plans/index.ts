export { plansErrors } from './errors.ts';
export type { PlanLimits } from './limits.ts';
export { createPlans, type Plans } from './plans.ts';
